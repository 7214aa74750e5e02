import { setMaxListeners } from 'node:events';
import type { SqlPool } from '../../state/database.js';
import { noteWorkersAlive, readRunSignal, reportWorker } from '../../state/runs/worker-report.js';
import type { RunSignal } from '../../state/runs/worker-report.js';
import type { ActivityScope } from './scope.js';

const POLL_INTERVAL_MS = 250;
/**
 * The run row tells that a worker is alive (STP-5: 60 s; a stop waits 20 s for one that is not); more often would only make dead row
 * versions.
 */
const BEAT_INTERVAL_MS = 10_000;

/** Why an activity has to stop. `cancelled`: by Temporal or a shutdown; `stop`: an administrator; `lost`: another attempt owns the run. */
export type StopCause = 'cancelled' | 'stop' | 'lost';

/**
 * One AbortSignal for all reasons to stop: Temporal's cancellation, the stop flag in the run row, and a run that belongs to somebody
 * else. NOTIFY would only be a hint, so the row is polled; it also heartbeats, because a page of a slow source must not look dead.
 */
export class RunWatch {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private cause: StopCause | undefined;
  private lastBeatMs = 0;
  private polling = false;

  constructor(
    private readonly pool: SqlPool,
    private readonly runKey: string,
    private readonly scope: ActivityScope,
  ) {
    this.signal = forManyWaiters(this.controller.signal);
    scope.signal.addEventListener('abort', this.onCancel, { once: true });
    if (scope.signal.aborted) this.onCancel();
    this.timer = setInterval(() => void this.tick(), POLL_INTERVAL_MS);
  }

  /** Undefined while the activity may go on. */
  get stopCause(): StopCause | undefined {
    return this.cause;
  }

  close(): void {
    clearInterval(this.timer);
    this.scope.signal.removeEventListener('abort', this.onCancel);
  }

  /** Tells that a worker is there, and looks whether it may go on. Rejects when the database is away. */
  async report(): Promise<void> {
    this.lastBeatMs = Date.now();
    this.follow(await reportWorker(this.pool, this.runKey, this.scope.owner));
  }

  private readonly onCancel = (): void => this.abort('cancelled');

  private abort(cause: StopCause): void {
    if (this.cause !== undefined) return;
    this.cause = cause;
    this.controller.abort(new Error(`the run was stopped (${cause})`));
  }

  private follow(signal: RunSignal): void {
    if (signal.lost) this.abort('lost');
    else if (signal.stop) this.abort('stop');
  }

  private async tick(): Promise<void> {
    this.scope.heartbeat();
    // Also while the last requests of a stopped run end: whoever reports is not taken for dead.
    const isDue = Date.now() - this.lastBeatMs > BEAT_INTERVAL_MS;
    if (this.polling || (this.cause !== undefined && !isDue)) return;
    this.polling = true;
    try {
      if (isDue) {
        await this.report();
        await noteWorkersAlive(this.pool, this.runKey);
      } else this.follow(await readRunSignal(this.pool, this.runKey, this.scope.owner));
    } catch {
      // The database is away: requests in hand may end, their settle waits for it. The next tick looks again.
    } finally {
      this.polling = false;
    }
  }
}

/** The signal, on which every pair of a batch may wait at the same time: that many listeners are no leak, of which Node would warn. */
export function forManyWaiters(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/** Resolves after the time, or at once when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
