import type { Sql } from '../database.js';

/** A reset that keeps origins has remembered this target entity as ours (RST-7). */
export async function isOriginKept(
  sql: Sql,
  key: { readonly targetNo: number; readonly type: number; readonly targetKey: string; readonly sourceNo: number },
): Promise<boolean> {
  const rows = await sql.query(
    'select 1 from kept_origin where target_id = $1 and type = $2 and target_key = $3 and source_id = $4',
    [key.targetNo, key.type, key.targetKey, key.sourceNo],
  );
  return rows.length > 0;
}

/**
 * Forgets kept origins whose entities are linked again: the link has the origin now. Were they kept, an account that somebody makes under
 * the same id much later would count as ours.
 */
export async function useUpOrigins(sql: Sql, targetNos: readonly number[]): Promise<void> {
  await sql.query(
    `delete from kept_origin k
      where k.target_id = any($1::int[])
        and exists (select from link l where l.target_id = k.target_id and l.type = k.type and l.target_key = k.target_key)`,
    [targetNos],
  );
}
