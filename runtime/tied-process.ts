import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findProgram } from './find-program.js';

/** How a process ended: with a code, or by a signal. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to start, and how it ends when this process does. */
export interface TiedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Sent when this process dies, however it dies (`kill -9` too). */
  readonly signalOnParentDeath: 'SIGINT' | 'SIGTERM';
  /** Programs that exec the rest of the line, such as `unshare`; they must not fork. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly searchPath: string;
  /** Called with each line of standard output and standard error. */
  readonly onLine: (line: string) => void;
  /** Called when an IPC message arrives; giving it opens the channel (node children only). */
  readonly onMessage?: (message: unknown) => void;
}

/** A running child that does not outlive this process. */
export interface TiedProcess {
  readonly pid: number;
  /** Settles when the process has ended and its output is read; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** True until {@link exited} settles. */
  isRunning(): boolean;
  /** Sends a signal; false when the process is gone. */
  kill(signal: NodeJS.Signals): boolean;
  /**
   * Sends each signal in turn and waits, after each, `graceMs` for the end; the last one should be `SIGKILL`.
   * Resolves with the way the process ended.
   */
  stop(steps: readonly StopStep[]): Promise<ProcessExit>;
}

/** One step of stopping a process. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/**
 * Starts a process that ends with this one: by `setpriv --pdeathsig` (the kernel does it) where that program exists,
 * else by a guard that waits for the end of a pipe held by this process.
 * @throws Error when the program cannot be started.
 */
export async function startTiedProcess(options: TiedProcessOptions): Promise<TiedProcess> {
  const setpriv = findProgram('setpriv', options.searchPath);
  const tie = setpriv === undefined ? [] : [setpriv, '--pdeathsig', options.signalOnParentDeath.slice('SIG'.length)];
  // The wrapper comes first: changing user namespace clears the parent death signal.
  const [command = options.command, ...args] = [...(options.wrapper ?? []), ...tie, options.command, ...options.args];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.onMessage === undefined ? [] : (['ipc'] as const))],
    // An own process group: Ctrl-C in a terminal reaches only this process, which then stops its children in order.
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const pid = await spawned(child, command);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', options.onLine);
  }
  if (options.onMessage !== undefined) child.on('message', options.onMessage);
  if (setpriv === undefined) guard(pid, options.signalOnParentDeath, exited);
  return tiedProcess(child, pid, exited);
}

function tiedProcess(child: ChildProcess, pid: number, exited: Promise<ProcessExit>): TiedProcess {
  let running = true;
  void exited.then(() => (running = false));
  return {
    pid,
    exited,
    isRunning: () => running,
    kill: (signal) => running && child.kill(signal),
    async stop(steps) {
      for (const { signal, graceMs } of steps) {
        if (!running) break;
        child.kill(signal);
        if (await settledWithin(exited, graceMs)) break;
      }
      return exited;
    },
  };
}

/** True when `promise` settles within the time, false when the time is over first. */
export async function settledWithin(promise: Promise<unknown>, timeMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeMs);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, timeout]);
  clearTimeout(timer);
  return result;
}

function spawned(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });
}

/** A shell that waits until this process closes the pipe (by ending, in any way) and then signals `pid`. */
function guard(pid: number, signal: string, exited: Promise<ProcessExit>): void {
  const script = 'while read -r _; do :; done; kill -s "$1" "$2" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', signal.slice('SIG'.length), String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  // The pid may be given to somebody else once the process has ended: end the guard before its pipe closes.
  void exited.then(() => watcher.kill('SIGKILL'));
}
