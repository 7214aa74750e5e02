import type { Sql, SqlPool } from '../database.js';
import { closeStopped } from './reconcile.js';
import { isSimulation, RUN_CHANNEL } from './run.js';
import type { RunKind } from './run.js';
import { IS_PAUSED } from './worker-report.js';

/** What a stop came to. */
export type StopAnswer =
  /** The run's row says stop; its workflow is still to be cancelled. */
  | { readonly kind: 'stopping'; readonly runKey: string }
  /** It only waited, or was paused: it is closed now. */
  | { readonly kind: 'closed'; readonly runKey: string }
  | { readonly kind: 'alreadyFinal' }
  | { readonly kind: 'notFound' };

/**
 * Stops a job (STP-1): raises the flag that every activity of it watches and announces it. A paused job has nobody who could end it and is
 * closed at once (STP-9); its workflow finds that out when a worker is back. A manual stop also keeps healing away from the source until the
 * next Read or Resync (engine.md §6); the stop of a simulation does not, it changes nothing (JOB-8).
 */
export async function requestStop(pool: SqlPool, jobId: string): Promise<StopAnswer> {
  return pool.transaction(async (sql) => {
    const [run] = await sql.query<{
      runKey: string;
      kind: RunKind;
      state: string;
      sourceId: number;
      isPaused: boolean;
    }>(
      `select run_key::text as "runKey", kind, state, source_id as "sourceId", ${IS_PAUSED} as "isPaused" from run where job_ids @> array[$1::text] for update`,
      [jobId],
    );
    if (run === undefined) return { kind: 'notFound' };
    if (run.state === 'finished') return { kind: 'alreadyFinal' };
    if (!isSimulation(run.kind)) await pauseHealing(sql, run.sourceId);
    if (run.state === 'queued') {
      await sql.query(
        `update run set state = 'finished', status = 'Manually Terminated', cancel_requested = true, ended_at = now() where run_key = $1`,
        [run.runKey],
      );
      return { kind: 'closed', runKey: run.runKey };
    }
    await sql.query(
      'update run set cancel_requested = true, stop_requested_at = coalesce(stop_requested_at, now()) where run_key = $1',
      [run.runKey],
    );
    if (run.isPaused) {
      await closeStopped(sql, run);
      return { kind: 'closed', runKey: run.runKey };
    }
    await sql.query('select pg_notify($1, $2)', [RUN_CHANNEL, run.runKey]);
    return { kind: 'stopping', runKey: run.runKey };
  });
}

async function pauseHealing(sql: Sql, sourceId: number): Promise<void> {
  await sql.query(
    `insert into source_state (source_id, heal_paused) values ($1, true)
     on conflict (source_id) do update set heal_paused = true`,
    [sourceId],
  );
}
