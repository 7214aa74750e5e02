import type { Sql, SqlPool } from '../database.js';
import { noteRunEnd } from '../notifications/job-events.js';
import { closeChanges } from '../plans/close-changes.js';
import { forgetStaged } from '../simulation/staging.js';
import { countExactly, switchOffTracing } from './finish-run.js';
import { lostOutcome } from './lost-outcome.js';
import { noteLostUnknown } from './lost-unknown.js';
import { moveForcedFullCounter } from './read-mode.js';
import { isSimulation, RUN_CHANNEL } from './run.js';
import type { JobStatus, RunKind, TriggerType } from './run.js';
import { IS_ABANDONED } from './worker-report.js';

/** A run that should have a workflow. */
export interface OpenRun {
  readonly runKey: string;
  /** Public id of the source system. */
  readonly sourceId: string;
  readonly sourceName: string;
  readonly kind: RunKind;
  readonly trigger: TriggerType;
  readonly state: 'starting' | 'running';
  readonly cancelRequested: boolean;
  /** Names of the enabled connected targets, for the summary that operators see. */
  readonly targetNames: readonly string[];
}

const OPEN_RUN = `
  select r.run_key::text as "runKey", s.id as "sourceId", r.source_name as "sourceName", r.kind, r.trigger_type as "trigger", r.state,
         r.cancel_requested as "cancelRequested",
         coalesce((select array_agg(t.name order by t.name) from connected_pair p join system t on t.no = p.target_id
                    where p.source_id = r.source_id and p.enabled), '{}') as "targetNames"
    from run r join system s on s.no = r.source_id
   where r.state in ('starting', 'running')`;

/** All runs that should have a workflow now. */
export async function listOpenRuns(sql: Sql): Promise<OpenRun[]> {
  return sql.query<OpenRun>(`${OPEN_RUN} order by r.run_key`);
}

/** One of {@link listOpenRuns}; undefined when the run is queued, finished or unknown. */
export async function findOpenRun(sql: Sql, runKey: string): Promise<OpenRun | undefined> {
  return (await sql.query<OpenRun>(`${OPEN_RUN} and r.run_key = $1`, [runKey]))[0];
}

/**
 * Makes the oldest queued run of each source without a running one startable; returns how many. Read before Resync is not promised. The time
 * that it waited is no silence of workers (STP-5).
 */
export async function promoteQueuedRuns(sql: Sql): Promise<number> {
  const rows = await sql.query(
    `update run set state = 'starting', heartbeat_at = now()
      where run_key in (select min(q.run_key) from run q
                         where q.state = 'queued'
                           and not exists (select from run o where o.source_id = q.source_id and o.state in ('starting', 'running'))
                         group by q.source_id)
        and state = 'queued'
      returning run_key`,
  );
  return rows.length;
}

/** How a workflow came to an end that finishRun did not see. */
export type LostEnd = 'terminated' | 'failed' | 'timedOut' | 'lost';

/**
 * Closes a run whose workflow ended without finishRun: never restarted, nothing deleted, what is out of step stays in the backlog.
 * The cancel flag is set first, so that an activity that still runs stops before the row says it is over. The results are counted like
 * those of any run (STA-10). No effect on a closed run.
 */
export async function closeRunAs(pool: SqlPool, runKey: string, end: LostEnd, message: string): Promise<void> {
  await pool.query(`update run set cancel_requested = true where run_key = $1 and state in ('starting', 'running')`, [
    runKey,
  ]);
  await pool.transaction(async (sql) => {
    const sourceNo = await lockOpenRun(sql, runKey, 'true');
    if (sourceNo === undefined) return;
    const status = end === 'terminated' ? 'Manually Terminated' : 'Finished with Error';
    await close(sql, { runKey, sourceNo, status, message });
  });
}

/**
 * Closes a stopped run whose workers are gone (STP-2, STP-9); false when there is somebody who will, or when it is over. Looked at again
 * under the lock of the row: a worker that has just come back ends the run itself.
 */
export async function closeAbandonedStop(pool: SqlPool, runKey: string): Promise<boolean> {
  return pool.transaction(async (sql) => {
    const sourceId = await lockOpenRun(sql, runKey, `cancel_requested and ${IS_ABANDONED}`);
    if (sourceId === undefined) return false;
    await closeStopped(sql, { runKey, sourceId });
    return true;
  });
}

/** Ends a stopped run without its workflow, as its own end would. The caller holds the lock of its row. */
export async function closeStopped(
  sql: Sql,
  run: { readonly runKey: string; readonly sourceId: number },
): Promise<void> {
  await close(sql, { runKey: run.runKey, sourceNo: run.sourceId, status: 'Manually Terminated', message: null });
}

/** Number of the source of an open run that fulfils the condition, its row locked; undefined otherwise. */
async function lockOpenRun(sql: Sql, runKey: string, condition: string): Promise<number | undefined> {
  const [open] = await sql.query<{ sourceNo: number }>(
    `select source_id as "sourceNo" from run where run_key = $1 and state in ('starting', 'running') and ${condition} for update`,
    [runKey],
  );
  return open?.sourceNo;
}

interface Closing {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly status: JobStatus;
  readonly message: string | null;
}

async function close(sql: Sql, { runKey, sourceNo, status, message }: Closing): Promise<void> {
  const [run] = await sql.query<{ kind: RunKind }>('select kind from run where run_key = $1', [runKey]);
  const simulates = run !== undefined && isSimulation(run.kind);
  if (simulates) await forgetStaged(sql, runKey);
  else await closeChanges(sql, runKey, sourceNo);
  await countExactly(sql, runKey, sourceNo);
  const outcome = [...(await lostOutcome(sql, runKey, sourceNo)), ...(await switchOffTracing(sql, runKey))];
  if (!simulates) await noteLostUnknown(sql, runKey, sourceNo);
  await sql.query(
    `update run set state = 'finished', status = $2, error_message = coalesce(error_message, $3), outcome = $4, ended_at = now() where run_key = $1`,
    [runKey, status, message, outcome],
  );
  if (!simulates) await moveForcedFullCounter(sql, runKey, status, false);
  await noteRunEnd(sql, runKey);
  await sql.query('select pg_notify($1, $2)', [RUN_CHANNEL, runKey]);
}

/** Well below {@link SILENT_TRANSACTION_MS}. */
const SIGN_OF_LIFE_MS = 5_000;

/**
 * Runs `work` if no other process holds the lock; false when one does. The lock goes with its transaction, which a process that stands still
 * loses: it says nothing, and the database hears that.
 */
export async function underAdvisoryLock(pool: SqlPool, key: number, work: () => Promise<void>): Promise<boolean> {
  return pool.transaction(async (sql) => {
    const [row] = await sql.query<{ locked: boolean }>('select pg_try_advisory_xact_lock($1) as locked', [key]);
    if (row?.locked !== true) return false;
    const signs = setInterval(() => void sql.query('select 1').catch(() => []), SIGN_OF_LIFE_MS);
    try {
      await work();
      return true;
    } finally {
      clearInterval(signs);
    }
  });
}
