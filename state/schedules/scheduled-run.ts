import type { Sql, SqlPool } from '../database.js';
import { newJobId } from '../runs/job-id.js';
import { insertRun } from '../runs/request-run.js';
import { RUN_CHANNEL } from '../runs/run.js';

/** What became of a point of a schedule. `known`: it was told before; `off`: there is nothing to run any more. */
export type PointOutcome = 'started' | 'skipped' | 'refused' | 'known' | 'off';

interface ScheduledSource {
  readonly no: number;
  readonly name: string;
  readonly isOn: boolean;
  readonly isConfigured: boolean;
  readonly hasTarget: boolean;
  readonly isBusy: boolean;
}

/**
 * Requests the Read of a point of a schedule. While any job of the source runs or waits the point is skipped (SCH-8); a source that could
 * not run at all gets a job that says why (SYS-9, SYS-23); a schedule or source that is off gets nothing (SCH-6, SYS-20). Each point counts
 * once, however often it is told.
 */
export async function requestScheduledRun(pool: SqlPool, sourceId: string, at: Date): Promise<PointOutcome> {
  return pool.transaction(async (sql) => {
    const source = await lockSource(sql, sourceId);
    if (source === undefined || !source.isOn) return 'off';
    const isNew = await sql.query(
      `insert into schedule_point (source_no, at, outcome) values ($1, $2, 'started') on conflict do nothing returning 1`,
      [source.no, at],
    );
    if (isNew.length === 0) return 'known';
    if (source.isBusy) {
      await skip(sql, source.no, at, 'a job of this source was running or waiting');
      return 'skipped';
    }
    const problem = problemOf(source);
    if (problem !== undefined) {
      await insertRefused(sql, source, problem);
      return 'refused';
    }
    const request = { sourceNo: source.no, kind: 'read', trigger: 'REPEAT', triggeredBy: null } as const;
    const run = await insertRun(sql, request, 'starting');
    await sql.query('select pg_notify($1, $2)', [RUN_CHANNEL, run.runKey]);
    return 'started';
  });
}

async function lockSource(sql: Sql, sourceId: string): Promise<ScheduledSource | undefined> {
  // Requests of one source stand in a row; what is looked at must be newer than the lock.
  await sql.query(`select no from system where id = $1 and role = 'source' for update`, [sourceId]);
  const [source] = await sql.query<ScheduledSource>(
    `select s.no, s.name, s.enabled and coalesce(c.enabled, false) as "isOn",
            exists (select from system_property p where p.system_no = s.no) as "isConfigured",
            exists (select from connected_pair p where p.source_id = s.no and p.enabled) as "hasTarget",
            exists (select from run r where r.source_id = s.no and r.state <> 'finished') as "isBusy"
       from system s left join schedule c on c.source_no = s.no where s.id = $1 and s.role = 'source'`,
    [sourceId],
  );
  return source;
}

function problemOf(source: ScheduledSource): string | undefined {
  if (!source.isConfigured) return `${source.name} has no properties: enter the connection to its back end first`;
  return source.hasTarget ? undefined : `no enabled target is connected to ${source.name}`;
}

async function skip(sql: Sql, sourceNo: number, at: Date, reason: string): Promise<void> {
  await sql.query(`update schedule_point set outcome = 'skipped', reason = $3 where source_no = $1 and at = $2`, [
    sourceNo,
    at,
    reason,
  ]);
}

/** SYS-9, SYS-23: the occurrence stands in the job log, so that somebody sees that nothing is provisioned. */
async function insertRefused(sql: Sql, source: ScheduledSource, message: string): Promise<void> {
  await sql.query(
    `insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type, is_scheduled, started_at, ended_at, error_message)
     values ($1, $2, 'read', 'finished', 'Finished with Error', array[$3], 'REPEAT', true, now(), now(), $4)`,
    [source.no, source.name, newJobId(), message],
  );
}
