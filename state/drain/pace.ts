import type { RequestLimits } from '../../core/request-limits.js';
import type { SqlPool } from '../database.js';
import { leavePlace, makePlaces, takePlace, takeTurn } from './budget.js';

/** A place that is taken is looked for again after this time. */
const POLL_MS = 25;
/** One second more than a minute: a request that starts late must not make a minute too full. */
const MINUTE_MS = 61_000;

/**
 * The pace of one target, kept together by all processes: requests of this process pass one by one, each at the next free moment of all of
 * them, and only with a place. `holdMs`: longer than any request takes.
 */
export function sharedPace(
  pool: SqlPool,
  targetNo: number,
  limits: RequestLimits,
  holdMs: number,
): (signal: AbortSignal | undefined) => Promise<() => void> {
  const { concurrent, perMinute } = limits;
  let made: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const enter = async (signal: AbortSignal | undefined): Promise<() => void> => {
    if (perMinute !== undefined) await wait(await takeTurn(pool, targetNo, MINUTE_MS / perMinute), signal);
    if (concurrent === undefined) return () => undefined;
    await (made ??= makePlaces(pool, targetNo, concurrent));
    for (;;) {
      signal?.throwIfAborted();
      const slot = await takePlace(pool, { targetNo, places: concurrent, holdMs });
      // Should the database be away it comes free by its time.
      if (slot !== undefined) return () => void leavePlace(pool, targetNo, slot).catch(() => undefined);
      await wait(POLL_MS, signal);
    }
  };
  return (signal) => {
    const mine = last.then(() => enter(signal));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Rejects when the signal is aborted. */
async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
