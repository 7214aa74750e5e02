import { errorCode } from '../../runtime/error-code.js';
import type { Sql, SqlPool } from '../database.js';

/** Logs removed in one transaction. */
const BATCH_RUNS = 20;
/** Contents removed in one transaction. */
const BATCH_CONTENTS = 2_000;

/** Tables with rows of runs, beside `run` itself and `entity_log`. */
const RUN_TABLES = [
  'absence',
  'run_chain',
  'run_counter',
  'run_failure',
  'run_held',
  'run_page',
  'run_phase',
  'run_skip',
  'run_target',
  'run_type',
  'run_unknown',
  'run_unknown_count',
  'simulated_entity',
  'simulated_position',
  'simulated_result',
  'traced_content',
];

const EARLIEST = 'now() - make_interval(days => (select job_log_days from installation))';
const IS_EXPIRED = `state = 'finished' and not is_log_deleted and ended_at < ${EARLIEST}`;

/**
 * What still goes by the row of a run: its plan, a streak of failed jobs that mails tell of, and healing, which keeps what it may not do with the
 * last job of the source. Its log is deleted all the same (RET-3).
 */
const IS_REFERRED_TO = `
  exists (select from plan p where p.run_key = r.run_key)
  or exists (select from notification_state n where n.failed_run = r.run_key)
  or r.run_key = (select max(l.run_key) from run l where l.source_id = r.source_id)`;

/** RET-4: what entities contain is kept for a shorter time than the log of their job, or has lost it. The records themselves stay (LOG-6). */
const HAS_OLD_CONTENTS = `
  r.traced is not null and r.state = 'finished'
  and (r.is_log_deleted or r.ended_at < now() - make_interval(days => (select content_log_days from installation)))`;

/** What is left to remove of a deleted log: everything, or only the row that something refers to. */
const HAS_ROWS = 'exists (select from run_chain c where c.run_key = r.run_key)';

/** Deletes the logs of all finished jobs (RET-2): nobody sees them from now on. Returns how many. */
export async function deleteAllLogs(sql: Sql): Promise<number> {
  const deleted = await sql.query(
    `update run set is_log_deleted = true where state = 'finished' and not is_log_deleted returning 1`,
  );
  return deleted.length;
}

/** True when {@link removeDeletedLogs} has something to do. */
export async function hasOldLogs(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ found: boolean }>(
    `select exists (select from run where ${IS_EXPIRED})
         or exists (select from run r where r.is_log_deleted and (${HAS_ROWS} or not (${IS_REFERRED_TO})))
         or exists (select from run r where ${HAS_OLD_CONTENTS} and exists (select from traced_content c where c.run_key = r.run_key)) as found`,
  );
  if (row?.found === true) return true;
  return (await oldPartitions(sql)).length > 0;
}

/**
 * Deletes the logs of jobs that ended too long ago (RET-1), contents that are not kept any more (RET-4), and removes all rows of deleted logs, a few at a time. False: there are more. What it
 * has done stays done, whenever it is stopped.
 */
export async function removeDeletedLogs(pool: SqlPool): Promise<boolean> {
  await pool.query(`update run set is_log_deleted = true where ${IS_EXPIRED}`);
  for (const name of await oldPartitions(pool)) await dropDay(pool, name);
  // Attempts of healing for which there was no day.
  await pool.query(`delete from entity_log_default where run_key is null and at < ${EARLIEST}`);
  if (!(await removeOldContents(pool))) return false;
  return pool.transaction(async (sql) => {
    const runs = await sql.query<{ runKey: string; isReferredTo: boolean; isOld: boolean }>(
      `select r.run_key::text as "runKey", ${IS_REFERRED_TO} as "isReferredTo", r.ended_at < ${EARLIEST} as "isOld" from run r
        where r.is_log_deleted and (${HAS_ROWS} or not (${IS_REFERRED_TO})) order by r.run_key limit $1 for update skip locked`,
      [BATCH_RUNS],
    );
    if (runs.length === 0) return true;
    const keys = runs.map((run) => run.runKey);
    // Millions of rows are not removed one by one when their day is dropped within the next one.
    const young = runs.filter((run) => !run.isOld).map((run) => run.runKey);
    await sql.query('delete from entity_log where run_key = any($1::bigint[])', [young]);
    for (const table of ['entity_log_default', ...RUN_TABLES])
      await sql.query(`delete from ${table} where run_key = any($1::bigint[])`, [keys]);
    const free = runs.filter((run) => !run.isReferredTo).map((run) => run.runKey);
    await sql.query('delete from run where run_key = any($1::bigint[])', [free]);
    return runs.length < BATCH_RUNS;
  });
}

/** False: there are more. */
async function removeOldContents(sql: Sql): Promise<boolean> {
  const removed = await sql.query(
    `delete from traced_content
      where ctid = any(array(select c.ctid from run r join traced_content c on c.run_key = r.run_key where ${HAS_OLD_CONTENTS} limit $1)) returning 1`,
    [BATCH_CONTENTS],
  );
  return removed.length < BATCH_CONTENTS;
}

/** SQLSTATE `lock_not_available`. */
const LOCKED = '55P03';

/**
 * Dropping a day locks the whole log for a moment. Whoever writes or reads it just now is not to be waited for, because everybody else would
 * queue up behind: the day goes with another round.
 */
async function dropDay(pool: SqlPool, name: string): Promise<void> {
  try {
    await pool.transaction(async (sql) => {
      await sql.query(`set local lock_timeout = '500ms'`);
      await sql.query(`drop table if exists ${name}`);
    });
  } catch (error) {
    if (errorCode(error) !== LOCKED) throw error;
  }
}

/** Days of the entity log from which no job is left that could show them, and which are older than the retention themselves. */
async function oldPartitions(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ name: string }>(
    `select d.name
       from (select c.relname as name, to_date(right(c.relname, 8), 'YYYYMMDD') + 1 as ends_on
               from pg_inherits i join pg_class c on c.oid = i.inhrelid
              where i.inhparent = 'entity_log'::regclass and c.relname ~ '^entity_log_\\d{8}$') d
      where d.ends_on < (now() at time zone 'utc') - make_interval(days => (select job_log_days from installation))
        and not exists (select from run r where not r.is_log_deleted and r.started_at < d.ends_on at time zone 'utc')
      order by d.name`,
  );
  return rows.map((row) => row.name);
}
