import type { Logger } from '../../runtime/logger.js';
import type { SqlPool } from '../../state/database.js';
import { RUN_CHANNEL } from '../../state/runs/index.js';

const RECONNECT_PAUSE_MS = 2_000;

/** Listens for announcements of runs on a connection of its own. A hint only: while the database is away nothing is heard. */
export class RunNotifications {
  private readonly stopping = new AbortController();
  private listening: Promise<void> | undefined;

  /** @param onRun called for each announcement, and whenever some may have been missed. */
  constructor(
    private readonly pool: SqlPool,
    private readonly onRun: () => void,
    private readonly log: Pick<Logger, 'debug'>,
  ) {}

  start(): void {
    this.listening ??= this.loop();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.listening;
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.listen(signal);
      } catch (error) {
        this.log.debug({ reason: String(error) }, 'announcements of runs cannot be heard at the moment');
      }
      await pause(RECONNECT_PAUSE_MS, signal);
    }
  }

  /** Until the connection breaks or nobody listens any more. */
  private async listen(signal: AbortSignal): Promise<void> {
    await this.pool.session(async (sql, client) => {
      let onEnd = (): void => {};
      const ended = new Promise<void>((resolve) => (onEnd = resolve));
      const onNotification = (): void => this.onRun();
      signal.addEventListener('abort', onEnd, { once: true });
      // Asked to stop while the connection was made: the event is over and will not come again.
      if (signal.aborted) onEnd();
      client.on('error', onEnd).on('end', onEnd).on('notification', onNotification);
      try {
        await sql.query(`listen ${RUN_CHANNEL}`);
        this.onRun();
        await ended;
        // The connection goes back to the pool.
        if (signal.aborted) await sql.query(`unlisten ${RUN_CHANNEL}`);
      } finally {
        signal.removeEventListener('abort', onEnd);
        client.off('error', onEnd).off('end', onEnd).off('notification', onNotification);
      }
    });
  }
}

/** Resolves after the time, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
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
