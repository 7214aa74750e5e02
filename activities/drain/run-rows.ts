import { hasLeases, leaseRows } from '../../state/drain/lease.js';
import { LEAVER_PRIO } from '../../state/codes.js';
import { intakeIsOver } from '../../state/intake/type-state.js';
import { hasApprovedLeases, leaseApproved } from '../../state/plans/approved.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { Position, RowSource, Taken, Urgency } from './rows.js';
import type { DrainEnvironment } from './work.js';

/** Rows that a run has not been offered yet, under the fence of its chain. */
export class RunRows implements RowSource {
  private rung = 0;

  constructor(
    private readonly env: DrainEnvironment,
    private readonly fence: RunFence,
    readonly leaseMs: number,
  ) {}

  async take(after: Position, limit: number, urgency: Urgency): Promise<Taken> {
    const { env } = this;
    this.rung = env.tools.context.bell.count;
    // Read before the lease ⚠: a page committed in between has its rows in the backlog already (engine.md §6).
    const over = await intakeIsOver(env.services.pool, env.runKey, env.typeCode);
    const query = {
      fence: this.fence,
      sourceNo: env.sourceNo,
      targetNo: env.targetNo,
      type: env.typeCode,
      late: env.late,
      unseenToo: over || env.tools.context.mode === 'delta',
      after,
      lastPrio: urgency === 'leavers' ? LEAVER_PRIO : null,
      limit,
      leaseMs: this.leaseMs,
      requestTimeoutMs: env.tools.target.capabilities.requestTimeoutMs,
    };
    if (env.planNo === undefined) return { lease: await leaseRows(env.services.pool, query), over };
    // Of a plan nobody leaves first: its deletions come last, one by one approved.
    if (urgency === 'leavers') return { lease: { token: 0, rows: [] }, over };
    return { lease: await leaseApproved(env.services.pool, query, env.planNo), over };
  }

  waitForMore(): Promise<void> {
    const { bell } = this.env.tools.context;
    return bell.after(this.rung, this.env.services.timing.idlePollMs, this.env.stop);
  }

  areHeldElsewhere(): Promise<boolean> {
    const { services, runKey, targetNo, sourceNo, typeCode: type, planNo } = this.env;
    if (planNo !== undefined) return hasApprovedLeases(services.pool, planNo, targetNo, type);
    return hasLeases(services.pool, { targetNo, sourceNo, type }, runKey);
  }

  /** An overtaken attempt leases nothing either: that is not the end of the drain. */
  async confirmEnd(): Promise<void> {
    await holdFence(this.env.services.pool, this.fence);
  }
}
