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

/**
 * The edge worker that makes the writes of one connector: always the same one, as long as it answers. A write that anybody else could make could be made twice by
 * whoever has copied it; and limits for writes are kept where they are made.
 */
export class WriteWorker {
  private finding: Promise<FoundWorker> | undefined;

  /** @param find asks any worker of the location. */
  constructor(
    private readonly find: () => Promise<FoundWorker>,
    private readonly nowMs: () => number,
  ) {}

  /** Rejects with what finding one throws; the next call tries again. */
  current(): Promise<FoundWorker> {
    const finding = (this.finding ??= this.find());
    finding.catch(() => this.forget(finding));
    return finding;
  }

  /** It does not answer, or its clock is not what we think: another one is looked for. */
  async replace(found: FoundWorker): Promise<void> {
    const { finding } = this;
    if ((await finding?.catch(() => undefined)) === found) this.forget(finding);
  }

  /** A permit that is over when the leases of the engine may be; called right after they were looked at. */
  permit({ worker, clockMs, heardMs }: FoundWorker): Permit {
    return { worker, beginByMs: clockMs + (this.nowMs() - heardMs) + EDGE_WINDOW_MS };
  }

  private forget(finding: Promise<FoundWorker> | undefined): void {
    if (this.finding === finding) this.finding = undefined;
  }
}
