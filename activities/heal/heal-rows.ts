import { leaseToHeal, nextToHeal } from '../../state/healing/heal-rows.js';
import type { StaleBodies } from '../../state/healing/heal-rows.js';
import type { Position, RowSource, Taken, Urgency } from '../drain/rows.js';
import type { DrainEnvironment } from '../drain/work.js';
import { askSource } from './ask-source.js';

/** Rows in one lease of healing (HEA-4: small batches). */
const BATCH_ROWS = 32;
const NOTHING = { token: 0, rows: [] };

/** Rows whose time has come, with the source asked first where the stored body is old. Each is offered once in a pass. */
export class HealRows implements RowSource {
  readonly leaseMs: number;
  private stale: StaleBodies;

  /** @param since begin of the pass, by the database's clock. */
  constructor(
    private readonly env: DrainEnvironment,
    private readonly since: Date,
  ) {
    this.leaseMs = env.tools.target.capabilities.requestTimeoutMs + env.services.timing.leaseMarginMs;
    this.stale = env.tools.context.source.capabilities.readOne ? 'read' : 'linked';
  }

  async take(_after: Position, limit: number, urgency: Urgency): Promise<Taken> {
    // People who leave are first in every batch, and batches are small.
    if (urgency === 'leavers') return { lease: NOTHING, over: true };
    for (;;) {
      const candidates = await this.next(limit);
      if (candidates.length === 0 || this.env.stop.aborted) return { lease: NOTHING, over: true };
      const ready = candidates.filter((one) => !one.isStale || this.stale === 'linked').map((one) => one.entityNo);
      const old = this.stale === 'linked' ? [] : candidates.filter((one) => one.isStale);
      const answers = await askSource(this.env, old);
      if (answers.silent) this.stale = 'leave';
      const lease = await this.lease([...ready, ...answers.known]);
      if (lease.rows.length > 0) return { lease, over: true };
    }
  }

  async waitForMore(): Promise<void> {
    // Nothing comes during a round that the next one would not find.
  }

  areHeldElsewhere(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async confirmEnd(): Promise<void> {
    // A round has no say about anything but its own rows.
  }

  private next(limit: number): ReturnType<typeof nextToHeal> {
    const { services, sourceNo, targetNo, typeCode, late } = this.env;
    const query = { sourceNo, targetNo, type: typeCode, late, since: this.since, stale: this.stale };
    return nextToHeal(services.pool, { ...query, limit: Math.min(limit, BATCH_ROWS) }, this.requestTimeoutMs);
  }

  private lease(entityNos: readonly number[]): ReturnType<typeof leaseToHeal> {
    const { services, sourceNo, targetNo, typeCode } = this.env;
    const pair = { sourceNo, targetNo, type: typeCode };
    return leaseToHeal(services.pool, pair, entityNos, this.leaseMs, this.requestTimeoutMs);
  }

  private get requestTimeoutMs(): number {
    return this.env.tools.target.capabilities.requestTimeoutMs;
  }
}
