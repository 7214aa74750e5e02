import type { ScheduleSpec } from '../../core/schedule/schedule.js';
import type { Sql, SqlPool } from '../database.js';

/** The schedule of a source as it is stored: the truth, of which Temporal has a copy. */
export interface StoredSchedule {
  readonly sourceNo: number;
  /** Public id of the source. */
  readonly sourceId: string;
  readonly sourceName: string;
  readonly spec: ScheduleSpec;
  /** The switch (SCH-6). */
  readonly enabled: boolean;
  /** The source is enabled; a disabled one keeps its schedule, which does not fire (SYS-20). */
  readonly sourceEnabled: boolean;
  /** Moment of switching on, or of changing the interval while on (SCH-7). */
  readonly anchorAt: Date;
  /** Grows with each change of what Temporal has to know. */
  readonly revision: number;
  /** Points up to here are accounted for. */
  readonly checkedAt: Date;
}

const SCHEDULE_SQL = `
  select c.source_no as "sourceNo", s.id as "sourceId", s.name as "sourceName", c.spec, c.enabled, s.enabled as "sourceEnabled",
         c.anchor_at as "anchorAt", c.revision, c.checked_at as "checkedAt"
    from schedule c join system s on s.no = c.source_no`;

/** All schedules, switched on or not. */
export async function listSchedules(sql: Sql): Promise<StoredSchedule[]> {
  return sql.query<StoredSchedule>(`${SCHEDULE_SQL} order by c.source_no`);
}

/** The schedule of a source; undefined if it has none. */
export async function findSchedule(sql: Sql, sourceNo: number): Promise<StoredSchedule | undefined> {
  return (await sql.query<StoredSchedule>(`${SCHEDULE_SQL} where c.source_no = $1`, [sourceNo]))[0];
}

/**
 * Stores the one schedule of a source (SCH-1). Switching on, and another time while on, set a new anchor; saving the same again does not.
 *
 * @param now moment of the change.
 */
export async function saveSchedule(
  pool: SqlPool,
  sourceNo: number,
  wanted: { readonly spec: ScheduleSpec; readonly enabled: boolean },
  now: Date,
): Promise<void> {
  await pool.query(
    `insert into schedule as c (source_no, spec, enabled, anchor_at, checked_at) values ($1, $2::json, $3, $4, $4)
     on conflict (source_no) do update
        set spec = excluded.spec, enabled = excluded.enabled, revision = c.revision + 1, updated_at = excluded.anchor_at,
            anchor_at = case when excluded.enabled and (not c.enabled or c.spec::jsonb <> excluded.spec::jsonb) then excluded.anchor_at else c.anchor_at end,
            checked_at = case when excluded.enabled and (not c.enabled or c.spec::jsonb <> excluded.spec::jsonb) then excluded.checked_at else c.checked_at end`,
    [sourceNo, JSON.stringify(wanted.spec), wanted.enabled, now],
  );
}

/** Removes the schedule of a source with its points; false when there is none. A running job is not touched. */
export async function deleteSchedule(pool: SqlPool, sourceNo: number): Promise<boolean> {
  return pool.transaction(async (sql) => {
    await sql.query('delete from schedule_point where source_no = $1', [sourceNo]);
    return (await sql.query('delete from schedule where source_no = $1 returning 1', [sourceNo])).length > 0;
  });
}

/** A point at which no job was started. */
export interface SkippedPoint {
  readonly at: Date;
  readonly reason: string;
}

/** The newest skipped points of a source (SCH-10), newest first. */
export async function listSkippedPoints(sql: Sql, sourceNo: number, limit: number): Promise<SkippedPoint[]> {
  return sql.query<SkippedPoint>(
    `select at, coalesce(reason, '') as reason from schedule_point where source_no = $1 and outcome = 'skipped' order by at desc limit $2`,
    [sourceNo, limit],
  );
}

/** Points remembered for each source; older ones are forgotten. */
export const KEPT_POINTS = 200;

/** Notes points that passed without anybody hearing of them (SCH-10), and how far the schedule is accounted for. */
export async function noteMissedPoints(
  pool: SqlPool,
  sourceNo: number,
  points: readonly Date[],
  reason: string,
  checkedAt: Date,
): Promise<void> {
  await pool.transaction(async (sql) => {
    await sql.query(
      `insert into schedule_point (source_no, at, outcome, reason) select $1, p, 'skipped', $3 from unnest($2::timestamptz[]) p
       on conflict do nothing`,
      [sourceNo, points, reason],
    );
    await sql.query('update schedule set checked_at = greatest(checked_at, $2) where source_no = $1', [
      sourceNo,
      checkedAt,
    ]);
    await sql.query(
      `delete from schedule_point where source_no = $1 and at < (select at from schedule_point where source_no = $1 order by at desc offset $2 limit 1)`,
      [sourceNo, KEPT_POINTS - 1],
    );
  });
}
