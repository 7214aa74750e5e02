import { prolongClaims, releaseClaims } from '../../state/drain/claims.js';
import { renewLease } from '../../state/drain/lease.js';
import { settle } from '../../state/drain/settle.js';
import type { Settlement } from '../../state/drain/settle.js';
import { isOutage, patiently } from '../support/patiently.js';
import { LeaseClock } from './lease-clock.js';
import type { PreparedBatch } from './prepare-batch.js';
import { settleContext } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** Leases are prolonged this often. */
const RENEW_INTERVAL_MS = 5_000;
/** Results wait this long for the rest of their batch. */
const FLUSH_INTERVAL_MS = 1_000;

/** Whoever opened a batch. */
export interface BatchOwner {
  /** Results of the batch are committed. */
  settled(): Promise<void>;
  /** They could not be: a defect, or a database that stays away. */
  failed(error: unknown): void;
  /** Everything is settled and the claims are given back. */
  closed(batch: OpenBatch): void;
}

/** Rows between their lease and their settlement: the lease is prolonged, results are settled as they come, claims are given back at the end. */
export class OpenBatch {
  private readonly unfinished: Set<Work>;
  private readonly results: Settlement[];
  private readonly renewal: NodeJS.Timeout;
  private readonly flushes: NodeJS.Timeout;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly env: DrainEnvironment,
    private readonly prepared: PreparedBatch,
    private readonly leaseMs: number,
    private readonly owner: BatchOwner,
  ) {
    this.unfinished = new Set(prepared.works);
    this.results = [...prepared.settled];
    this.renewal = setInterval(() => void this.renew(), RENEW_INTERVAL_MS);
    this.flushes = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
  }

  /** Closes the batch if there is nothing to send. */
  begin(): void {
    if (this.unfinished.size === 0) this.close();
  }

  /** Takes the result of one row; true when it was the last one, which closes the batch. */
  finish(work: Work, result: Settlement): boolean {
    this.unfinished.delete(work);
    this.results.push(result);
    if (this.unfinished.size > 0) return false;
    this.close();
    return true;
  }

  private close(): void {
    clearInterval(this.renewal);
    clearInterval(this.flushes);
    this.flush();
    void this.flushing
      .then(() => this.releaseClaims())
      .catch((error: unknown) => this.owner.failed(error))
      .then(() => this.owner.closed(this));
  }

  private async releaseClaims(): Promise<void> {
    const { works, token } = this.prepared;
    if (!works.some((work) => work.claimed || work.parts.some((part) => part.claimed))) return;
    await releaseClaims(this.env.services.pool, this.env.targetNo, token);
  }

  /** Settles what has a result; in a row, so that no result is settled twice. */
  private flush(): void {
    const results = this.results.splice(0);
    if (results.length === 0) return;
    this.flushing = this.flushing.then(() => this.settle(results)).catch((error: unknown) => this.owner.failed(error));
  }

  private async settle(results: readonly Settlement[]): Promise<void> {
    const { pool, deps } = this.env.services;
    const context = settleContext(this.env, this.prepared.token);
    await patiently(() => settle(pool, context, results));
    deps.reached?.('settled');
    await this.owner.settled();
  }

  private async renew(): Promise<void> {
    const mark = LeaseClock.mark();
    const { pool } = this.env.services;
    const rows = [...this.unfinished].map((work) => work.row.entityNo);
    try {
      const { token, clock } = this.prepared;
      const kept = await pool.transaction(async (sql) => {
        await prolongClaims(sql, this.env.targetNo, token, this.leaseMs);
        return renewLease(sql, this.env.targetNo, token, rows, this.leaseMs);
      });
      // A row that somebody took over keeps the old deadline in force for all: its settle is refused. One that was settled meanwhile does not.
      if ([...this.unfinished].every((work) => kept.has(work.row.entityNo))) clock.prolong(mark, this.leaseMs);
    } catch (error) {
      // Without a longer lease no request starts, and those in flight are settled when the database is back. Anything else is a defect.
      if (!isOutage(error)) this.owner.failed(error);
    }
  }
}
