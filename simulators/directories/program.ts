import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** Where Debian keeps servers, beside what the search path holds. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/libexec'];
const STOP_GRACE_MS = 3_000;
/** The kernel ends the server when this process ends, however it ends. */
const TIED = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] as const;

/** A server program that this process has started; it does not outlive it. */
export interface RunningProgram {
  readonly pid: number;
  /** The last lines it has written, for messages. */
  output(): string;
  isRunning(): boolean;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Full name of a program, or undefined where it is not installed. */
export function findServer(name: string): string | undefined {
  return SERVER_FOLDERS.map((folder) => `${folder}/${name}`).find((file) => existsSync(file));
}

/** Runs a program to its end. Throws Error with what it wrote when it fails. */
export function runProgram(command: string, args: readonly string[], input = ''): string {
  const result = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ended with ${result.status ?? result.signal}: ${result.stderr}${result.stdout}`);
}

/** Starts a program tied to this process. */
export function startProgram(command: string, args: readonly string[]): RunningProgram {
  const [tie, ...options] = TIED;
  const child = spawn(tie, [...options, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let lines = '';
  const keep = (data: Buffer): void => {
    lines = (lines + data.toString()).slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    output: () => lines,
    isRunning,
    kill: () => end(child, exited, 'SIGKILL'),
    stop: () => end(child, exited, 'SIGTERM'),
  };
}

async function end(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

/** A port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Waits until `isReady`; throws Error with the program's output when it ends before, or takes too long. */
export async function untilReady(
  program: RunningProgram,
  isReady: () => Promise<boolean> | boolean,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isReady())) {
    if (!program.isRunning()) throw new Error(`the server ended: ${program.output()}`);
    if (Date.now() > deadline) throw new Error(`the server is not ready: ${program.output()}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
