import { ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleHandle, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import { nextPoints } from '../../core/schedule/schedule.js';
import { WORKFLOW_QUEUE } from '../../core/task-queues.js';
import type { Logger } from '../../runtime/logger.js';
import { loadInstallation } from '../../state/config/index.js';
import type { SqlPool } from '../../state/database.js';
import { underAdvisoryLock } from '../../state/runs/index.js';
import { listSchedules, noteMissedPoints } from '../../state/schedules/index.js';
import type { StoredSchedule } from '../../state/schedules/index.js';
import type { scheduledReadWorkflow } from '../../workflows/scheduled-read.workflow.js';
import { ensureHealSchedule, healScheduleIdOf } from '../healing/heal-schedule.js';
import { pause } from '../reconciler/run-notifications.js';
import { isTemporalAway, TEMPORAL_DEADLINE_MS } from '../reconciler/start-run.js';
import { scheduleIdOf, scheduleNote, temporalSpec } from './temporal-spec.js';

/** What a {@link ScheduleSync} works with. */
export interface ScheduleSyncParts {
  readonly pool: SqlPool;
  /** A client on a lazy connection: asked anew in each round, so that Temporal may come and go. */
  readonly client: () => Promise<Client>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** For tests: where the small workflows of points are started. */
  readonly workflowQueue?: string;
  readonly now?: () => Date;
  /** For tests, whose Temporal server is busy with other suites: how long it may take to answer. */
  readonly deadlineMs?: number;
}

const INTERVAL_MS = 30_000;
/** Any number; all API processes of an installation use the same. */
const LOCK_KEY = 7_303;
/** A point that nobody picks up for this long is not caught up (SCH-10). */
const POINT_TIMEOUT_MS = 60_000;
/** After this time nobody can come to a point any more. */
const MISSED_AFTER_MS = 4 * POINT_TIMEOUT_MS;
/** Missed points noted in one round at most; further ones were forgotten anyway. */
const MAX_MISSED = 200;
/** Temporal tells so many next points; fewer of a weekly schedule mean that it needs more. */
const NEXT_POINTS = 10;
const MISSED = 'the platform was not running';

/**
 * Keeps the schedules of Temporal as PostgreSQL says they are: makes what is missing, also after a loss of all data, mends what differs,
 * removes what nobody wants any more, and notes points that passed unheard.
 */
export class ScheduleSync {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wake = (): void => {};
  private isAsked = false;
  private isAway = false;

  constructor(private readonly parts: ScheduleSyncParts) {}

  /** Begins with a round at once. Never throws: what fails is tried again. */
  start(): void {
    this.running ??= this.loop();
  }

  /** Something has changed: a round soon. */
  changed(): void {
    this.isAsked = true;
    this.wake();
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  /** One round, unless another process is at it: then false. Throws when PostgreSQL or Temporal does not answer. */
  async sync(): Promise<boolean> {
    return underAdvisoryLock(this.parts.pool, LOCK_KEY, async () => {
      const { pool } = this.parts;
      const client = await this.parts.client();
      const schedules = await listSchedules(pool);
      const { id: installation } = await loadInstallation(pool);
      for (const schedule of schedules) {
        if (this.stopping.signal.aborted) return;
        await this.noteMissed(schedule);
        await this.trySettle(client, schedule, installation);
      }
      const wanted = new Set([healScheduleIdOf(installation), ...schedules.map((one) => scheduleIdOf(one.sourceId))]);
      await client.withDeadline(this.deadline(), async () => {
        if (await ensureHealSchedule(client, installation, this.parts.workflowQueue))
          this.parts.log.info(
            { scheduleId: healScheduleIdOf(installation) },
            'made the schedule of healing in Temporal',
          );
        await removeForeign(client, wanted, installation);
      });
    });
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.isAsked = false;
      await this.trySync();
      if (this.isAsked || signal.aborted) continue;
      const over = new AbortController();
      this.wake = () => over.abort();
      await pause(INTERVAL_MS, over.signal);
    }
  }

  /** What fails is told once and tried again with the next round. */
  private async trySync(): Promise<void> {
    try {
      await this.sync();
      if (this.isAway) this.parts.log.info({}, 'schedules are compared with Temporal again');
      this.isAway = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.isAway) this.parts.log.warn({ reason }, 'schedules cannot be compared with Temporal at the moment');
      this.isAway = true;
    }
  }

  private deadline(): number {
    return Date.now() + (this.parts.deadlineMs ?? TEMPORAL_DEADLINE_MS);
  }

  private nowMs(): number {
    return (this.parts.now?.() ?? new Date()).getTime();
  }

  /** A schedule that is off has no points to miss; what is accounted for moves on with the time (SCH-6, SYS-20). */
  private async noteMissed(schedule: StoredSchedule): Promise<void> {
    const untilMs = this.nowMs() - MISSED_AFTER_MS;
    const sinceMs = schedule.checkedAt.getTime();
    if (untilMs <= sinceMs) return;
    const points = isOn(schedule) ? nextPoints(schedule.spec, schedule.anchorAt.getTime(), sinceMs, MAX_MISSED) : [];
    const missed = points.filter((point) => point <= untilMs).map((point) => new Date(point));
    await noteMissedPoints(this.parts.pool, schedule.sourceNo, missed, MISSED, new Date(untilMs));
  }

  /** One schedule that cannot be settled must not keep the others from it. */
  private async trySettle(client: Client, schedule: StoredSchedule, installation: string): Promise<void> {
    try {
      await client.withDeadline(this.deadline(), () => this.settle(client, schedule, installation));
    } catch (error) {
      if (isTemporalAway(error)) throw error;
      const scheduleId = scheduleIdOf(schedule.sourceId);
      this.parts.log.warn({ scheduleId, reason: String(error) }, 'a schedule and its copy could not be compared');
    }
  }

  private async settle(client: Client, schedule: StoredSchedule, installation: string): Promise<void> {
    const scheduleId = scheduleIdOf(schedule.sourceId);
    const handle = client.schedule.getHandle(scheduleId);
    const known = await describe(handle);
    const wanted = { paused: !isOn(schedule), note: scheduleNote(schedule) };
    const parts = {
      spec: temporalSpec(schedule, this.nowMs()),
      action: this.action(schedule),
      policies: { overlap: 'SKIP', catchupWindow: POINT_TIMEOUT_MS, pauseOnFailure: false },
      state: wanted,
    } as const;
    if (known === undefined) {
      await client.schedule.create<typeof scheduledReadWorkflow>({
        scheduleId,
        memo: { installation },
        ...parts,
      });
      this.parts.log.info({ scheduleId }, 'made a schedule in Temporal');
      return;
    }
    const runsLow = schedule.spec.kind === 'weekly' && known.info.nextActionTimes.length < NEXT_POINTS;
    if (known.state.paused === wanted.paused && known.state.note === wanted.note && !runsLow) return;
    await handle.update<typeof scheduledReadWorkflow>(() => parts);
  }

  private action(schedule: StoredSchedule): ScheduleOptionsStartWorkflowAction<typeof scheduledReadWorkflow> {
    return {
      type: 'startWorkflow',
      workflowType: 'scheduledReadWorkflow',
      workflowId: scheduleIdOf(schedule.sourceId),
      taskQueue: this.parts.workflowQueue ?? WORKFLOW_QUEUE,
      args: [{ sourceId: schedule.sourceId }],
      workflowExecutionTimeout: POINT_TIMEOUT_MS,
      staticSummary: `Schedule · ${schedule.sourceName}`,
    };
  }
}

function isOn(schedule: StoredSchedule): boolean {
  return schedule.enabled && schedule.sourceEnabled;
}

async function describe(handle: ScheduleHandle) {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Schedules of this installation whose source or row is gone (SCH-11). Others may share the namespace. */
async function removeForeign(client: Client, wanted: ReadonlySet<string>, installation: string): Promise<void> {
  for await (const { scheduleId, memo } of client.schedule.list()) {
    if (wanted.has(scheduleId) || memo?.['installation'] !== installation) continue;
    await remove(client.schedule.getHandle(scheduleId));
  }
}

/** Lists are a moment behind: it may be gone already. */
async function remove(handle: ScheduleHandle): Promise<void> {
  try {
    await handle.delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
