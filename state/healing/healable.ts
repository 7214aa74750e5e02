import { BACKLOG_STATE, LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';
import { IS_TIME, mayHeal } from './guard.js';

/** A source and a target between which something can be healed now. */
export interface HealablePair {
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly sourceName: string;
  readonly targetName: string;
}

/** Pairs of systems with rows whose time has come; at most `limit`. */
export async function listHealable(sql: Sql, limit: number): Promise<HealablePair[]> {
  return sql.query<HealablePair>(
    `select p.source_id as "sourceNo", p.target_id as "targetNo", s.name as "sourceName", t.name as "targetName"
       from connected_pair p join system s on s.no = p.source_id join system t on t.no = p.target_id
      where ${mayHeal('p.source_id', 'p.target_id')}
        and exists (select from backlog b where b.target_id = p.target_id and b.source_id = p.source_id and ${IS_TIME})
      order by p.source_id, p.target_id limit $1`,
    [limit],
  );
}

/**
 * HEA-3: pairs that failed because something they refer to was not in the target are due as soon as it is. One join for everything.
 * Returns how many.
 */
export async function demandReferenced(sql: Sql): Promise<number> {
  const rows = await sql.query(
    `with ready as (
       select distinct u.target_id, u.owner_no
         from unresolved_ref u
         join entity e on e.source_id = u.source_id and e.type = u.type and e.source_key = u.source_key
         join link l on l.target_id = u.target_id and l.entity_no = e.entity_no and l.state = ${LINK_STATE.linked} and l.gone_at is null)
     update backlog b set state = ${BACKLOG_STATE.due}, next_at = null, gen = b.gen + 1
       from ready
      where b.target_id = ready.target_id and b.entity_no = ready.owner_no
        and b.error_class = 'missingReference' and b.state in (${BACKLOG_STATE.deferred}, ${BACKLOG_STATE.parked})
      returning 1`,
  );
  return rows.length;
}
