import type { Sql } from '../database.js';

/** Why a target takes no further part in a run. */
export interface TargetEnd {
  readonly reason: string;
  /** It is paused for maintenance, which is no error: the job reads on for it, and what is to be written waits. */
  readonly byPause: boolean;
}

/** A target takes no further part in this run (ORD-7, SYS-24); its pairs stay due and are not counted. The first reason stays. */
export async function endTarget(sql: Sql, runKey: string, targetNo: number, end: TargetEnd): Promise<void> {
  await sql.query(
    `insert into run_target as t (run_key, target_id, ended_reason, ended_by_pause) values ($1, $2, $3, $4)
     on conflict (run_key, target_id) do update
        set ended_by_pause = case when t.ended_reason is null then excluded.ended_by_pause else t.ended_by_pause end,
            ended_reason = coalesce(t.ended_reason, excluded.ended_reason)`,
    [runKey, targetNo, end.reason, end.byPause],
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
export async function endedTargets(sql: Sql, runKey: string): Promise<Map<number, TargetEnd>> {
  const rows = await sql.query<TargetEnd & { targetNo: number }>(
    `select target_id as "targetNo", ended_reason as reason, ended_by_pause as "byPause" from run_target
      where run_key = $1 and ended_reason is not null`,
    [runKey],
  );
  return new Map(rows.map(({ targetNo, ...end }) => [targetNo, end]));
}

/** Whether a run may write to a target now, as far as its configuration says. */
export type PairState = 'open' | 'paused' | 'closed';

/** `closed`: source or target is disabled, or they are not connected any more. */
export async function pairState(sql: Sql, sourceNo: number, targetNo: number): Promise<PairState> {
  const [pair] = await sql.query<{ enabled: boolean; paused: boolean }>(
    'select enabled, paused from connected_pair where source_id = $1 and target_id = $2',
    [sourceNo, targetNo],
  );
  if (pair?.enabled !== true) return 'closed';
  return pair.paused ? 'paused' : 'open';
}
