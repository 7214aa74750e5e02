import type { Sql } from '../database.js';

/** Pairs of a source and target that became wanted without an intake. */
export interface Sweep {
  readonly targetNo: number;
  readonly type: number;
  readonly afterNo: number;
}

/** Sweeps of a source for the given targets. */
export async function listSweeps(sql: Sql, sourceNo: number, targetNos: readonly number[]): Promise<Sweep[]> {
  return sql.query<Sweep>(
    `select target_id as "targetNo", type, after_no as "afterNo" from pair_sweep
      where source_id = $1 and target_id = any($2::int[]) order by target_id, type`,
    [sourceNo, targetNos],
  );
}

/** Largest entity number of a source and type; 0 when there is none. */
export async function lastEntityNo(sql: Sql, sourceNo: number, type: number): Promise<number> {
  const [row] = await sql.query<{ last: number | null }>(
    'select max(entity_no) as last from entity where source_id = $1 and type = $2',
    [sourceNo, type],
  );
  return row?.last ?? 0;
}

/** Notes how far a sweep has come; false when it was started anew meanwhile, by a save during the run. */
export async function advanceSweep(sql: Sql, sourceNo: number, sweep: Sweep, afterNo: number): Promise<boolean> {
  const rows = await sql.query(
    `update pair_sweep set after_no = $5 where source_id = $1 and target_id = $2 and type = $3 and after_no = $4 returning 1`,
    [sourceNo, sweep.targetNo, sweep.type, sweep.afterNo, afterNo],
  );
  return rows.length > 0;
}

/** Ends a sweep, unless it was started anew meanwhile. */
export async function endSweep(sql: Sql, sourceNo: number, sweep: Sweep): Promise<void> {
  await sql.query('delete from pair_sweep where source_id = $1 and target_id = $2 and type = $3 and after_no = $4', [
    sourceNo,
    sweep.targetNo,
    sweep.type,
    sweep.afterNo,
  ]);
}
