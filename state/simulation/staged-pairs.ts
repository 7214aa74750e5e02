import type { ChangeState } from '../../core/plan/states.js';
import { nameOf, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';
import { readLinks, readParts } from '../drain/pair-facts.js';
import type { StoredPair } from '../drain/pair-facts.js';

/** Entities of one type that a simulation looks at in one target. */
export interface SimulatedPlace {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly targetNo: number;
  readonly type: number;
}

/** A pair as a simulation sees it: the entity as it was read, the link as it is stored. */
export interface StagedPair {
  /** `entityNo` is negative where no entity of this key is stored. */
  readonly pair: StoredPair;
  /** Why it is left alone, whatever the data says (HEA-5); null: it is not. */
  readonly quarantine: string | null;
  /** A change of exactly this data that keeps the pair from being written (GOV-8); null: there is none. */
  readonly standing: ChangeState | null;
}

interface StagedRow {
  simNo: number;
  sourceKey: string;
  nativeId: string | null;
  entityNo: number | null;
  commonHash: Buffer | null;
  body: Buffer | null;
  quarantine: string | null;
  standing: ChangeState | null;
}

/** SQL: the rows `s` of the winning epoch. Parameters: $1 run, $2 type. */
const OF_THE_READ = `
  s.run_key = $1 and s.type = $2 and s.epoch = (select epoch from run_type where run_key = $1 and type = $2)`;

/** The next present entities after a key, in the order of keys. */
export async function nextStagedPairs(
  sql: Sql,
  place: SimulatedPlace,
  after: string,
  limit: number,
): Promise<StagedPair[]> {
  const rows = await sql.query<StagedRow>(
    `select s.sim_no as "simNo", s.source_key as "sourceKey", s.native_id as "nativeId", s.entity_no as "entityNo",
            s.common_hash as "commonHash", s.body,
            (select 'In quarantine (' || q.author || '): ' || q.note from quarantine q
              where q.target_id = $3 and q.entity_no = s.entity_no) as quarantine,
            (select c.state from change c
              where c.target_id = $3 and c.entity_no = s.entity_no and c.standing and c.state <> 'expired' and c.cause is null
                and c.presence = s.presence and c.entity_hash is not distinct from s.common_hash limit 1) as standing
       from simulated_entity s
      where ${OF_THE_READ} and s.presence = ${PRESENCE.present} and s.source_key > $4
      order by s.source_key limit $5`,
    [place.runKey, place.type, place.targetNo, after, limit],
  );
  const known = rows.flatMap((row) => (row.entityNo === null ? [] : [row.entityNo]));
  const links = await readLinks(sql, place.targetNo, known);
  const several = [...links].map(([entityNo, { part }]) => ({ entityNo, part }));
  const parts = await readParts(sql, place.targetNo, several);
  return rows.map(({ simNo, entityNo, quarantine, standing, body, ...row }) => ({
    pair: {
      ...row,
      entityNo: entityNo ?? -simNo,
      presence: 'present',
      commonBody: body,
      link: entityNo === null ? null : (links.get(entityNo) ?? null),
      parts: entityNo === null ? [] : (parts.get(entityNo) ?? []),
    },
    quarantine,
    standing,
  }));
}

/** A staged entity that somebody refers to. */
export interface StagedReferent {
  readonly type: number;
  readonly sourceKey: string;
  /** Sealed common JSON. */
  readonly body: Buffer;
}

/** Present entities of the read among these. */
export async function findStaged(
  sql: Sql,
  runKey: string,
  references: readonly { readonly type: number; readonly sourceKey: string }[],
): Promise<StagedReferent[]> {
  if (references.length === 0) return [];
  return sql.query<StagedReferent>(
    `select s.type, s.source_key as "sourceKey", s.body from unnest($2::smallint[], $3::text[]) as r (type, source_key)
      cross join lateral (select * from simulated_entity where run_key = $1 and type = r.type and source_key = r.source_key limit 1) s
       join run_type t on t.run_key = $1 and t.type = s.type and t.epoch = s.epoch
      where s.presence = ${PRESENCE.present} and s.body is not null`,
    [runKey, references.map((one) => one.type), references.map((one) => one.sourceKey)],
  );
}

/** Those among these that the simulation has found to be created in a target. */
export async function findSimulatedCreates(
  sql: Sql,
  runKey: string,
  targetNo: number,
  references: readonly { readonly type: number; readonly sourceKey: string }[],
): Promise<{ type: number; sourceKey: string }[]> {
  if (references.length === 0) return [];
  return sql.query(
    `select r.type, r.source_key as "sourceKey" from unnest($3::smallint[], $4::text[]) as r (type, source_key)
      where exists (select from simulated_result m
                     where m.run_key = $1 and m.target_id = $2 and m.type = r.type and m.source_key = r.source_key
                       and m.operation = 'create' and m.result in ('created', 'updated'))`,
    [runKey, targetNo, references.map((one) => one.type), references.map((one) => one.sourceKey)],
  );
}

/** Presence of the entities of a simulated read, by number; whoever is missing was not delivered. */
export async function stagedPresence(
  sql: Sql,
  place: SimulatedPlace,
  entityNos: readonly number[],
): Promise<Map<number, { readonly presence: 'present' | 'skipped'; readonly body: Buffer | null }>> {
  const rows = await sql.query<{ entityNo: number; presence: number; body: Buffer | null }>(
    `select s.entity_no as "entityNo", s.presence, s.body
       from entity e join simulated_entity s on ${OF_THE_READ} and s.source_key = e.source_key
      where e.entity_no = any($3::bigint[]) and e.source_id = $4 and e.type = $2`,
    [place.runKey, place.type, entityNos, place.sourceNo],
  );
  return new Map(
    rows.map((row) => {
      const presence = nameOf(PRESENCE, row.presence);
      return [row.entityNo, { presence: presence === 'present' ? 'present' : 'skipped', body: row.body }];
    }),
  );
}
