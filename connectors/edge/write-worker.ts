import { EDGE_WINDOW_MS } from '../../core/edge/timing.js';

/** An edge worker that was found, with what its clock said when. */
export interface FoundWorker {
  readonly worker: string;
  readonly clockMs: number;
  /** By our monotonic clock: not before that. */
  readonly heardMs: number;
}

/** Who may make a call, and until when by his clock; see `CallPermit` (runtime/edge/sealed-calls.ts). */
export interface Permit {
  readonly worker: string;
  readonly beginByMs: number;
}

/** Clocks of two machines go at rates that differ by a second in some minutes at worst: until it is asked for again a permit is too long by far less than a lease has in hand. */
const CLOCK_FRESH_MS = 10 * 60_000;

/** The worker that a write was to go to was given up while the write waited for its turn: nothing was sent. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError';
}

/**
 * The edge worker that makes the writes of one connector: always the same one, as long as it answers. A write that anybody else could make could be made twice by
 * whoever has copied it; and limits for writes are kept where they are made.
 */
export class WriteWorker {
  private finding: Promise<FoundWorker> | undefined;
  private readonly replaced = new WeakSet<FoundWorker>();

  /** @param find asks this worker of the location, or any. */
  constructor(
    private readonly find: (worker?: string) => Promise<FoundWorker>,
    private readonly nowMs: () => number,
  ) {}

  /** Rejects with what finding one throws; the next call tries again. */
  async current(): Promise<FoundWorker> {
    const finding = (this.finding ??= this.find());
    finding.catch(() => this.forget(finding));
    const found = await finding;
    if (this.nowMs() - found.heardMs < CLOCK_FRESH_MS) return found;
    if (this.finding === finding) this.finding = this.find(found.worker).catch(() => this.find());
    return this.current();
  }

  /** It does not answer, or its clock is not what we think: another one is looked for. */
  async replace(found: FoundWorker): Promise<void> {
    this.replaced.add(found);
    const { finding } = this;
    if ((await finding?.catch(() => undefined)) === found) this.forget(finding);
  }

  /**
   * A permit that is over when the leases of the engine may be; called right before they are looked at. Throws {@link ReplacedError} for a worker that was
   * given up meanwhile: whoever waited for it would wait once more.
   */
  permit(found: FoundWorker): Permit {
    if (this.replaced.has(found)) throw new ReplacedError('the edge worker was given up');
    const { worker, clockMs, heardMs } = found;
    return { worker, beginByMs: clockMs + (this.nowMs() - heardMs) + EDGE_WINDOW_MS };
  }

  private forget(finding: Promise<FoundWorker> | undefined): void {
    if (this.finding === finding) this.finding = undefined;
  }
}
