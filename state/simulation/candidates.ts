import { LINK_STATE, PRESENCE } from '../codes.js';
import type { Unknowns } from '../absence/candidates.js';
import type { Sql } from '../database.js';
import type { SimulatedPlace } from './staged-pairs.js';

/**
 * Candidates as a Resync would plan them (DEL-5): linked entities that the read has not delivered, or that its condition has skipped. Whoever is
 * out of scope was noted when the pairs were looked at. What was written in real time since the first page stays, as there. Nothing but rows of
 * the run is written.
 */
export async function planSimulatedCandidates(sql: Sql, place: SimulatedPlace, unknown: Unknowns): Promise<void> {
  await sql.query(
    `insert into absence (run_key, target_id, type, entity_no, cause, postponed)
     select $1, $3, $4, e.entity_no, case when s.sim_no is null then 'notSeen' else 'skipped' end,
            exists (select from postponed_deletion d where d.target_id = $3 and d.entity_no = e.entity_no and d.since_run < $1)
       from run_type t
       join entity e on e.source_id = $2 and e.type = $4
       join link l on l.target_id = $3 and l.entity_no = e.entity_no and l.ord = 0 and l.state = ${LINK_STATE.linked}
       left join simulated_entity s on s.run_key = $1 and s.type = $4 and s.source_key = e.source_key and s.epoch = t.epoch
      where t.run_key = $1 and t.type = $4 and (s.sim_no is null or s.presence = ${PRESENCE.skipped})
        and (s.sim_no is not null or e.presence = ${PRESENCE.absent} or e.read_seq <= coalesce(t.first_read_seq, 0))
        and not exists (select from quarantine q where q.target_id = $3 and q.entity_no = e.entity_no)
        and not exists (select from unnest($5::bigint[]) u where u = e.entity_no)
        and not ($6::boolean and s.sim_no is null)
     on conflict do nothing`,
    [place.runKey, place.sourceNo, place.targetNo, place.type, unknown.unreadableNos, unknown.missing],
  );
}

/** Those among these that the simulation deletes, or may delete: they keep no target entity for somebody else. */
export async function listLeaving(sql: Sql, place: SimulatedPlace, entityNos: readonly number[]): Promise<Set<number>> {
  const rows = await sql.query<{ entityNo: number }>(
    `select entity_no as "entityNo" from absence where run_key = $1 and target_id = $2 and entity_no = any($3::bigint[])`,
    [place.runKey, place.targetNo, entityNos],
  );
  return new Set(rows.map((row) => row.entityNo));
}

/** What a linked entity is called on both sides. */
export interface LinkedKeys {
  readonly sourceKey: string;
  readonly targetKey: string | null;
  /** Empty where the entity is one target entity. */
  readonly part: string;
}

/** Source keys and target keys of linked entities; of one that is several target entities (LNK-3) those of the first, then of the others. */
export async function readKeys(
  sql: Sql,
  targetNo: number,
  entityNos: readonly number[],
): Promise<Map<number, LinkedKeys[]>> {
  const rows = await sql.query<LinkedKeys & { entityNo: number }>(
    `select e.entity_no as "entityNo", e.source_key as "sourceKey", l.target_key as "targetKey", coalesce(l.part, '') as part
       from entity e left join link l on l.target_id = $1 and l.entity_no = e.entity_no and (l.ord = 0 or l.state = ${LINK_STATE.linked})
      where e.entity_no = any($2::bigint[])
      order by e.entity_no, l.ord`,
    [targetNo, entityNos],
  );
  const keys = new Map<number, LinkedKeys[]>();
  for (const { entityNo, ...row } of rows) keys.set(entityNo, [...(keys.get(entityNo) ?? []), row]);
  return keys;
}

/**
 * Linked entities that are present and not wanted by the target, and that nothing becomes of in this job: they count as Skipped, as in every
 * job. Whoever is let go of is not managed any more and counts no more.
 */
export async function listUntouched(sql: Sql, place: SimulatedPlace, limit: number): Promise<number[]> {
  const rows = await sql.query<{ entityNo: number }>(
    `select a.entity_no as "entityNo" from absence a join entity e on e.entity_no = a.entity_no
      where a.run_key = $1 and a.target_id = $2 and a.type = $3 and a.cause = 'outOfScope'
        and (a.outcome is null or a.outcome in ('rejoined', 'rejected'))
        and not exists (select from simulated_result m
                         where m.run_key = $1 and m.target_id = $2 and m.type = $3 and m.source_key = e.source_key)
      order by 1 limit $4`,
    [place.runKey, place.targetNo, place.type, limit],
  );
  return rows.map((row) => row.entityNo);
}
