import { closeGate, noteSuccess } from '../../state/drain/gate.js';
import { releaseClaims } from '../../state/drain/claims.js';
import { hasLeases, renewLease } from '../../state/drain/lease.js';
import type { LeaseQuery } from '../../state/drain/lease.js';
import { settle } from '../../state/drain/settle.js';
import type { Settlement } from '../../state/drain/settle.js';
import { intakeIsOver } from '../../state/intake/type-state.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { patiently } from '../support/patiently.js';
import { execute } from './execute.js';
import { LeaseClock } from './lease-clock.js';
import { prepareBatch } from './prepare-batch.js';
import type { PreparedBatch } from './prepare-batch.js';
import { NotSentError, settleContext, settlement, TargetThrottledError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { TargetFailedError } from './write-errors.js';

/** Rows in one lease: small enough that a crash leaves little in doubt, large enough that its commits cost little each. */
const BATCH_ROWS = 256;
/** Batches between lease and settle at once: while one is being sent the next is prepared. */
const MAX_OPEN_BATCHES = 3;
/** Leases are prolonged this often. */
const RENEW_INTERVAL_MS = 5_000;
/** Results wait this long for the rest of their batch. */
const FLUSH_INTERVAL_MS = 1_000;
const FIRST = { prio: -1, entityNo: -1 };

/** How the work of one chunk ended. */
export type DrainEnd =
  /** Nothing is left to do in this phase. */
  | { readonly kind: 'drained' }
  /** The time of the chunk is over, or the run was stopped. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'throttled'; readonly waitMs: number }
  | { readonly kind: 'targetFailed'; readonly message: string };

interface OpenBatch {
  readonly prepared: PreparedBatch;
  readonly unfinished: Set<Work>;
  readonly results: Settlement[];
  readonly renewal: NodeJS.Timeout;
  readonly flush: NodeJS.Timeout;
  flushing: Promise<void>;
}

/** Writes what is out of step in one target: leases rows in order, keeps a fixed number of requests in flight, settles by batches. */
export class Drain {
  private readonly queue: { work: Work; batch: OpenBatch }[] = [];
  private readonly open = new Set<OpenBatch>();
  private inFlight = 0;
  private position: { prio: number; entityNo: number } = FIRST;
  private end: DrainEnd | undefined;
  /** Nobody held a lease when it was looked at last, and nothing was leased since. */
  private isQuiet = false;
  private defect: { readonly error: unknown } | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly env: DrainEnvironment,
    private readonly fence: RunFence,
    private readonly concurrency: number,
    private readonly leaseMs: number,
  ) {}

  /** Works until the phase is drained, `untilMs` (wall clock) is reached, or something ends it. Every leased row is settled or released. */
  async run(untilMs: number): Promise<DrainEnd> {
    try {
      while (this.end === undefined && this.defect === undefined && !this.env.stop.aborted && Date.now() < untilMs)
        await this.step();
    } finally {
      await this.finishOpenBatches();
    }
    if (this.defect !== undefined) throw this.defect.error;
    return this.end ?? { kind: 'interrupted' };
  }

  private async step(): Promise<void> {
    if (this.open.size >= MAX_OPEN_BATCHES || this.queue.length >= this.concurrency * 2) return this.somethingMoved();
    const { bell } = this.env.tools.context;
    const rung = bell.count;
    // Read before the lease ⚠: a page committed in between has its rows in the backlog already (engine.md §6).
    const over = await intakeIsOver(this.env.services.pool, this.env.runKey, this.env.typeCode);
    const batch = await prepareBatch(this.env, this.query(over));
    if (batch !== undefined) {
      this.isQuiet = false;
      return this.accept(batch);
    }
    if (this.open.size > 0) return this.somethingMoved();
    if (this.position !== FIRST) {
      this.position = FIRST;
      return;
    }
    const { pool, timing } = this.env.services;
    if (!over || (await hasLeases(pool, this.env.targetNo, this.env.sourceNo, this.env.typeCode)))
      return bell.after(rung, timing.idlePollMs, this.env.stop);
    // Whoever had a pair until a moment ago may have left it due: the lease has to come back empty once more.
    if (!this.isQuiet) {
      this.isQuiet = true;
      return;
    }
    // An overtaken attempt leases nothing either: that is not the end of the drain.
    await holdFence(pool, this.fence);
    this.end = { kind: 'drained' };
  }

  private query(intakeOver: boolean): LeaseQuery {
    return {
      fence: this.fence,
      sourceNo: this.env.sourceNo,
      targetNo: this.env.targetNo,
      type: this.env.typeCode,
      late: this.env.late,
      unseenToo: intakeOver || this.env.tools.context.mode === 'delta',
      after: this.position,
      limit: BATCH_ROWS,
      leaseMs: this.leaseMs,
      requestTimeoutMs: this.env.tools.target.capabilities.requestTimeoutMs,
    };
  }

  private accept(prepared: PreparedBatch): void {
    this.position = prepared.last;
    const batch: OpenBatch = {
      prepared,
      unfinished: new Set(prepared.works),
      results: [...prepared.settled],
      renewal: setInterval(() => void this.renew(batch), RENEW_INTERVAL_MS),
      flush: setInterval(() => this.flush(batch), FLUSH_INTERVAL_MS),
      flushing: Promise.resolve(),
    };
    this.open.add(batch);
    for (const work of prepared.works) this.queue.push({ work, batch });
    if (batch.unfinished.size === 0) this.close(batch);
    this.pump();
  }

  private pump(): void {
    const blocked = this.end !== undefined || this.defect !== undefined || this.env.stop.aborted;
    while (this.queue.length > 0 && (blocked || this.inFlight < this.concurrency)) {
      const next = this.queue.shift();
      if (next === undefined) return;
      if (blocked) this.finish(next.batch, next.work, released(next.work));
      else void this.start(next.work, next.batch);
    }
  }

  private async start(work: Work, batch: OpenBatch): Promise<void> {
    this.inFlight += 1;
    let result: Settlement;
    try {
      result = await execute(this.env, work);
    } catch (error) {
      result = this.interrupted(work, error);
    }
    this.inFlight -= 1;
    this.finish(batch, work, result);
    this.pump();
  }

  /** What a pair becomes when its request met something that concerns more than the pair. */
  private interrupted(work: Work, error: unknown): Settlement {
    const end = this.endOf(work, error);
    // What has been written is known, whatever came after: the pair goes on from there.
    return work.unfinished === null ? end : { ...work.unfinished, end: { kind: 'released' } };
  }

  private endOf(work: Work, error: unknown): Settlement {
    if (error instanceof TargetThrottledError) {
      this.end ??= { kind: 'throttled', waitMs: error.waitMs };
      return refused(work);
    }
    if (error instanceof TargetFailedError) {
      if (this.end?.kind !== 'targetFailed') this.end = { kind: 'targetFailed', message: error.message };
      return error.outcome === 'not-applied' ? refused(work) : settlement(work, { kind: 'unknown' });
    }
    if (error instanceof NotSentError) return work.sent ? settlement(work, { kind: 'unknown' }) : released(work);
    // A defect of ours: the chunk fails and is repeated; the pair may have been written.
    this.defect ??= { error };
    return settlement(work, { kind: 'unknown' });
  }

  private finish(batch: OpenBatch, work: Work, result: Settlement): void {
    batch.unfinished.delete(work);
    batch.results.push(result);
    if (batch.unfinished.size === 0) this.close(batch);
    else if (this.queue.length < this.concurrency * 2) this.wake();
  }

  private close(batch: OpenBatch): void {
    clearInterval(batch.renewal);
    clearInterval(batch.flush);
    this.flush(batch);
    void batch.flushing
      .then(() => this.releaseClaims(batch))
      .catch((error: unknown) => {
        this.defect ??= { error };
      })
      .then(() => {
        this.open.delete(batch);
        this.wake();
      });
  }

  private async releaseClaims(batch: OpenBatch): Promise<void> {
    if (!batch.prepared.works.some((work) => work.claimed)) return;
    await releaseClaims(this.env.services.pool, this.env.targetNo, batch.prepared.token);
  }

  /** Settles what has a result; in a row for each batch, so that no result is settled twice. */
  private flush(batch: OpenBatch): void {
    const results = batch.results.splice(0);
    if (results.length === 0) return;
    batch.flushing = batch.flushing
      .then(() => this.settle(batch, results))
      .catch((error: unknown) => {
        this.defect ??= { error };
      });
  }

  private async settle(batch: OpenBatch, results: readonly Settlement[]): Promise<void> {
    const { pool } = this.env.services;
    const context = settleContext(this.env, batch.prepared.token);
    await patiently(() => settle(pool, context, results));
    this.env.services.deps.reached?.('settled');
    if (results.some((result) => result.log !== null && result.log.result !== 'failed'))
      await noteSuccess(pool, this.env.targetNo);
  }

  private async renew(batch: OpenBatch): Promise<void> {
    const mark = LeaseClock.mark();
    const { pool } = this.env.services;
    const rows = [...batch.unfinished].map((work) => work.row.entityNo);
    try {
      const kept = await renewLease(pool, this.env.targetNo, batch.prepared.token, rows, this.leaseMs);
      // Rows that somebody took over keep the old deadline out of force for all: none of them may be sent, and their settle is refused.
      if (kept.size === rows.length) batch.prepared.clock.extend(mark, this.leaseMs);
    } catch {
      // The database is away: without a longer lease no request starts, and those in flight are settled when it is back.
    }
  }

  private async finishOpenBatches(): Promise<void> {
    this.pump();
    while (this.open.size > 0) {
      await this.somethingMoved();
      this.pump();
    }
    if (this.end?.kind === 'throttled') await closeGate(this.env.services.pool, this.env.targetNo, this.end.waitMs);
  }

  /** Until a batch is closed, the queue runs low, or a moment has passed. */
  private async somethingMoved(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 20);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Never sent: as if it had not been leased; an intent that was committed for it is turned back (engine invariant 4 ⚠). */
function released(work: Work): Settlement {
  const unsentIntent = work.evaluation.action === 'create' && work.intentAt !== null && !work.sent;
  return settlement(work, { kind: 'released' }, { link: unsentIntent ? { kind: 'removed' } : null });
}

/** Sent and surely not applied. */
function refused(work: Work): Settlement {
  const ownIntent = work.evaluation.action === 'create' && work.intentAt !== null && !work.inDoubt;
  return settlement(work, { kind: 'released' }, { link: ownIntent ? { kind: 'removed' } : null });
}
