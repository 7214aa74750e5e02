import type { Sql } from '../database.js';

/** Changes that wait for approval in one target and type. */
export interface HeldCount {
  readonly targetNo: number;
  readonly type: number;
  readonly class: string;
  readonly count: number;
}

/** What waits for approval, or for its application, in the targets of a source (GOV-7). */
export async function countHeld(sql: Sql, sourceNo: number): Promise<HeldCount[]> {
  return sql.query<HeldCount>(
    `select target_id as "targetNo", type, class, count(*)::int as count from change
      where source_id = $1 and standing and state in ('held', 'approved') group by 1, 2, 3 order by 1, 2, 3`,
    [sourceNo],
  );
}

/**
 * Stores the logged results *Held* of a run: the held changes of its source at its end, also those of earlier runs (engine.md §8). An
 * entity that has another result in the run counts as that: only a part of it was kept back.
 */
export async function storeHeldResults(sql: Sql, runKey: string, sourceNo: number): Promise<void> {
  await sql.query(
    `insert into run_held (run_key, target_id, type, entity_nos)
     select $1, c.target_id, c.type, array_agg(c.entity_no order by c.entity_no) from change c
      where c.source_id = $2 and c.standing and c.state in ('held', 'approved')
        and not exists (select from entity_log g where g.run_key = $1 and g.target_id = c.target_id and g.entity_no = c.entity_no)
      group by c.target_id, c.type
     on conflict do nothing`,
    [runKey, sourceNo],
  );
}
