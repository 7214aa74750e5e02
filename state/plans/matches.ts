import type { MatchOutcome } from '../../core/plan/change.js';
import { LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** Outcomes that nobody can approve: what would be written is not known. */
export type UnclearMatch = Extract<MatchOutcome, 'ambiguous' | 'invisible'>;

/** SQL over `change c`: it is known what its execution would do. */
export const IS_CLEAR = `(c.match is null or c.match in ('adopt', 'create'))`;

/** True when this source has provisioned nobody in a target yet: its first run there (PLN-14). */
export async function isFirstRun(sql: Sql, sourceNo: number, targetNo: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from link l join entity e on e.entity_no = l.entity_no
      where l.target_id = $2 and e.source_id = $1 and l.state = ${LINK_STATE.linked} limit 1`,
    [sourceNo, targetNo],
  );
  return rows.length === 0;
}

/**
 * What one look at an account cannot tell: two entities of one plan that match the same account, or one that is linked with a present
 * entity of the same source, are ambiguous (CNF-10). Links of other sources are none (CNF-11). When the plan is complete, before its hash.
 */
export async function noteRivalMatches(sql: Sql, runKey: string): Promise<void> {
  await sql.query(
    `with matched as (
       select c.change_no, c.source_id, c.target_id, c.type, c.target_key, c.entity_no,
              count(*) over (partition by c.target_id, c.type, c.target_key) as wanted
         from plan p join change c on c.plan_no = p.plan_no where p.run_key = $1 and p.kind = 'plan' and c.match = 'adopt'),
     rivals as (
       select m.change_no, case when m.wanted > 1 then 'the account ' || m.target_key || ' fits ' || m.wanted || ' entities of the source'
                                else 'the account ' || m.target_key || ' is linked to source id ' || o.source_key end as note
         from matched m
         left join lateral (
           select e.source_key from link l join entity e on e.entity_no = l.entity_no
            where l.target_id = m.target_id and l.type = m.type and l.target_key = m.target_key and l.entity_no <> m.entity_no
              and l.state = ${LINK_STATE.linked} and e.source_id = m.source_id and e.presence = ${PRESENCE.present} limit 1) o on true
        where m.wanted > 1 or o.source_key is not null)
     update change c set match = 'ambiguous', match_note = r.note from rivals r where c.change_no = r.change_no`,
    [runKey],
  );
}

/** Matches of a run's plan in one target and type. */
export interface MatchCount {
  readonly targetNo: number;
  readonly type: number;
  readonly match: MatchOutcome;
  readonly count: number;
}

/** What the match report of a run came to; empty when it made none. */
export async function countMatches(sql: Sql, runKey: string): Promise<MatchCount[]> {
  return sql.query<MatchCount>(
    `select c.target_id as "targetNo", c.type, c.match, count(*)::int as count
       from plan p join change c on c.plan_no = p.plan_no where p.run_key = $1 and p.kind = 'plan' and c.match is not null
      group by 1, 2, 3 order by 1, 2, 3`,
    [runKey],
  );
}
