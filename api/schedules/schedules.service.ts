import { Inject, Injectable, Optional } from '@nestjs/common';
import { nextPoints } from '../../core/schedule/schedule.js';
import type { ScheduleSpec } from '../../core/schedule/schedule.js';
import { SqlPool } from '../../state/database.js';
import {
  deleteSchedule,
  findSchedule,
  KEPT_POINTS,
  listSkippedPoints,
  saveSchedule,
} from '../../state/schedules/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import { notFound, ProblemError } from '../common/problem.js';
import { SQL_POOL } from '../infrastructure.js';
import { SystemLookup } from '../systems/system-lookup.js';
import { ScheduleLifecycle } from './schedule-lifecycle.js';
import type { PutSchedule, ScheduleView } from './schedules.schemas.js';

const NEXT_POINTS = 10;
/** All that are remembered. */
const SKIPPED_POINTS = KEPT_POINTS;

/** Schedules of sources: PostgreSQL is asked and told; Temporal follows. */
@Injectable()
export class SchedulesService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(SystemLookup) private readonly systems: SystemLookup,
    @Optional() @Inject(ScheduleLifecycle) private readonly temporal?: ScheduleLifecycle,
  ) {}

  /** The schedule of a source; problem `not-found` if it has none. */
  async read(systemId: string): Promise<ScheduleView> {
    const sourceNo = await this.#requireSource(systemId);
    const schedule = await findSchedule(this.pool, sourceNo);
    if (schedule === undefined) throw notFound('schedule of this source');
    const { spec, enabled, sourceEnabled, anchorAt } = schedule;
    const fires = enabled && sourceEnabled;
    const next = fires ? nextPoints(spec, anchorAt.getTime(), Date.now(), NEXT_POINTS) : [];
    const skipped = await listSkippedPoints(this.pool, sourceNo, SKIPPED_POINTS);
    return {
      ...formOf(spec),
      enabled,
      fires,
      anchorAt: isoInstant(anchorAt),
      next: next.map((point) => isoInstant(new Date(point))),
      skipped: skipped.map(({ at, reason }) => ({ at: isoInstant(at), reason })),
    };
  }

  /** Stores the schedule of a source, which then has this one only (SCH-1, SCH-2). */
  async put(systemId: string, body: PutSchedule): Promise<ScheduleView> {
    const sourceNo = await this.#requireSource(systemId);
    await saveSchedule(this.pool, sourceNo, { spec: specOf(body), enabled: body.enabled }, new Date());
    this.temporal?.changed();
    return this.read(systemId);
  }

  /** Removes the schedule of a source. */
  async remove(systemId: string): Promise<void> {
    if (!(await deleteSchedule(this.pool, await this.#requireSource(systemId))))
      throw notFound('schedule of this source');
    this.temporal?.changed();
  }

  async #requireSource(systemId: string): Promise<number> {
    const { no, role, name } = await this.systems.require(systemId);
    if (role !== 'source') throw new ProblemError('not-found', `${name} is not a source: it has no schedule`);
    return no;
  }
}

function specOf({ interval, weekly }: PutSchedule): ScheduleSpec {
  if (interval !== undefined) return { kind: 'interval', ...interval };
  if (weekly !== undefined) return { kind: 'weekly', ...weekly };
  throw new RangeError('the schema lets no schedule without a form through');
}

function formOf(spec: ScheduleSpec): Pick<ScheduleView, 'interval' | 'weekly'> {
  if (spec.kind === 'interval') return { interval: { everyMinutes: spec.everyMinutes } };
  return { weekly: { days: [...spec.days], time: spec.time, zone: spec.zone } };
}
