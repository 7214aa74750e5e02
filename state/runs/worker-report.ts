import type { Sql } from '../database.js';
import { newJobId } from './job-id.js';

/**
 * SQL: the run is paused for reasons outside the user's control (STP-5): no worker has reported of it for so long, although it does not rest by
 * itself (a target that asks for patience) and no worker that is busy with other runs was there, whose next slot it waits for. Whoever
 * reports of it next resumes it. Columns of `run` without a prefix.
 */
export const IS_PAUSED = `greatest(requested_at, heartbeat_at, waits_until, workers_seen_at) < now() - interval '60 seconds'`;

/**
 * SQL: nobody is left who could end a stopped run: its workers have told nothing for twice the time they need, also not since the stop
 * (STP-2, STP-9). A run that rests is woken by the stop, so its rest does not count.
 */
export const IS_ABANDONED = `greatest(requested_at, heartbeat_at) < now() - interval '20 seconds' and stop_requested_at < now() - interval '20 seconds'`;

/** A job that is paused, also before it had begun, and is not to be stopped goes on under a new id and as started at once (STP-4, STP-9). */
const RESUMES = `state in ('starting', 'running') and not cancel_requested and ${IS_PAUSED}`;

/**
 * SET list of each statement by which a worker reports: it resumes a paused job. The older id stays an alias, Triggered By is kept (STA-4).
 *
 * @param newId number of the parameter with a job id that is used if the job is resumed.
 */
export function reportedBy(newId: number): string {
  return `heartbeat_at = now(),
      job_ids = case when ${RESUMES} then job_ids || $${newId}::text else job_ids end,
      trigger_type = case when ${RESUMES} then 'IMMEDIATE' else trigger_type end`;
}

/** What the watch of a running activity looks at. */
export interface RunSignal {
  readonly stop: boolean;
  /** Another attempt owns the run, or it is closed. */
  readonly lost: boolean;
}

/** One look at the stop flag and the owner. */
export async function readRunSignal(sql: Sql, runKey: string, owner: string): Promise<RunSignal> {
  const [row] = await sql.query<{ stop: boolean }>(
    `select cancel_requested as stop from run where run_key = $1 and owner = $2 and state = 'running'`,
    [runKey, owner],
  );
  return { stop: row?.stop === true, lost: row === undefined };
}

/**
 * The same, and tells that a worker is alive (STP-5); a paused job is resumed by it. A worker that the run was taken from reports nothing:
 * it must not make a run look alive that nobody works on.
 */
export async function reportWorker(sql: Sql, runKey: string, owner: string): Promise<RunSignal> {
  const [row] = await sql.query<{ stop: boolean }>(
    `update run set ${reportedBy(3)}
      where run_key = $1 and owner = $2 and state = 'running' returning cancel_requested as stop`,
    [runKey, owner, newJobId()],
  );
  return { stop: row?.stop === true, lost: row === undefined };
}

/**
 * A worker that works on one run is there for all others, which may only wait for one of its slots: they do not become paused. One that is
 * paused already stays so until somebody works on it. Rows that others hold are theirs to tell about.
 */
export async function noteWorkersAlive(sql: Sql, runKey: string): Promise<void> {
  await sql.query(
    `update run set workers_seen_at = now()
      where run_key in (select run_key from run
                         where state in ('starting', 'running') and run_key <> $1 and not (${IS_PAUSED})
                         order by run_key for update skip locked)`,
    [runKey],
  );
}

/** The run rests so long by itself, which is no pause (a gate is closed, the source asked for patience). */
export async function noteRest(sql: Sql, runKey: string, owner: string, ms: number): Promise<void> {
  await sql.query(
    `update run set waits_until = greatest(waits_until, now() + $3::int * interval '1 millisecond')
      where run_key = $1 and owner = $2 and state = 'running'`,
    [runKey, owner, Math.ceil(ms)],
  );
}
