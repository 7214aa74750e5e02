import type { Sql } from '../database.js';
import type { TargetProgram } from '../intake/demand.js';

/** Pairs of a source and target that became wanted without an intake. */
export interface Sweep {
  readonly targetNo: number;
  readonly type: number;
  readonly afterNo: number;
}

/** A target program that was saved after the run had frozen its own: the sweep it asks for is not this run's to end. */
const NEWER_PROGRAM = 'exists (select from program g where g.system_no = t.target_id and g.number > t.program)';

/** Sweeps of a source for the given targets, less those that a newer program waits for. */
export async function listSweeps(sql: Sql, sourceNo: number, targets: readonly TargetProgram[]): Promise<Sweep[]> {
  return sql.query<Sweep>(
    `select w.target_id as "targetNo", w.type, w.after_no as "afterNo"
       from pair_sweep w join unnest($2::int[], $3::int[]) as t (target_id, program) on t.target_id = w.target_id
      where w.source_id = $1 and not ${NEWER_PROGRAM} order by 1, 2`,
    [sourceNo, targets.map((target) => target.targetNo), targets.map((target) => target.program)],
  );
}

/**
 * Keeps a sweep from being started anew until the transaction ends. False when that has happened already, or when it is for a newer
 * program by now; the second statement sees what was committed while the first one waited.
 */
export async function lockSweep(sql: Sql, sourceNo: number, sweep: Sweep, program: number): Promise<boolean> {
  const locked = await sql.query(
    'select 1 from pair_sweep where source_id = $1 and target_id = $2 and type = $3 and after_no = $4 for update',
    [sourceNo, sweep.targetNo, sweep.type, sweep.afterNo],
  );
  if (locked.length === 0) return false;
  const newer = await sql.query(
    `select 1 from (select $1::int as target_id, $2::int as program) t where ${NEWER_PROGRAM}`,
    [sweep.targetNo, program],
  );
  return newer.length === 0;
}

/** Largest entity number of a source and type; 0 when there is none. */
export async function lastEntityNo(sql: Sql, sourceNo: number, type: number): Promise<number> {
  const [row] = await sql.query<{ last: number | null }>(
    'select max(entity_no) as last from entity where source_id = $1 and type = $2',
    [sourceNo, type],
  );
  return row?.last ?? 0;
}

/** Notes how far a locked sweep has come. */
export async function advanceSweep(sql: Sql, sourceNo: number, sweep: Sweep, afterNo: number): Promise<void> {
  await sql.query(
    `update pair_sweep set after_no = $5 where source_id = $1 and target_id = $2 and type = $3 and after_no = $4`,
    [sourceNo, sweep.targetNo, sweep.type, sweep.afterNo, afterNo],
  );
}

/** Ends a locked sweep. */
export async function endSweep(sql: Sql, sourceNo: number, sweep: Sweep): Promise<void> {
  await sql.query('delete from pair_sweep where source_id = $1 and target_id = $2 and type = $3 and after_no = $4', [
    sourceNo,
    sweep.targetNo,
    sweep.type,
    sweep.afterNo,
  ]);
}
