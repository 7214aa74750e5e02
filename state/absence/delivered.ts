import { PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/**
 * Ids, as the connector spells them, of entities of a type that the last page of a run with any has brought: the source has them. Empty in a run that
 * has read nothing.
 */
export async function listDelivered(sql: Sql, runKey: string, type: number, limit: number): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select coalesce(e.native_id, e.source_key) as id
       from (select p.seen from run_page p join run_type t on t.run_key = p.run_key and t.type = p.type and t.epoch = p.epoch
              where p.run_key = $1 and p.type = $2 and p.seen <> '{}' order by cardinality(p.seen) desc, p.page_no desc limit 1) p
      cross join lateral unnest(p.seen) n
       join entity e on e.entity_no = n and e.presence = ${PRESENCE.present}
      order by e.entity_no limit $3`,
    [runKey, type, limit],
  );
  return rows.map((row) => row.id);
}
