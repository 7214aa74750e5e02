import { BACKLOG_STATE, LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';
import { switchedOffLine } from '../../core/logs/trace.js';
import { switchOffUsed } from '../logs/content-switches.js';
import { noteRunEnd } from '../notifications/job-events.js';
import { IN_STEP } from '../intake/demand.js';
import type { TargetProgram } from '../intake/demand.js';
import type { JobStatus } from './run.js';
import { RUN_CHANNEL } from './run.js';
import { RESULT_SQL } from './result-sql.js';

/** Pairs of this source that a process still works on. */
export async function hasLiveLeases(sql: Sql, sourceNo: number): Promise<boolean> {
  const rows = await sql.query(
    'select 1 from backlog where source_id = $1 and lease_until > clock_timestamp() limit 1',
    [sourceNo],
  );
  return rows.length > 0;
}

/** What is said of entities of a type that do not meet the condition of a target (SKP-9). */
export interface ConditionReason {
  readonly targetNo: number;
  readonly type: number;
  readonly reason: string;
}

/** HEA-5: who wants the pair to be left alone, and why. */
const QUARANTINE_REASON = `
  (select 'In quarantine (' || q.author || '): ' || q.note from quarantine q where q.target_id = t.target_id and q.entity_no = s.entity_no)`;

/** SQL: who was delivered in the page `p`, as `s`, with link and backlog row in the target `t.target_id`. */
const SEEN = `
      cross join lateral unnest(p.seen) as s (entity_no)
       left join link l on l.target_id = t.target_id and l.entity_no = s.entity_no and l.ord = 0
       left join backlog b on b.target_id = t.target_id and b.entity_no = s.entity_no`;

/** SQL: marked as not wanted or parked, and nothing was tried in the run $1. */
const IS_SKIPPED = `(l.state = ${LINK_STATE.skipped} or (l.state = ${LINK_STATE.linked} and l.out_of_scope)
             or b.state in (${BACKLOG_STATE.parked}, ${BACKLOG_STATE.quarantined}))
        and not exists (select from entity_log g where g.run_key = $1 and g.target_id = t.target_id and g.entity_no = s.entity_no)
        and not exists (select from change c where c.target_id = t.target_id and c.entity_no = s.entity_no and c.standing and c.state in ('held', 'approved'))`;

/** Somebody whom {@link storeSkips} will count. */
export interface SkippedEntity {
  readonly pageNo: number;
  readonly entityNo: number;
  readonly sourceKey: string;
  /** Of the sealed common JSON. */
  readonly bytes: number;
}

/** Whom a target skips without an attempt, as {@link storeSkips} will find them, in the order of the pages after a position. */
export async function listSkipped(
  sql: Sql,
  runKey: string,
  pair: { readonly targetNo: number; readonly type: number },
  after: { readonly pageNo: number; readonly entityNo: number },
  limit: number,
): Promise<SkippedEntity[]> {
  return sql.query<SkippedEntity>(
    `select p.page_no as "pageNo", s.entity_no as "entityNo", e.source_key as "sourceKey", octet_length(eb.body) as bytes
       from run_page p
       join run_type rt on rt.run_key = p.run_key and rt.type = p.type and rt.epoch = p.epoch
      cross join (select $2::int as target_id) t
      ${SEEN}
       join entity e on e.entity_no = s.entity_no
       join entity_body eb on eb.entity_no = s.entity_no
      where p.run_key = $1 and p.type = $3 and p.page_no >= $4 and (p.page_no, s.entity_no) > ($4::int, $5::bigint)
        and ${IS_SKIPPED}
      order by p.page_no, s.entity_no limit $6`,
    [runKey, pair.targetNo, pair.type, after.pageNo, after.entityNo, limit],
  );
}

/**
 * Skipped results of entities that needed no attempt (engine.md §8): delivered, present, and marked as not wanted or parked. One array
 * for each page, target and reason; those arrays are the logged results.
 */
export async function storeSkips(sql: Sql, runKey: string, reasons: readonly ConditionReason[]): Promise<void> {
  await sql.query(
    `insert into run_skip (run_key, target_id, type, page_no, reason, entity_nos)
     select p.run_key, t.target_id, p.type, p.page_no,
            case when b.state = ${BACKLOG_STATE.parked} then coalesce(b.error_class, '')
                 when b.state = ${BACKLOG_STATE.quarantined} then coalesce(${QUARANTINE_REASON}, '') else t.reason end as reason,
            array_agg(distinct s.entity_no)
       from run_page p
       join run_type rt on rt.run_key = p.run_key and rt.type = p.type and rt.epoch = p.epoch
       join unnest($2::int[], $3::smallint[], $4::text[]) as t (target_id, type, reason) on t.type = p.type
      ${SEEN}
      where p.run_key = $1
        and ${IS_SKIPPED}
      group by 1, 2, 3, 4, 5
     on conflict do nothing`,
    [runKey, reasons.map((one) => one.targetNo), reasons.map((one) => one.type), reasons.map((one) => one.reason)],
  );
}

/** Replaces the live counters by the exact ones: the source from its winning pages, distinct; targets from the logged results (STA-10). */
export async function countExactly(sql: Sql, runKey: string, sourceNo: number): Promise<void> {
  await sql.query('delete from run_counter where run_key = $1', [runKey]);
  await sql.query(
    `insert into run_counter (run_key, system_id, type, action, read_count, skipped, failed)
     select $1, $2, t.type, 'read', coalesce(d.delivered, 0) + coalesce(f.failed, 0), coalesce(d.skipped, 0), coalesce(f.failed, 0)
       from run_type t
       left join lateral (select count(distinct u.n)::bigint as delivered, (count(distinct u.n) filter (where u.skipped))::bigint as skipped
                            from run_page p cross join lateral (select unnest(p.seen) as n, false as skipped
                                                                union all select unnest(p.skipped), true) u
                           where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch) d on true
       left join lateral (select sum(p.failed_count)::bigint as failed from run_page p
                           where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch) f on true
      where t.run_key = $1`,
    [runKey, sourceNo],
  );
  await sql.query(
    `insert into run_counter (run_key, system_id, type, action, created, updated, deleted, skipped, failed, held)
     select $1, r.target_id, r.type, 'write', count(*) filter (where r.result = 'created'), count(*) filter (where r.result = 'updated'),
            count(*) filter (where r.result = 'deleted'), count(*) filter (where r.result = 'skipped'), count(*) filter (where r.result = 'failed'),
            count(*) filter (where r.result = 'held')
       from (${RESULT_SQL}) r group by r.target_id, r.type`,
    [runKey],
  );
}

/** Sum of the Failed column. */
export async function countFailed(sql: Sql, runKey: string): Promise<number> {
  const [row] = await sql.query<{ failed: number }>(
    'select coalesce(sum(failed), 0)::int as failed from run_counter where run_key = $1',
    [runKey],
  );
  return row?.failed ?? 0;
}

/** Nobody but the Resync itself may use its force; pairs that were due by force alone are in step again (engine.md §6). */
export async function dropForce(
  sql: Sql,
  runKey: string,
  sourceNo: number,
  targets: readonly TargetProgram[],
): Promise<void> {
  await sql.query(
    `delete from backlog b
      using unnest($3::int[], $4::int[]) as t (target_id, program), entity e, link l
      where b.target_id = t.target_id and b.source_id = $2 and b.force_run = $1 and b.lease_until is null and not b.forced and b.state <> ${BACKLOG_STATE.quarantined}
        and e.entity_no = b.entity_no and l.target_id = b.target_id and l.entity_no = b.entity_no and l.ord = 0 and (${IN_STEP})`,
    [runKey, sourceNo, targets.map((target) => target.targetNo), targets.map((target) => target.program)],
  );
  await sql.query('update backlog set force_run = null where source_id = $2 and force_run = $1', [runKey, sourceNo]);
}

/**
 * Removes entities that are gone from the source and from every target; what is linked, due or referred to stays. A released link says
 * nothing more of somebody who is gone: the target entity stands in the list of those that are no longer managed (DEL-22).
 */
export async function removeForgotten(sql: Sql, sourceNo: number): Promise<void> {
  await sql.query(
    `delete from link l using entity e
      where e.entity_no = l.entity_no and e.source_id = $1 and e.presence = ${PRESENCE.absent} and l.state = ${LINK_STATE.released}
        and not exists (select from backlog b where b.target_id = l.target_id and b.entity_no = l.entity_no)`,
    [sourceNo],
  );
  const gone = await sql.query<{ entityNo: number }>(
    `delete from entity e
      where e.source_id = $1 and e.presence = ${PRESENCE.absent}
        and not exists (select from link l where l.entity_no = e.entity_no)
        and not exists (select from backlog b where b.entity_no = e.entity_no)
        and not exists (select from link_member m where m.group_no = e.entity_no)
      returning entity_no as "entityNo"`,
    [sourceNo],
  );
  if (gone.length === 0) return;
  const numbers = gone.map((row) => row.entityNo);
  await sql.query('delete from entity_body where entity_no = any($1::bigint[])', [numbers]);
  await sql.query('delete from member where group_no = any($1::bigint[])', [numbers]);
  await sql.query('delete from unresolved_ref where owner_no = any($1::bigint[])', [numbers]);
  await sql.query('delete from write_back where entity_no = any($1::bigint[])', [numbers]);
}

/** The run's row, locked until the transaction ends; undefined when the run is not this owner's. */
export async function lockRun(
  sql: Sql,
  runKey: string,
  owner: string,
): Promise<{ readonly cancelRequested: boolean; readonly errorMessage: string | null } | undefined> {
  const [row] = await sql.query<{ cancelRequested: boolean; errorMessage: string | null }>(
    `select cancel_requested as "cancelRequested", error_message as "errorMessage" from run
      where run_key = $1 and owner = $2 and state = 'running' for update`,
    [runKey, owner],
  );
  return row;
}

/** The final word on a run; the next queued one may start (JOB-13). What it has used of content tracing is off from now on (TRC-2). */
export async function closeRun(sql: Sql, runKey: string, status: JobStatus, lines: readonly string[]): Promise<void> {
  const outcome = [...lines, ...(await switchOffTracing(sql, runKey))];
  await sql.query(`update run set state = 'finished', status = $2, outcome = $3, ended_at = now() where run_key = $1`, [
    runKey,
    status,
    outcome,
  ]);
  await noteRunEnd(sql, runKey);
  await sql.query('select pg_notify($1, $2)', [RUN_CHANNEL, runKey]);
}

/** Switches off what the run has used of content tracing (TRC-2); what *Job Execution Outcome* says of it. */
export async function switchOffTracing(sql: Sql, runKey: string): Promise<string[]> {
  const names = await switchOffUsed(sql, runKey);
  return names.length === 0 ? [] : [switchedOffLine(names)];
}

/** Deletions that the source has reported itself, by type; types without any are left out. */
export async function countReportedDeletions(sql: Sql, runKey: string): Promise<{ type: number; count: number }[]> {
  return sql.query<{ type: number; count: number }>(
    `select t.type, sum(p.tombstones)::int as count
       from run_type t join run_page p using (run_key, type, epoch)
      where run_key = $1
      group by 1 having sum(p.tombstones) > 0 order by 1`,
    [runKey],
  );
}
