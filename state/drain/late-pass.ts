import { BACKLOG_STATE } from '../codes.js';
import type { Sql, SqlPool } from '../database.js';
import { holdFence } from '../runs/fence.js';
import type { RunFence } from '../runs/fence.js';
import { demandResolvable } from './references.js';

/**
 * Opens the second pass of a type in a target, once per run: owners of references that are linked by now become due in it. Asking again
 * changes nothing, so that an owner that fails is not written over and over.
 */
export async function openLatePass(
  pool: SqlPool,
  fence: RunFence,
  pair: { readonly targetNo: number; readonly sourceNo: number; readonly ownerType: number },
): Promise<void> {
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    const opened = await sql.query(
      `insert into run_target as t (run_key, target_id, late_types) values ($1, $2, array[$3::smallint])
       on conflict (run_key, target_id) do update set late_types = t.late_types || excluded.late_types
        where not t.late_types @> excluded.late_types
       returning 1`,
      [fence.runKey, pair.targetNo, pair.ownerType],
    );
    if (opened.length > 0) await demandResolvable(sql, pair, fence.runKey);
  });
}

/** True while somebody works on the pair in this run, or it is to be offered in it once more. */
export async function awaitsItsTurn(sql: Sql, targetNo: number, entityNo: number, runKey: string): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from backlog
      where target_id = $1 and entity_no = $2 and state in (${BACKLOG_STATE.due}, ${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked})
        and (lease_until > clock_timestamp() or late_run = $3 or last_run is distinct from $3)`,
    [targetNo, entityNo, runKey],
  );
  return rows.length > 0;
}
