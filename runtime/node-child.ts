import { startTiedProcess } from './tied-process.js';
import type { StopStep, TiedProcess } from './tied-process.js';
import type { RunningComponent } from './supervisor.js';
import { exitText } from './supervisor.js';

/** A child process of Muster itself that says when it is ready. */
export interface NodeChildOptions {
  readonly name: string;
  /** Compiled script and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly searchPath: string;
  readonly onLine: (line: string) => void;
  /** How long it may take to get ready; default 60 s. */
  readonly readyTimeoutMs?: number;
}

/** The child waits for running chunks; the longest answer of a back end takes 25 s (STP-2). */
const STOP: readonly StopStep[] = [
  { signal: 'SIGTERM', graceMs: 40_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

const READY = 'muster:ready';

/**
 * Starts a node child and resolves when it has called {@link tellParentReady}.
 * @throws Error with its last lines when it ends before that or takes too long.
 */
export async function startNodeChild(options: NodeChildOptions): Promise<RunningComponent> {
  const lastLines: string[] = [];
  let ready: () => void = () => undefined;
  const becameReady = new Promise<'ready'>((resolve) => (ready = () => resolve('ready')));
  const child = await startTiedProcess({
    command: process.execPath,
    args: ['--enable-source-maps', options.script, ...options.args],
    env: options.env,
    signalOnParentDeath: 'SIGTERM',
    searchPath: options.searchPath,
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > 10) lastLines.shift();
      options.onLine(line);
    },
    onMessage: (message) => {
      if (message === READY) ready();
    },
  });
  const outcome = await firstOf(child, becameReady, options.readyTimeoutMs ?? 60_000);
  if (outcome !== 'ready') {
    await child.stop(STOP);
    throw new Error(`${options.name} did not start (${outcome}):\n${lastLines.join('\n')}`);
  }
  return { pid: child.pid, exited: child.exited, stop: async () => void (await child.stop(STOP)) };
}

/** In a child: tells the parent, if there is one, that this process is ready. */
export function tellParentReady(): void {
  process.send?.(READY);
}

/**
 * In a child or a foreground process: resolves when it should end, by SIGINT, SIGTERM or SIGHUP, or because the parent is
 * gone (the channel to it closes, however it died). A second signal ends the process at once.
 */
export function untilAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: string): void => {
      if (asked && reason.startsWith('SIG')) process.exit(130);
      asked = true;
      resolve(reason);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
    process.once('disconnect', () => ask('the parent process ended'));
  });
}

async function firstOf(child: TiedProcess, ready: Promise<'ready'>, limitMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not ready after ${limitMs / 1000} s`), limitMs);
  });
  const outcome = await Promise.race([ready, child.exited.then(exitText), tooLong]);
  clearTimeout(timer);
  return outcome;
}
