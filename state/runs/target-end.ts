import type { Sql } from '../database.js';

/** A target takes no further part in this run (ORD-7, SYS-24); its pairs stay due and are not counted. The first reason stays. */
export async function endTarget(sql: Sql, runKey: string, targetNo: number, reason: string): Promise<void> {
  await sql.query(
    `insert into run_target (run_key, target_id, ended_reason) values ($1, $2, $3)
     on conflict (run_key, target_id) do update set ended_reason = coalesce(run_target.ended_reason, excluded.ended_reason)`,
    [runKey, targetNo, reason],
  );
}

/** Why the target was ended in this run; undefined while it takes part. */
export async function targetEndReason(sql: Sql, runKey: string, targetNo: number): Promise<string | undefined> {
  const [row] = await sql.query<{ reason: string | null }>(
    'select ended_reason as reason from run_target where run_key = $1 and target_id = $2',
    [runKey, targetNo],
  );
  return row?.reason ?? undefined;
}

/** Numbers of the targets that were ended in this run, with the reason. */
export async function endedTargets(sql: Sql, runKey: string): Promise<Map<number, string>> {
  const rows = await sql.query<{ targetNo: number; reason: string }>(
    'select target_id as "targetNo", ended_reason as reason from run_target where run_key = $1 and ended_reason is not null',
    [runKey],
  );
  return new Map(rows.map((row) => [row.targetNo, row.reason]));
}

/** True while source and target are connected and enabled. */
export async function isPairEnabled(sql: Sql, sourceNo: number, targetNo: number): Promise<boolean> {
  const rows = await sql.query('select 1 from connected_pair where source_id = $1 and target_id = $2 and enabled', [
    sourceNo,
    targetNo,
  ]);
  return rows.length > 0;
}
