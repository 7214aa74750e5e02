import { isHealingAllowed } from '../../state/healing/guard.js';
import { forManyWaiters, pause } from '../support/run-watch.js';
import type { EngineServices, Watch } from '../support/services.js';

/** A job of the source, a stop, or a disabled system end a round within this time. */
const POLL_INTERVAL_MS = 500;

/** Runs work of healing under a signal that ends it as soon as the pair belongs to somebody else. Nothing is thrown: what was not sent stays due. */
export async function underHealWatch<T>(
  services: EngineServices,
  pair: { readonly sourceNo: number; readonly targetNo: number },
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const scope = services.scope();
  const controller = new AbortController();
  const end = (): void => controller.abort(new Error('healing was ended'));
  scope.signal.addEventListener('abort', end, { once: true });
  if (scope.signal.aborted) end();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted && !controller.signal.aborted) {
      await pause(POLL_INTERVAL_MS, over.signal);
      scope.heartbeat();
      // While the database is away requests in hand may end; their settle waits for it.
      const allowed = await isHealingAllowed(services.pool, pair.sourceNo, pair.targetNo).catch(() => true);
      if (!allowed && !over.signal.aborted) end();
    }
  })();
  try {
    return await work({ signal: forManyWaiters(controller.signal), throwIfStopped: () => undefined });
  } finally {
    over.abort();
    scope.signal.removeEventListener('abort', end);
    await watching;
  }
}
