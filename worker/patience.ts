import type { Logger } from '../runtime/logger.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** What to wait for. */
export interface Awaited<T> {
  /** For the log: `PostgreSQL at …`, without secrets. */
  readonly name: string;
  readonly attempt: () => Promise<T>;
  /** False: waiting will not help, the error is thrown at once. */
  readonly isWorthWaiting?: (error: unknown) => boolean;
}

/**
 * Tries until it succeeds, telling the log at the first failure, then every tenth time, and when it is there at last.
 * @throws the last error when `signal` is aborted, or when waiting will not help.
 */
export async function waitFor<T>(awaited: Awaited<T>, log: Logger, signal: AbortSignal): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await awaited.attempt();
      if (failures > 0) log.info(`${awaited.name} is there`);
      return result;
    } catch (error) {
      if (signal.aborted || awaited.isWorthWaiting?.(error) === false) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures % 10 === 0) log.warn({ reason }, `waiting for ${awaited.name}`);
    }
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
