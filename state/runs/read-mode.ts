import { BACKLOG_STATE, PRESENCE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { holdFence } from './fence.js';
import type { RunFence } from './fence.js';
import type { JobStatus } from './run.js';

/** What part of a source may have changed for a delta read (RDM-13). */
export interface ShareLimit {
  /** Of all entities, 1 to 99. */
  readonly percent: number;
  /** The last entity that was there when the run began: what it brings does not make the source larger. */
  readonly upToNo: number;
}

/** The highest number of an entity that there is: those of a run that begins now are higher. */
export async function lastEntityNo(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ no: number }>('select coalesce(max(entity_no), 0)::int8 as no from entity');
  return row?.no ?? 0;
}

/** Entities of a source up to this number, counted to `limit` at most: takes time in proportion to the limit, not to the source. */
export async function countEntities(
  sql: Sql,
  sourceNo: number,
  range: { readonly upToNo: number; readonly limit: number },
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count
       from (select 1 from entity where source_id = $1 and presence <> ${PRESENCE.absent} and entity_no <= $2 limit $3) e`,
    [sourceNo, range.upToNo, range.limit],
  );
  return row?.count ?? 0;
}

/** Entities that wait to be repeated in some target (RDM-12, RDM-13). */
export async function countRetries(sql: Sql, sourceNo: number): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(distinct entity_no)::int as count from backlog
      where source_id = $1 and state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred})`,
    [sourceNo],
  );
  return row?.count ?? 0;
}

/** Changes that the delta read/** Changes that the delta read of a run has announced or delivered so far, over all types. */
export async function changesSoFar(sql: Sql, runKey: string): Promise<number> {
  const [row] = await sql.query<{ changes: number }>(
    `select coalesce(sum(greatest(coalesce(t.total, 0), coalesce(d.delivered, 0))), 0)::int as changes
       from run_type t
       left join lateral (select sum(cardinality(p.seen) + cardinality(p.skipped) + p.failed_count) as delivered from run_page p
                           where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch) d on true
      where t.run_key = $1 and t.read_mode = 'delta'`,
    [runKey],
  );
  return row?.changes ?? 0;
}

/**
 * Turns a delta run into a full one (RDM-8, RDM-13): every type begins again from its first page, and what was counted of the reading is
 * taken back. What was written meanwhile stays written.
 */
export async function turnFull(pool: SqlPool, fence: RunFence, sourceNo: number): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await sql.query(
      `update run set mode = 'full', frozen = (frozen::jsonb || '{"watermarks": {}}')::json, intake_ended = false
        where run_key = $1 and mode = 'delta'`,
      [fence.runKey],
    );
    await sql.query(
      `update run_type set state = 'reading', read_mode = 'full', epoch = epoch + 1, pages = 0, cursor = null, total = null, drift = null,
              first_read_seq = null, last_page_at = null, cause = null, watermark = null
        where run_key = $1`,
      [fence.runKey],
    );
    await sql.query(`update run_target set late_types = '{}' where run_key = $1`, [fence.runKey]);
    await sql.query(
      `update run_counter set read_count = 0, skipped = 0, failed = 0 where run_key = $1 and system_id = $2 and action = 'read'`,
      [fence.runKey, sourceNo],
    );
  });
}

/**
 * True when one of these types, which were read before, is to be read again: only {@link turnFull} does that. Targets may be past them, so
 * the whole run has to begin again.
 */
export async function isToBeginAgain(sql: Sql, runKey: string, earlierTypes: readonly number[]): Promise<boolean> {
  if (earlierTypes.length === 0) return false;
  const rows = await sql.query(
    `select 1 from run_type where run_key = $1 and type = any($2::smallint[]) and state = 'reading' limit 1`,
    [runKey, earlierTypes],
  );
  return rows.length > 0;
}

/** Why a scheduled Read is a full one although delta is on, as it stands in the frozen configuration. */
interface ScheduledRun {
  readonly sourceNo: number;
  readonly mode: 'full' | 'delta' | null;
  readonly forced: boolean;
  readonly isLimited: boolean;
}

/**
 * Moves the counter of `ips.full.read.force.count` at the end of a run (RDM-9 to RDM-11). Only scheduled Reads move it: a delta job that
 * ended with *Success* or *Finished with Error* counts, also if it was paused in between, a forced full read that succeeded (`clean`) sets it back, and without the property
 * nothing is counted. Call it in the transaction that closes the run.
 */
export async function moveForcedFullCounter(
  sql: Sql,
  runKey: string,
  status: JobStatus,
  clean: boolean,
): Promise<void> {
  const [run] = await sql.query<ScheduledRun>(
    `select source_id as "sourceNo", mode, coalesce((frozen->>'forcedFull')::boolean, false) as forced,
            coalesce(frozen #>> '{source,properties,ips.full.read.force.count}', '') <> '' as "isLimited"
       from run where run_key = $1 and kind = 'read' and is_scheduled`,
    [runKey],
  );
  if (run === undefined || status === 'Manually Terminated') return;
  if (!run.isLimited || (run.forced && run.mode === 'full' && clean)) {
    await sql.query('update source_state set forced_full_counter = 0 where source_id = $1', [run.sourceNo]);
  } else if (run.mode === 'delta') {
    await sql.query('update source_state set forced_full_counter = forced_full_counter + 1 where source_id = $1', [
      run.sourceNo,
    ]);
  }
}
