import { ENTITY_TYPES, entityTypeCode } from '../../core/entity-type.js';
import { BACKLOG_STATE, LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';

/** References of one owner in one target, as its last mapping found them. */
export interface OwnerReferences {
  readonly ownerNo: number;
  /** Not linked when it was mapped (WRT-7, ORD-5). */
  readonly unresolved: readonly { readonly type: number; readonly sourceKey: string }[];
  /** Source keys that were resolved to target ids, by type; null leaves what is stored: nothing was written. */
  readonly resolved: readonly { readonly type: number; readonly sourceKey: string }[] | null;
}

/** Which of these target ids, of whatever type, belong to a target entity that is linked and was not found to be gone. */
export async function linkedKeys(sql: Sql, targetNo: number, targetKeys: readonly string[]): Promise<Set<string>> {
  const rows = await sql.query<{ targetKey: string }>(
    `select distinct target_key as "targetKey" from link
      where target_id = $1 and type = any($3::smallint[]) and target_key = any($2::text[]) and state = ${LINK_STATE.linked} and gone_at is null`,
    [targetNo, targetKeys, ENTITY_TYPES.map(entityTypeCode)],
  );
  return new Set(rows.map((row) => row.targetKey));
}

/** Replaces what is known of the references of these owners. Part of the settle transaction. */
export async function writeReferences(
  sql: Sql,
  targetNo: number,
  sourceNo: number,
  owners: readonly OwnerReferences[],
): Promise<void> {
  if (owners.length === 0) return;
  const ownerNos = owners.map((owner) => owner.ownerNo);
  await sql.query('delete from unresolved_ref where target_id = $1 and owner_no = any($2::bigint[])', [
    targetNo,
    ownerNos,
  ]);
  const unresolved = owners.flatMap((owner) => owner.unresolved.map((ref) => ({ ownerNo: owner.ownerNo, ...ref })));
  if (unresolved.length > 0) {
    await sql.query(
      `insert into unresolved_ref (target_id, source_id, owner_no, type, source_key)
       select $1, $2, n.* from unnest($3::bigint[], $4::smallint[], $5::text[]) as n on conflict do nothing`,
      [
        targetNo,
        sourceNo,
        unresolved.map((r) => r.ownerNo),
        unresolved.map((r) => r.type),
        unresolved.map((r) => r.sourceKey),
      ],
    );
  }
  const written = owners.flatMap(({ ownerNo, resolved }) => (resolved === null ? [] : [{ ownerNo, resolved }]));
  if (written.length === 0) return;
  const resolved = written.flatMap((owner) => owner.resolved.map((ref) => ({ ownerNo: owner.ownerNo, ...ref })));
  await sql.query(
    `with wanted as (
       select r.owner_no, e.entity_no
         from unnest($4::bigint[], $5::smallint[], $6::text[]) as r (owner_no, type, source_key)
        cross join lateral (select entity_no from entity
                             where source_id = $2 and type = r.type and source_key = r.source_key limit 1) e),
     gone as (
       delete from link_member m where m.target_id = $1 and m.group_no = any($3::bigint[])
          and not exists (select from wanted w where w.owner_no = m.group_no and w.entity_no = m.member_no))
     insert into link_member (target_id, group_no, member_no) select $1, w.owner_no, w.entity_no from wanted w on conflict do nothing`,
    [
      targetNo,
      sourceNo,
      written.map((owner) => owner.ownerNo),
      resolved.map((r) => r.ownerNo),
      resolved.map((r) => r.type),
      resolved.map((r) => r.sourceKey),
    ],
  );
}

/**
 * Makes owners due whose missing references are linked by now; `lateRun` offers them once more in the second pass of that run. One join
 * for a whole type, never per entity (engine.md §6 References). Returns how many.
 */
export async function demandResolvable(
  sql: Sql,
  pair: { readonly targetNo: number; readonly sourceNo: number; readonly ownerType: number },
  lateRun: string | null,
): Promise<number> {
  const rows = await sql.query(
    `insert into backlog as b (target_id, entity_no, source_id, type, reason, late_run)
     select distinct $1::int, u.owner_no, $2::int, $3::smallint, 'reference', $4::bigint
       from unresolved_ref u
       join entity o on o.entity_no = u.owner_no and o.source_id = $2 and o.type = $3
       join entity e on e.source_id = u.source_id and e.type = u.type and e.source_key = u.source_key
       join link l on l.target_id = u.target_id and l.entity_no = e.entity_no and l.state = ${LINK_STATE.linked} and l.gone_at is null
      where u.target_id = $1 and u.source_id = $2
      order by 2
     on conflict (target_id, entity_no) do update
        set gen = b.gen + 1, late_run = excluded.late_run,
            state = case when b.state = ${BACKLOG_STATE.deferred} then ${BACKLOG_STATE.due} else b.state end
     returning entity_no`,
    [pair.targetNo, pair.sourceNo, pair.ownerType, lateRun],
  );
  return rows.length;
}

/** The target ids of these members changed or vanished: whoever refers to them is written again. Part of the settle transaction. */
export async function demandReferrers(sql: Sql, targetNo: number, memberNos: readonly number[]): Promise<void> {
  if (memberNos.length === 0) return;
  await sql.query(
    `insert into backlog as b (target_id, entity_no, source_id, type, reason)
     select distinct m.target_id, m.group_no, e.source_id, e.type, 'reference'
       from link_member m join entity e on e.entity_no = m.group_no
      where m.target_id = $1 and m.member_no = any($2::bigint[])
      order by 1, 2
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, last_run = null`,
    [targetNo, memberNos],
  );
}

/**
 * Target ids of source keys of one source in one target, by `type/source key`; keys without a live link are missing, and so are those whose account
 * is known to be gone: a target refuses a group with a member that it does not have.
 */
export async function resolveTargetKeys(
  sql: Sql,
  targetNo: number,
  sourceNo: number,
  references: readonly { readonly type: number; readonly sourceKey: string }[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (references.length === 0) return found;
  const entities = await sql.query<{ type: number; sourceKey: string; entityNo: number }>(
    `select r.type, r.source_key as "sourceKey", e.entity_no as "entityNo"
       from unnest($2::smallint[], $3::text[]) as r (type, source_key)
      cross join lateral (select entity_no from entity
                           where source_id = $1 and type = r.type and source_key = r.source_key limit 1) e`,
    [sourceNo, references.map((ref) => ref.type), references.map((ref) => ref.sourceKey)],
  );
  // One look at the key for each reference, whatever the statistics believe. That the id is not null is not asked here: it would let the
  // planner take the index of target ids, which for a target that the statistics do not know yet reads all of its links.
  const links = await sql.query<{ entityNo: number; targetKey: string | null }>(
    `select n.entity_no as "entityNo", l.target_key as "targetKey" from unnest($2::bigint[]) as n (entity_no)
      cross join lateral (select ord, target_key from link
                           where target_id = $1 and entity_no = n.entity_no and state = ${LINK_STATE.linked} and gone_at is null order by ord) l
      order by n.entity_no, l.ord`,
    [targetNo, [...new Set(entities.map(({ entityNo }) => entityNo))]],
  );
  const targetKeys = new Map<number, string[]>();
  for (const { entityNo, targetKey } of links) {
    if (targetKey === null) continue;
    const keys = targetKeys.get(entityNo);
    if (keys) keys.push(targetKey);
    else targetKeys.set(entityNo, [targetKey]);
  }
  for (const { type, sourceKey, entityNo } of entities) {
    const keys = targetKeys.get(entityNo);
    if (keys) found.set(referenceKey(type, sourceKey), keys);
  }
  return found;
}

/** The key of a reference in the result of {@link resolveTargetKeys}. */
export function referenceKey(type: number, sourceKey: string): string {
  return `${type}/${sourceKey}`;
}

/** References of a source that are not in a target. */
export interface UnresolvedCount {
  readonly targetNo: number;
  /** Of those that refer to others. */
  readonly ownerType: number;
  readonly owners: number;
  readonly references: number;
}

/** How many entities are written without how many references (WRT-7), by target and type. */
export async function countUnresolved(sql: Sql, sourceNo: number): Promise<UnresolvedCount[]> {
  return sql.query<UnresolvedCount>(
    `select u.target_id as "targetNo", o.type as "ownerType", count(distinct u.owner_no)::int as owners, count(*)::int as references
       from unresolved_ref u join entity o on o.entity_no = u.owner_no
      where u.source_id = $1
      group by 1, 2 order by 1, 2`,
    [sourceNo],
  );
}
