import { closeGate, readGate } from '../../state/drain/gate.js';
import type { Lease } from '../../state/drain/lease.js';
import type { Settlement } from '../../state/drain/settle.js';
import { LEAVER_PRIO } from '../../state/codes.js';
import { withContents } from '../logs/pair-contents.js';
import { combineParts } from './combine-parts.js';
import { endBy } from './drain-end.js';
import type { DrainEnd } from './drain-end.js';
import { execute } from './execute.js';
import { LeaseClock } from './lease-clock.js';
import { OpenBatch } from './open-batch.js';
import { refused, released } from './outcomes.js';
import { prepareBatch } from './prepare-batch.js';
import type { PreparedBatch } from './prepare-batch.js';
import { TargetResults } from './results.js';
import type { Position, RowSource } from './rows.js';
import { NotSentError, settlement, TargetThrottledError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { TargetFailedError } from './write-errors.js';

/** Rows in one lease: small enough that a crash leaves little in doubt, large enough that its commits cost little each. */
const BATCH_ROWS = 256;
/** Batches between lease and settle at once: while one is being sent the next is prepared. */
const MAX_OPEN_BATCHES = 3;
/** Other processes may have closed the gate, and leavers may have come, since it was looked last. */
const LOOK_INTERVAL_MS = 1_000;
const FIRST: Position = { prio: -1, entityNo: -1 };

/** How much a drain may do. */
export interface DrainLimits {
  /** Requests in flight. */
  readonly concurrency: number;
  /** Rows in all: Infinity, or after a breaker was open one, then four (HEA-6). */
  readonly rows: number;
}

/** Writes what is out of step in one target: leases rows in order, keeps a fixed number of requests in flight, settles by batches. */
export class Drain {
  private readonly queue: { work: Work; batch: OpenBatch }[] = [];
  private readonly open = new Set<OpenBatch>();
  private readonly results: TargetResults;
  private inFlight = 0;
  private position = FIRST;
  private rowsLeft: number;
  private hasBegun = false;
  private nextLookMs = Date.now() + LOOK_INTERVAL_MS;
  private end: DrainEnd | undefined;
  /** Nobody held a lease when it was looked at last, and nothing was leased since. */
  private isQuiet = false;
  /** There was nothing to lease: an answer is no reason to look again at once. */
  private isDry = false;
  private defect: { readonly error: unknown } | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly env: DrainEnvironment,
    private readonly rows: RowSource,
    private readonly limits: DrainLimits,
  ) {
    this.results = new TargetResults(env);
    this.rowsLeft = limits.rows;
  }

  /** Works until the phase is drained, `untilMs` (wall clock) is reached, or something ends it. Every leased row is settled or released. */
  async run(untilMs: number): Promise<DrainEnd> {
    try {
      while (this.mayGoOn() && Date.now() < untilMs) await this.step();
    } finally {
      await this.finishOpenBatches();
    }
    if (this.defect !== undefined) throw this.defect.error;
    return this.end ?? { kind: 'interrupted' };
  }

  private mayGoOn(): boolean {
    return this.end === undefined && this.defect === undefined && !this.env.stop.aborted && this.hasRowsLeft();
  }

  private hasRowsLeft(): boolean {
    return this.rowsLeft > 0 || this.open.size > 0;
  }

  private async step(): Promise<void> {
    if (Date.now() >= this.nextLookMs) await this.look();
    if (!this.mayGoOn()) return;
    const isFull = this.open.size >= MAX_OPEN_BATCHES || this.queue.length >= this.limits.concurrency * 2;
    if (isFull || this.rowsLeft <= 0) return this.somethingMoved();
    const mark = LeaseClock.mark();
    const { lease, over } = await this.rows.take(this.position, Math.min(this.batchRows(), this.rowsLeft), 'all');
    if (lease.rows.length > 0) {
      this.position = lease.rows[lease.rows.length - 1] ?? FIRST;
      return this.accept(lease, mark);
    }
    this.isDry = true;
    if (this.open.size > 0) return this.somethingMoved();
    if (this.position !== FIRST) {
      this.position = FIRST;
      return;
    }
    if (!over || (await this.rows.areHeldElsewhere())) return this.rows.waitForMore();
    // Whoever had a pair until a moment ago may have left it due: the lease has to come back empty once more.
    if (!this.isQuiet) {
      this.isQuiet = true;
      return;
    }
    await this.rows.confirmEnd();
    this.end = { kind: 'drained' };
  }

  /** Looking at a whole batch keeps the target waiting: the first one is as large as what can be sent at once. */
  private batchRows(): number {
    return this.hasBegun ? BATCH_ROWS : Math.min(this.limits.concurrency, BATCH_ROWS);
  }

  /** What others did meanwhile: closed the gate, opened the breaker; and people who leave overtake whatever is queued here. */
  private async look(): Promise<void> {
    this.nextLookMs = Date.now() + LOOK_INTERVAL_MS;
    const gate = await readGate(this.env.services.pool, this.env.targetNo);
    if (gate.closedForMs > 0) {
      this.end ??= { kind: 'throttled', waitMs: gate.closedForMs };
    } else if (gate.breaker === 'open' && this.env.hasBreaker) {
      this.end ??= { kind: 'targetFailed', message: gate.reason ?? 'the circuit breaker is open' };
    } else if (this.position.prio > LEAVER_PRIO && this.rowsLeft === Infinity) {
      const mark = LeaseClock.mark();
      const { lease } = await this.rows.take(FIRST, this.limits.concurrency * 2, 'leavers');
      if (lease.rows.length > 0) await this.accept(lease, mark);
    }
  }

  private async accept(lease: Lease, mark: ReturnType<typeof LeaseClock.mark>): Promise<void> {
    this.isQuiet = false;
    this.isDry = false;
    this.hasBegun = true;
    this.rowsLeft -= lease.rows.length;
    const clock = new LeaseClock();
    clock.extend(mark, this.rows.leaseMs);
    const prepared = await this.prepare(lease, clock);
    if (prepared === undefined) return;
    const batch = new OpenBatch(this.env, prepared, this.rows.leaseMs, {
      settled: () => this.settled(),
      failed: (error) => (this.defect ??= { error }),
      closed: () => {
        this.open.delete(batch);
        this.wake();
      },
    });
    this.open.add(batch);
    this.enqueue(prepared.works.map((work) => ({ work, batch })));
    batch.begin();
    this.pump();
  }

  /** Undefined when looking at the pairs has met something that concerns more than one of them; their rows are given back. */
  private async prepare(lease: Lease, clock: LeaseClock): Promise<PreparedBatch | undefined> {
    try {
      return await prepareBatch(this.env, lease, clock);
    } catch (error) {
      this.results.interrupted(error);
      const end = endBy(error);
      if (end === undefined && !(error instanceof NotSentError)) throw error;
      this.end ??= end;
      return undefined;
    }
  }

  private enqueue(items: readonly { work: Work; batch: OpenBatch }[]): void {
    const isUrgent = (items[0]?.work.row.prio ?? Infinity) <= LEAVER_PRIO;
    if (isUrgent) this.queue.unshift(...items);
    else this.queue.push(...items);
  }

  private pump(): void {
    const blocked = this.end !== undefined || this.defect !== undefined || this.env.stop.aborted;
    while (this.queue.length > 0 && (blocked || this.inFlight < this.limits.concurrency)) {
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
      this.results.settled(result);
    } catch (error) {
      result = this.interrupted(work, error);
    }
    this.inFlight -= 1;
    this.finish(batch, work, withContents(this.env, work, result));
    this.pump();
  }

  /** What a pair becomes when its request met something that concerns more than the pair. */
  private interrupted(work: Work, error: unknown): Settlement {
    this.results.interrupted(error);
    if (work.parts.length === 0) return this.brokenOff(work, error);
    const current = work.parts.find(({ result }) => result === null);
    const endOfPart = (part: Work): Settlement =>
      part.result ?? (part === current ? this.brokenOff(part, error) : released(part));
    return combineParts(work, work.parts.map(endOfPart));
  }

  /** What has been written is known, whatever came after: the pair goes on from there. */
  private brokenOff(work: Work, error: unknown): Settlement {
    const end = this.endOf(work, error);
    return work.unfinished === null ? end : { ...work.unfinished, end: { kind: 'released' } };
  }

  private endOf(work: Work, error: unknown): Settlement {
    if (error instanceof TargetThrottledError) {
      this.end ??= { kind: 'throttled', waitMs: error.waitMs };
      return refused(work, 'throttled');
    }
    if (error instanceof TargetFailedError) {
      if (this.end?.kind !== 'targetFailed') this.end = { kind: 'targetFailed', message: error.message };
      const { errorClass } = error;
      return error.outcome === 'not-applied'
        ? refused(work, errorClass)
        : settlement(work, { kind: 'unknown', errorClass });
    }
    if (error instanceof NotSentError) return work.sent ? settlement(work, { kind: 'unknown' }) : released(work);
    // A defect of ours: the chunk fails and is repeated; the pair may have been written.
    this.defect ??= { error };
    return settlement(work, { kind: 'unknown' });
  }

  private finish(batch: OpenBatch, work: Work, result: Settlement): void {
    const isLast = batch.finish(work, result);
    if (!isLast && !this.isDry && this.queue.length < this.limits.concurrency * 2) this.wake();
  }

  private async settled(): Promise<void> {
    const broken = await this.results.tell();
    if (broken !== undefined) this.end ??= { kind: 'targetFailed', message: broken };
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
