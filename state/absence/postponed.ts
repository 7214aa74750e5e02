import { LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** One type of entities of a source in a target. */
export interface PairType {
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
}

/**
 * Links that are on their way out of a target by what is stored: not present in the source, or out of scope. A present entity is out of
 * scope only if nothing is waiting to be written: a mark from before it returned says nothing about what it is now. Parameters: $2 source,
 * $3 target, $4 type. Two queries, because each of them has an index of its own.
 */
export const LEAVING = `
  select e.entity_no, case when e.presence = ${PRESENCE.absent} then 'notSeen' else 'skipped' end as cause
    from entity e join link l on l.target_id = $3 and l.entity_no = e.entity_no and l.ord = 0 and l.state = ${LINK_STATE.linked}
   where e.source_id = $2 and e.type = $4 and e.presence <> ${PRESENCE.present}
  union all
  select e.entity_no, 'outOfScope'
    from link l join entity e on e.entity_no = l.entity_no and e.source_id = $2 and e.presence = ${PRESENCE.present}
   where l.target_id = $3 and l.type = $4 and l.out_of_scope and l.ord = 0 and l.state = ${LINK_STATE.linked}
     and not exists (select from backlog b where b.target_id = l.target_id and b.entity_no = l.entity_no)`;

/**
 * A run that may not delete remembers whose deletion it puts off (DEL-4): who is on the way out by what is stored and, where the type was
 * read to its end although entities failed, whoever was not delivered. Whoever was delivered and is wanted is forgotten again.
 */
export async function notePostponed(sql: Sql, runKey: string, pair: PairType): Promise<void> {
  const params = [runKey, pair.sourceNo, pair.targetNo, pair.type];
  await sql.query(
    `with ${DELIVERED},
     missed as (
       select e.entity_no from entity e
         join link l on l.target_id = $3 and l.entity_no = e.entity_no and l.ord = 0 and l.state = ${LINK_STATE.linked}
        where exists (select from complete) and e.source_id = $2 and e.type = $4 and e.presence = ${PRESENCE.present}
          and e.read_seq <= coalesce((select first_read_seq from complete), 0)
          and not e.source_key = any((select failed_keys from complete)::text[])
          and not exists (select from delivered d where d.entity_no = e.entity_no))
     insert into postponed_deletion (target_id, entity_no, type, since_run)
     select $3, n.entity_no, $4, $1 from (select entity_no from missed union select entity_no from (${LEAVING}) g) n
     on conflict do nothing`,
    params,
  );
  await sql.query(
    `with ${DELIVERED}
     delete from postponed_deletion d
      where d.target_id = $3 and d.type = $4
        and exists (select from delivered s where s.entity_no = d.entity_no)
        and not exists (select from (${LEAVING}) g where g.entity_no = d.entity_no)`,
    params,
  );
}

/** Whoever is no candidate any more is not on the way out: deleted, released, or back. Once the candidates of a run are planned. */
export async function forgetPostponed(sql: Sql, runKey: string, pair: PairType): Promise<void> {
  await sql.query(
    `delete from postponed_deletion d
      using entity e
      where d.target_id = $2 and d.type = $3 and e.entity_no = d.entity_no and e.source_id = $4
        and not exists (select from absence a where a.run_key = $1 and a.target_id = d.target_id and a.entity_no = d.entity_no)`,
    [runKey, pair.targetNo, pair.type, pair.sourceNo],
  );
}

/** Entities that run $1 was given of type $4, and the type itself if its list came to its end. */
const DELIVERED = `
  complete as materialized (
    select t.first_read_seq, (select coalesce(array_agg(k), '{}') from run_page p cross join lateral unnest(p.failed_keys) k
                               where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch) as failed_keys
      from run_type t where t.run_key = $1 and t.type = $4 and t.state = 'complete' and t.read_mode = 'full'),
  delivered as materialized (
    select n as entity_no from run_type t
      join run_page p on p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch
     cross join lateral unnest(p.seen || p.skipped) n
     where t.run_key = $1 and t.type = $4)`;
