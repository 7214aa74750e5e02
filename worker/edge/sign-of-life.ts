import { performance } from 'node:perf_hooks';
import { EDGE_TIMES } from '../../core/edge/timing.js';

/** Tells Temporal that an activity goes on; `asked` of a cancellation with the answer, `over` when Temporal knows it no more. Rejects when there is none. */
export type Beat = () => Promise<'goesOn' | 'asked' | 'over'>;

const BEAT_INTERVAL_MS = 1_000;

/**
 * What an edge worker knows of the standing of one call, by its own monotonic clock. Temporal takes a worker for dead that was silent for a while, and the
 * installation then draws its conclusions: from before that moment on this worker begins no request that writes, whether it was cut off, or stood still.
 * Heartbeats of the SDK would not do: nobody learns whether they got there.
 */
export class SignOfLife {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private firstMs: number | undefined;
  private lastMs = -Infinity;
  private isOver = false;

  constructor(
    private readonly beat: Beat,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Aborted when the call is cancelled, or nobody waits for it. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** The first beat, without which no request that writes may begin. */
  async first(): Promise<void> {
    await this.once();
  }

  /** Beats from a moment later on, until {@link end}: most calls are over by then. */
  goOn(): void {
    this.timer = setTimeout(() => {
      void this.once().finally(() => this.timer !== undefined && this.goOn());
    }, BEAT_INTERVAL_MS);
  }

  /** True while a request that writes may begin. */
  mayBegin(): boolean {
    const now = this.nowMs();
    if (this.isOver || this.firstMs === undefined) return false;
    return now - this.lastMs < EDGE_TIMES.silence && now - this.firstMs < EDGE_TIMES.writing;
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async once(): Promise<void> {
    // Before it is sent: it was heard later than this, or not at all.
    const sentMs = this.nowMs();
    const answer = await this.beat().catch(() => undefined);
    if (answer === undefined) return;
    if (answer !== 'goesOn') this.stopping.abort();
    if (answer === 'over') {
      this.isOver = true;
      return;
    }
    this.firstMs ??= sentMs;
    this.lastMs = sentMs;
  }
}
