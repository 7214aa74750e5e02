import type { Sql, SqlPool } from '../database.js';
import { newJobId } from './job-id.js';
import { PLAN_FIRST_PROPERTY, RUN_CHANNEL } from './run.js';
import type { Acceptances, RunKind, TriggerType } from './run.js';

/** A job that somebody, or a schedule, wants. */
export interface RunRequest {
  readonly sourceNo: number;
  readonly kind: RunKind;
  readonly trigger: TriggerType;
  /** STA-4; null for scheduled jobs. */
  readonly triggeredBy: string | null;
  /** The plan to apply, of kind `apply`. */
  readonly planNo?: number;
  /** Of a plan: whether accounts that exist are looked for (PLN-14); absent: in targets where the source has provisioned nobody. */
  readonly match?: boolean;
  /** What is accepted for this job (DEL-21, UNK-4). */
  readonly accepts?: Acceptances;
}

/** What became of a request. */
export interface RequestedRun {
  readonly runKey: string;
  readonly jobId: string;
  /** `starting`: its workflow may be started now. `queued`: after the running job of the source (JOB-13). */
  readonly state: 'starting' | 'queued';
  /** An equal job was queued already; this is it. */
  readonly existing: boolean;
}

interface RunRow {
  runKey: number;
  jobId: string;
  state: 'starting' | 'queued';
}

/**
 * Stores a new job of a source: at most one runs and at most one of each kind waits (JOB-13); a further request gets the waiting one.
 * The caller has checked that the source may run at all (SYS-20, SYS-23).
 */
export async function requestRun(pool: SqlPool, request: RunRequest): Promise<RequestedRun> {
  return pool.transaction(async (sql) => {
    // Requests of one source stand in a row, so that two of them see each other before the unique indexes have to refuse one.
    await sql.query('select no from system where no = $1 for update', [request.sourceNo]);
    const kind = await kindInForce(sql, request);
    const queued = await findQueued(sql, { ...request, kind });
    if (queued !== undefined) {
      await acceptMore(sql, queued.runKey, request.accepts);
      return { ...queued, existing: true };
    }
    // Also behind one that waits: between the end of a run and the start of the next nobody jumps the queue.
    const open = await sql.query(`select 1 from run where source_id = $1 and state <> 'finished'`, [request.sourceNo]);
    const run = await insertRun(sql, request, open.length > 0 ? 'queued' : 'starting');
    await sql.query('select pg_notify($1, $2)', [RUN_CHANNEL, run.runKey]);
    return { ...run, existing: false };
  });
}

async function findQueued(sql: Sql, request: RunRequest): Promise<Omit<RequestedRun, 'existing'> | undefined> {
  const rows = await sql.query<RunRow>(
    `select run_key as "runKey", job_ids[cardinality(job_ids)] as "jobId", state
       from run where source_id = $1 and kind = $2 and state = 'queued' and plan_no is not distinct from $3`,
    [request.sourceNo, request.kind, request.planNo ?? null],
  );
  return rows[0] && toRequested(rows[0]);
}

/** A request that gets a waiting job gets it with what it accepts: it would be lost otherwise, without a word. */
async function acceptMore(sql: Sql, runKey: string, accepts: Acceptances | undefined): Promise<void> {
  if (accepts === undefined) return;
  const [row] = await sql.query<{ accepts: Acceptances | null }>('select accepts from run where run_key = $1', [
    runKey,
  ]);
  const before = row?.accepts ?? { emptyRead: [], readSize: [] };
  const both: Acceptances = {
    emptyRead: [...new Set([...before.emptyRead, ...accepts.emptyRead])],
    readSize: [...new Set([...before.readSize, ...accepts.readSize])],
  };
  await sql.query('update run set accepts = $2::json where run_key = $1', [runKey, JSON.stringify(both)]);
}

/** Jobs of a source that plans first stop at their plan (PLN-13). */
async function kindInForce(sql: Sql, request: RunRequest): Promise<RunKind> {
  if (request.kind !== 'read' && request.kind !== 'resync') return request.kind;
  const rows = await sql.query(
    `select 1 from system_property where system_no = $1 and name = $2 and btrim(value) = 'true'`,
    [request.sourceNo, PLAN_FIRST_PROPERTY],
  );
  if (rows.length === 0) return request.kind;
  return request.kind === 'read' ? 'readPlan' : 'resyncPlan';
}

/** Stores a new run. The caller holds the lock of its source and knows that the unique indexes allow it. */
export async function insertRun(
  sql: Sql,
  request: RunRequest,
  state: 'starting' | 'queued',
): Promise<Omit<RequestedRun, 'existing'>> {
  const kind = await kindInForce(sql, request);
  const rows = await sql.query<RunRow>(
    `insert into run (source_id, source_name, kind, state, job_ids, trigger_type, is_scheduled, triggered_by, plan_no, plan_first, match, accepts)
     select s.no, s.name, $2, $3, array[$4], $5, $5 = 'REPEAT', $6, $7, $8, $9, $10::json from system s where s.no = $1 and s.role = 'source'
     returning run_key as "runKey", job_ids[1] as "jobId", state`,
    [
      request.sourceNo,
      kind,
      state,
      newJobId(),
      request.trigger,
      request.triggeredBy,
      request.planNo ?? null,
      kind !== request.kind,
      request.match ?? null,
      request.accepts === undefined ? null : JSON.stringify(request.accepts),
    ],
  );
  if (rows[0] === undefined) throw new RangeError(`there is no source system with the number ${request.sourceNo}`);
  return toRequested(rows[0]);
}

function toRequested(row: RunRow): Omit<RequestedRun, 'existing'> {
  return { runKey: String(row.runKey), jobId: row.jobId, state: row.state };
}
