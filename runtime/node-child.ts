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

/**
 * The heap grows by 60 % between two full collections, in place of up to four times, which costs a tenth of the time; and what was compiled is kept
 * until the next job comes, half an hour later, which gives that back. ADR 0083.
 */
const RUNTIME_FLAGS = ['--heap-growing-percent=60', '--no-flush-bytecode'];
/** The C library gives each thread an arena of its own, and a worker has dozens of threads. */
const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' };

/** The child waits for running chunks; the longest answer of a back end takes 25 s (STP-2). */
const STOP: readonly StopStep[] = [
  { signal: 'SIGTERM', graceMs: 40_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

/** The message of a child that is ready. */
interface ReadyMessage {
  readonly kind: 'muster:ready';
  readonly facts: Readonly<Record<string, string>>;
}

/** A started node child. */
export interface NodeChild extends RunningComponent {
  /** What the child told when it became ready. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Starts a node child and resolves when it has called {@link tellParentReady}.
 * @throws Error with its last lines when it ends before that or takes too long.
 */
export async function startNodeChild(options: NodeChildOptions): Promise<NodeChild> {
  const lastLines: string[] = [];
  let ready: (message: ReadyMessage) => void = () => undefined;
  const becameReady = new Promise<ReadyMessage>((resolve) => (ready = resolve));
  const child = await startTiedProcess({
    command: process.execPath,
    args: ['--enable-source-maps', ...RUNTIME_FLAGS, options.script, ...options.args],
    env: { ...FEW_ARENAS, ...options.env },
    signalOnParentDeath: 'SIGTERM',
    searchPath: options.searchPath,
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > 10) lastLines.shift();
      options.onLine(line);
    },
    onMessage: (message) => {
      if (isReadyMessage(message)) ready(message);
    },
  });
  const outcome = await firstOf(child, becameReady, options.readyTimeoutMs ?? 60_000);
  if (typeof outcome === 'string') {
    await child.stop(STOP);
    throw new Error(`${options.name} did not start (${outcome}):\n${lastLines.join('\n')}`);
  }
  const { pid, exited } = child;
  return { pid, exited, facts: outcome.facts, stop: async () => void (await child.stop(STOP)) };
}

/** In a child: tells the parent, if there is one, that this process is ready, with facts only the parent may know. */
export function tellParentReady(facts: Readonly<Record<string, string>> = {}): void {
  const message: ReadyMessage = { kind: 'muster:ready', facts };
  process.send?.(message);
}

/** An orphan ends by itself within this time. */
const ORPHAN_LIMIT_MS = 5_000;

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
    process.once('disconnect', () => {
      // Nobody waits for a clean end any more, and what it would wait for (database, Temporal) has died with the parent.
      setTimeout(() => process.exit(1), ORPHAN_LIMIT_MS).unref();
      ask('the parent process ended');
    });
  });
}

function isReadyMessage(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'muster:ready';
}

/** The ready message, or the reason why there is none. */
async function firstOf(
  child: TiedProcess,
  ready: Promise<ReadyMessage>,
  limitMs: number,
): Promise<ReadyMessage | string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`not ready after ${limitMs / 1000} s`), limitMs);
  });
  const outcome = await Promise.race([ready, child.exited.then(exitText), tooLong]);
  clearTimeout(timer);
  return outcome;
}
