import { LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';

/** One type of entities of a target. */
interface TargetType {
  readonly targetNo: number;
  readonly type: number;
}

/** A target entity whose link was released is listed as no longer managed (DEL-22). Part of the settle transaction. */
export async function noteReleased(
  sql: Sql,
  target: TargetType,
  rows: readonly { readonly entityNo: number; readonly targetKey: string; readonly part: string | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  const keys = rows.map((row) => row.targetKey);
  await forgetReleased(sql, target, keys);
  await sql.query(
    `insert into released_entity (target_id, type, target_key, source_id, source_key, native_id, part)
     select distinct on (n.target_key) $1::int, $2::smallint, n.target_key, e.source_id, e.source_key, e.native_id, n.part
       from unnest($3::bigint[], $4::text[], $5::text[]) as n (entity_no, target_key, part) join entity e on e.entity_no = n.entity_no
      order by n.target_key, e.entity_no
     on conflict (target_id, type, target_key) do nothing`,
    [target.targetNo, target.type, rows.map((row) => row.entityNo), keys, rows.map((row) => row.part)],
  );
}

/** Target entities that do not exist any more stand in no list. */
export async function forgetReleased(sql: Sql, target: TargetType, targetKeys: readonly string[]): Promise<void> {
  if (targetKeys.length === 0) return;
  await sql.query('delete from released_entity where target_id = $1 and type = $2 and target_key = any($3::text[])', [
    target.targetNo,
    target.type,
    targetKeys,
  ]);
}

/** SQL: the released entity `r` has a link again, of whatever source; it is managed. */
export const IS_MANAGED = `exists (select from link l where l.target_id = r.target_id and l.type = r.type and l.target_key = r.target_key
                                     and l.state = ${LINK_STATE.linked})`;

/** Removes from the list what was adopted again. */
export async function forgetAdopted(sql: Sql, targetNos: readonly number[]): Promise<void> {
  await sql.query(`delete from released_entity r where r.target_id = any($1::int[]) and ${IS_MANAGED}`, [targetNos]);
}
