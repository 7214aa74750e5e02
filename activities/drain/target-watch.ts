import type { SqlPool } from '../../state/database.js';
import { pairState } from '../../state/runs/target-end.js';
import { forManyWaiters } from '../support/run-watch.js';
import type { Watch } from '../support/services.js';

const POLL_INTERVAL_MS = 1_000;

/**
 * The watch of a chunk that writes to one target: also aborted when the target is paused, disabled or disconnected. Requests under way may
 * end, no other starts (SYS-24); the next chunk finds out why and ends the target for the run.
 */
export async function whileOpen<T>(
  pool: SqlPool,
  pair: { readonly sourceNo: number; readonly targetNo: number },
  watch: Watch,
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const closed = new AbortController();
  const look = async (): Promise<void> => {
    // A database that is away closes nothing: the leases end by themselves.
    const state = await pairState(pool, pair.sourceNo, pair.targetNo).catch(() => 'open');
    if (state !== 'open') closed.abort(new Error(`the target is ${state}`));
  };
  const timer = setInterval(() => void look(), POLL_INTERVAL_MS);
  try {
    return await work({ ...watch, signal: forManyWaiters(AbortSignal.any([watch.signal, closed.signal])) });
  } finally {
    clearInterval(timer);
  }
}
