import { entityTypeCode, entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { Sql } from '../database.js';
import { RESULT_SQL } from './result-sql.js';
import { READ_SAFETY_PROPERTIES } from '../../core/sync/read-safety.js';
import { IS_SIMULATION } from './run.js';
import type { Acceptances, JobStatus, RunState, TriggerType } from './run.js';
import { IS_PAUSED } from './worker-report.js';

/** One line of the job log (STA-6). */
export interface JobView {
  /** The newest of the job's ids; the older ones stay valid (STP-5). */
  readonly jobId: string;
  /** Ids that the job had before it was paused, oldest first. */
  readonly formerIds: readonly string[];
  readonly runKey: string;
  readonly sourceId: string | null;
  readonly sourceName: string;
  readonly type: 'READ' | 'RESYNC' | 'APPLY' | 'SIMULATE';
  /** Stores its changes and sends none (PLN-3): shown as *Read (plan)*. */
  readonly isPlan: boolean;
  /** The plan that the job made, or applies. */
  readonly planId: string | null;
  readonly status: JobStatus;
  readonly readMode: 'Full Read' | 'Delta Read' | null;
  readonly triggerType: TriggerType;
  readonly triggeredBy: string | null;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly stopRequested: boolean;
  readonly errorMessage: string | null;
  /** Job Execution Outcome, one sentence each (STA-12). */
  readonly outcome: readonly string[];
  /** What was accepted for this job (DEL-21, UNK-4). */
  readonly accepts: Acceptances | null;
  /** Its source follows the reference (GOV-10). */
  readonly referenceBehavior: boolean;
}

/** Which jobs are wanted; all given conditions hold. */
export interface JobFilter {
  readonly sourceNo?: number;
  readonly type?: JobView['type'];
  readonly status?: JobStatus;
  /** Part of the source's name, any case (STA-13). */
  readonly search?: string;
  /** Only jobs that have started. */
  readonly isStarted?: true;
  /** Only jobs that were requested in this time (LOG-3). */
  readonly from?: Date;
  readonly to?: Date;
  /** Only jobs older than this run key (paging: the last one of the page before). */
  readonly beforeRunKey?: string;
  readonly limit: number;
}

const STATUS_SQL = `
  case when r.state = 'queued' then 'Queued'
       when r.state = 'finished' then r.status
       when ${IS_PAUSED} then 'Pending Restart'
       when r.error_message is not null
         or exists (select from run_counter c where c.run_key = r.run_key and c.failed > 0)
         or exists (select from run_target t where t.run_key = r.run_key and t.ended_reason is not null and not t.ended_by_pause) then 'Running with Error'
       else 'Running' end`;

const JOB_SQL = `
  select * from (
    select r.run_key, r.source_id, r.kind, r.state,
           r.job_ids[cardinality(r.job_ids)] as "jobId", trim_array(r.job_ids, 1) as "formerIds", r.run_key::text as "runKey", s.id as "sourceId",
           r.source_name as "sourceName", case when r.kind = 'apply' then 'APPLY' when ${IS_SIMULATION} then 'SIMULATE' when r.kind like 'resync%' then 'RESYNC' else 'READ' end as "type",
           r.kind in ('readPlan', 'resyncPlan') as "isPlan",
           (select p.id from plan p where p.plan_no = r.plan_no or (p.run_key = r.run_key and p.kind = case when r.kind like '%Plan' then 'plan' else 'held' end)
             order by p.plan_no = r.plan_no desc nulls last limit 1) as "planId", ${STATUS_SQL} as "status",
           case r.mode when 'full' then 'Full Read' when 'delta' then 'Delta Read' end as "readMode",
           r.trigger_type as "triggerType", r.triggered_by as "triggeredBy", r.requested_at as "requestedAt",
           r.started_at as "startedAt", r.ended_at as "endedAt", r.cancel_requested as "stopRequested",
           r.error_message as "errorMessage", r.outcome as "outcome", r.accepts,
           coalesce(btrim(r.frozen #>> '{source,properties,${READ_SAFETY_PROPERTIES.reference}}') = 'true', false) as "referenceBehavior", r.job_ids
      from run r left join system s on s.no = r.source_id
     where not r.is_log_deleted
  ) job`;

interface JobRow extends JobView {
  state: RunState;
}

/** Jobs, newest first. */
export async function listJobs(sql: Sql, filter: JobFilter): Promise<JobView[]> {
  const rows = await sql.query<JobRow>(
    `${JOB_SQL}
      where ($1::int is null or source_id = $1) and ($2::text is null or "type" = $2) and ($3::text is null or "status" = $3)
        and ($4::text is null or position(lower($4) in lower("sourceName")) > 0) and ($5::bigint is null or run_key < $5)
        and ($7::timestamptz is null or "requestedAt" >= $7) and ($8::timestamptz is null or "requestedAt" < $8)
        and (not $9::boolean or "startedAt" is not null)
      order by run_key desc limit $6`,
    [
      filter.sourceNo ?? null,
      filter.type ?? null,
      filter.status ?? null,
      filter.search ?? null,
      filter.beforeRunKey ?? null,
      filter.limit,
      filter.from ?? null,
      filter.to ?? null,
      filter.isStarted === true,
    ],
  );
  return rows.map(toView);
}

/** One job by any of its ids; undefined if there is none. */
export async function readJob(sql: Sql, jobId: string): Promise<JobView | undefined> {
  const rows = await sql.query<JobRow>(`${JOB_SQL} where job_ids @> array[$1::text]`, [jobId]);
  return rows[0] && toView(rows[0]);
}

/** When a job began and ended; null for what has not happened. */
export async function readJobTimes(
  sql: Sql,
  runKey: string,
): Promise<{ readonly startedAt: Date | null; readonly endedAt: Date | null }> {
  const [row] = await sql.query<{ startedAt: Date | null; endedAt: Date | null }>(
    'select started_at as "startedAt", ended_at as "endedAt" from run where run_key = $1',
    [runKey],
  );
  return row ?? { startedAt: null, endedAt: null };
}

function toView(row: JobRow): JobView {
  return {
    jobId: row.jobId,
    formerIds: row.formerIds,
    runKey: row.runKey,
    sourceId: row.sourceId,
    sourceName: row.sourceName,
    type: row.type,
    isPlan: row.isPlan,
    planId: row.planId,
    status: row.status,
    readMode: row.readMode,
    triggerType: row.triggerType,
    triggeredBy: row.triggeredBy,
    requestedAt: row.requestedAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    stopRequested: row.stopRequested,
    errorMessage: row.errorMessage,
    outcome: row.outcome,
    accepts: row.accepts,
    referenceBehavior: row.referenceBehavior,
  };
}

/** Names of {@link EntityResultKind}. */
export const ENTITY_RESULTS = ['created', 'updated', 'deleted', 'skipped', 'failed', 'held'] as const;
/** Final result of an entity in a target; the columns of STA-7. */
export type EntityResultKind = (typeof ENTITY_RESULTS)[number];

/** The result of one entity in one target: exactly one for each that was counted (STA-10). */
export interface EntityResult {
  readonly entityNo: number;
  readonly entity: EntityType;
  readonly sourceKey: string;
  readonly targetId: string | null;
  readonly targetName: string;
  readonly targetKey: string | null;
  readonly result: EntityResultKind;
  readonly operation: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly at: Date | null;
  readonly attempts: number;
}

/** Which results of a job are wanted, and how many at most. */
export interface ResultFilter {
  readonly targetNo?: number;
  readonly type?: EntityType;
  readonly result?: EntityResultKind;
  /** Position after which to go on: target number and entity number of the last row. */
  readonly after?: { readonly targetNo: number; readonly entityNo: number };
  readonly limit: number;
}

interface ResultRow extends Omit<EntityResult, 'entity'> {
  type: number;
  targetNo: number;
}

/**
 * Results of a job ordered by target and entity, with the position to go on from, or null at the end. Those of an entity that is several
 * target entities stand on one page, be it longer than the limit (LNK-3).
 */
export async function listResults(
  sql: Sql,
  runKey: string,
  filter: ResultFilter,
): Promise<{ results: EntityResult[]; next: { targetNo: number; entityNo: number } | null }> {
  const rows = await sql.query<ResultRow>(
    `select x.target_id as "targetNo", x.entity_no as "entityNo", x.type, coalesce(x.source_key, e.source_key, '') as "sourceKey",
            s.id as "targetId", coalesce(s.name, 'system ' || x.target_id) as "targetName", coalesce(x.target_key, l.target_key) as "targetKey",
            x.result, x.operation, x.code, x.message, x.at, x.attempts
       from (${RESULT_SQL}) x
       left join entity e on e.entity_no = x.entity_no and x.source_key is null
       left join system s on s.no = x.target_id
       left join link l on l.target_id = x.target_id and l.entity_no = e.entity_no and case when x.part is null then l.ord = 0 else l.part = x.part end
      where ($2::int is null or x.target_id = $2) and ($3::smallint is null or x.type = $3) and ($4::text is null or x.result = $4)
        and ($5::int is null or (x.target_id, x.entity_no) > ($5, $6::bigint))
      order by x.target_id, x.entity_no fetch first ($7::int) rows with ties`,
    [
      runKey,
      filter.targetNo ?? null,
      filter.type === undefined ? null : entityTypeCode(filter.type),
      filter.result ?? null,
      filter.after?.targetNo ?? null,
      filter.after?.entityNo ?? null,
      filter.limit + 1,
    ],
  );
  const last = rows[filter.limit - 1];
  const isNext = (row: ResultRow): boolean => row.targetNo !== last?.targetNo || row.entityNo !== last.entityNo;
  const page = rows.filter((row, index) => index < filter.limit || !isNext(row));
  const after = last && { targetNo: last.targetNo, entityNo: last.entityNo };
  // Where the last entity of the page is several rows, these may be all that was asked for.
  const isOpen = rows.length === page.length && page.length > filter.limit;
  const hasMore = isOpen
    ? (await listResults(sql, runKey, { ...filter, ...(after && { after }), limit: 1 })).results.length > 0
    : rows.length > page.length;
  return {
    results: page.map(({ type, targetNo: _targetNo, ...row }) => ({ ...row, entity: entityTypeOfCode(type) })),
    next: hasMore ? (after ?? null) : null,
  };
}
