import { LINK_STATE, nameOf, ORIGIN, PRESENCE } from '../codes.js';
import type { Origin, Presence } from '../../core/sync/facts.js';
import type { Sql } from '../database.js';

/** One target entity of one type. */
export interface TargetKey {
  readonly targetNo: number;
  readonly type: number;
  readonly targetKey: string;
}

/**
 * Claims a target entity for an adoption or a deletion (engine invariant 8); false while another pair has it, be it one of the same lease.
 */
export async function claimTargetKey(sql: Sql, key: TargetKey, token: number, forMs: number): Promise<boolean> {
  const rows = await sql.query(
    `insert into target_claim as c (target_id, type, target_key, token, until)
     values ($1, $2, $3, $4, clock_timestamp() + $5::int * interval '1 millisecond')
     on conflict (target_id, type, target_key) do update set token = excluded.token, until = excluded.until
      where c.until < clock_timestamp()
     returning 1`,
    [key.targetNo, key.type, key.targetKey, token, forMs],
  );
  return rows.length > 0;
}

/** The same for a claim that the token may hold already, which is prolonged. */
export async function holdTargetKey(sql: Sql, key: TargetKey, token: number, forMs: number): Promise<boolean> {
  const rows = await sql.query(
    `insert into target_claim as c (target_id, type, target_key, token, until)
     values ($1, $2, $3, $4, clock_timestamp() + $5::int * interval '1 millisecond')
     on conflict (target_id, type, target_key) do update set token = excluded.token, until = excluded.until
      where c.until < clock_timestamp() or c.token = excluded.token
     returning 1`,
    [key.targetNo, key.type, key.targetKey, token, forMs],
  );
  return rows.length > 0;
}

/**
 * Prolongs all claims of a lease that is prolonged, so that none ends before it (engine invariant 8). Part of the transaction of the renewal. The
 * caller makes sure that the lease has not run out meanwhile: a claim that had may have been somebody else's in between.
 */
export async function prolongClaims(sql: Sql, targetNo: number, token: number, forMs: number): Promise<void> {
  await sql.query(
    `update target_claim set until = greatest(until, clock_timestamp() + $3::int * interval '1 millisecond')
      where target_id = $1 and token = $2`,
    [targetNo, token, forMs],
  );
}

/** Gives one claim back, if the token still has it. */
export async function releaseTargetKey(sql: Sql, key: TargetKey, token: number): Promise<void> {
  await sql.query('delete from target_claim where target_id = $1 and type = $2 and target_key = $3 and token = $4', [
    key.targetNo,
    key.type,
    key.targetKey,
    token,
  ]);
}

/** Gives all claims of a lease back. */
export async function releaseClaims(sql: Sql, targetNo: number, token: number): Promise<void> {
  await sql.query('delete from target_claim where target_id = $1 and token = $2', [targetNo, token]);
}

/** A live link of another source entity on a target entity. */
export interface OtherLink {
  readonly entityNo: number;
  readonly sourceNo: number;
  readonly sourceKey: string;
  /** The connector's id where it differs from the source key. */
  readonly nativeId: string | null;
  readonly presence: Presence;
  /** What was known of the entity when the link was looked at; a newer answer of the source has a greater one. */
  readonly readSeq: number;
  readonly origin: Origin | null;
  /** `WriteResult.version` of the last write; null: none is known. */
  readonly tag: string | null;
}

/**
 * SQL: present entities with a link on the target entity of a link, of the same source or of another enabled one. Such an entity keeps the
 * target entity when the other one leaves (DEL-20). `deletesShared` is a condition under which other sources keep nothing.
 */
export function survivors(link: string, sourceNo: string, deletesShared: string): string {
  return `select o.entity_no from link o join entity oe on oe.entity_no = o.entity_no and oe.presence = ${PRESENCE.present}
           where o.target_id = ${link}.target_id and o.type = ${link}.type and o.target_key = ${link}.target_key
             and o.entity_no <> ${link}.entity_no and o.state = ${LINK_STATE.linked}
             and (oe.source_id = ${sourceNo}
                  or not ${deletesShared}
                     and exists (select from connected_pair p where p.source_id = oe.source_id and p.target_id = o.target_id and p.enabled))`;
}

/** The entities that keep the target entity of a leaver, see {@link survivors}. The caller holds the claim on its key. */
export async function listSurvivors(
  sql: Sql,
  leaver: { readonly targetNo: number; readonly entityNo: number; readonly ord: number; readonly sourceNo: number },
  deletesShared: boolean,
): Promise<number[]> {
  const rows = await sql.query<{ entityNo: number }>(
    `select o.entity_no as "entityNo" from link l
      cross join lateral (${survivors('l', '$3::int', '$4::boolean')}) o
      where l.target_id = $1 and l.entity_no = $2 and l.ord = $5 order by 1`,
    [leaver.targetNo, leaver.entityNo, leaver.sourceNo, deletesShared, leaver.ord],
  );
  return rows.map((row) => row.entityNo);
}

/** Those entities whose target entity, or one of `several`, another source has a link on, too (CNF-11). */
export async function listShared(
  sql: Sql,
  pair: { readonly targetNo: number; readonly sourceNo: number },
  entityNos: readonly number[],
  several: boolean,
): Promise<Set<number>> {
  const rows = await sql.query<{ entityNo: number }>(
    `select n.entity_no as "entityNo" from unnest($3::bigint[]) as n (entity_no)
      cross join lateral (select * from link where target_id = $1 and entity_no = n.entity_no ${several ? 'limit 100' : 'and ord = 0 limit 1'}) l
      cross join lateral (select 1 from link o where o.target_id = l.target_id and o.type = l.type and o.target_key = l.target_key
                             and o.entity_no <> l.entity_no and o.state = ${LINK_STATE.linked} limit 1) o
      where exists (select from connected_pair where target_id = $1 and source_id <> $2) and l.state = ${LINK_STATE.linked}`,
    [pair.targetNo, pair.sourceNo, entityNos],
  );
  return new Set(rows.map((row) => row.entityNo));
}

/** A create whose outcome is not known, of an entity that is present in its source. */
export interface UnresolvedCreate {
  readonly entityNo: number;
  readonly part: string | null;
  readonly sentKeys: Buffer;
}

/** Creates of other present entities in a target that nobody could look for yet (engine invariant 4). */
export async function listUnresolvedCreates(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  exceptNo: number,
): Promise<UnresolvedCreate[]> {
  return sql.query<UnresolvedCreate>(
    `select l.entity_no as "entityNo", l.part, l.sent_keys as "sentKeys"
       from link l join entity e on e.entity_no = l.entity_no and e.presence = ${PRESENCE.present}
      where l.target_id = $1 and l.type = $2 and l.state = ${LINK_STATE.creating} and l.entity_no <> $3 and l.sent_keys is not null
      order by 1`,
    [target.targetNo, target.type, exceptNo],
  );
}

/**
 * DEL-20: whoever keeps the target entity of a leaver that the platform had created has created it from now on, so that it is deleted when
 * the last one leaves. Part of the settle transaction that drops the leaver's link.
 */
export async function inheritOrigin(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  heirs: readonly { readonly entityNo: number; readonly targetKey: string }[],
): Promise<void> {
  if (heirs.length === 0) return;
  await sql.query(
    `update link l set origin = ${ORIGIN.created}, version = l.version + 1
       from (select distinct * from unnest($3::bigint[], $4::text[]) as n (entity_no, target_key) order by 1) n
      where l.target_id = $1 and l.type = $2 and l.entity_no = n.entity_no and l.target_key = n.target_key
        and l.state = ${LINK_STATE.linked} and l.origin <> ${ORIGIN.created}`,
    [target.targetNo, target.type, heirs.map((one) => one.entityNo), heirs.map((one) => one.targetKey)],
  );
}

interface OtherLinkRow extends Omit<OtherLink, 'presence' | 'origin'> {
  readonly presence: number;
  readonly origin: number | null;
}

/** SQL: the columns of {@link OtherLink}. */
const OTHER_LINK = `
  l.entity_no as "entityNo", e.source_id as "sourceNo", e.source_key as "sourceKey", e.native_id as "nativeId", e.presence,
  e.read_seq as "readSeq", l.origin, l.etag as tag`;

function toOtherLink(row: OtherLinkRow): OtherLink {
  return {
    ...row,
    presence: nameOf(PRESENCE, row.presence),
    origin: row.origin === null ? null : nameOf(ORIGIN, row.origin),
  };
}

/** Live links on a target entity besides that of `entityNo` (CNF-10, CNF-11, DEL-20). */
export async function otherLinks(sql: Sql, key: TargetKey, entityNo: number): Promise<OtherLink[]> {
  const rows = await sql.query<OtherLinkRow>(
    `select ${OTHER_LINK} from link l join entity e on e.entity_no = l.entity_no
      where l.target_id = $1 and l.type = $2 and l.target_key = $3 and l.entity_no <> $4 and l.state = ${LINK_STATE.linked}
      order by l.entity_no`,
    [key.targetNo, key.type, key.targetKey, entityNo],
  );
  return rows.map(toOtherLink);
}

/**
 * The same by what never changes about a target entity: while names change hands, a process that has died may have left a link with the former
 * name of its account. Such a pair is due, so only those are looked at (ADR 0082).
 */
export async function otherLinksByTag(
  sql: Sql,
  { targetNo, type, tag }: { readonly targetNo: number; readonly type: number; readonly tag: string },
  entityNo: number,
): Promise<OtherLink[]> {
  const rows = await sql.query<OtherLinkRow>(
    `select ${OTHER_LINK} from backlog b
       join link l on l.target_id = b.target_id and l.entity_no = b.entity_no and l.type = b.type and l.state = ${LINK_STATE.linked}
       join entity e on e.entity_no = l.entity_no
      where b.target_id = $1 and b.type = $2 and l.etag = $3 and l.entity_no <> $4 order by l.entity_no`,
    [targetNo, type, tag, entityNo],
  );
  return rows.map(toOtherLink);
}

/**
 * Since when the oldest create of another entity of the source is under way in a target; null without one. A target entity that is younger
 * may be the result of that create, whose link is not stored yet.
 */
export async function oldestPendingCreate(
  sql: Sql,
  pair: { readonly targetNo: number; readonly sourceNo: number; readonly type: number; readonly entityNo: number },
): Promise<Date | null> {
  const [row] = await sql.query<{ sentAt: Date | null }>(
    `select min(l.sent_at) as "sentAt"
       from link l join backlog b on b.target_id = l.target_id and b.entity_no = l.entity_no and b.lease_token is not null
      where l.target_id = $1 and l.type = $2 and l.state = ${LINK_STATE.creating} and b.source_id = $3 and l.entity_no <> $4`,
    [pair.targetNo, pair.type, pair.sourceNo, pair.entityNo],
  );
  return row?.sentAt ?? null;
}

/**
 * A target entity was deleted: whoever else has a link on it is written again, all attributes, whatever the hashes say. Somebody who
 * returned while the delete was under way would otherwise count as in step with an account that is gone (DEL-20). Part of the settle
 * transaction.
 */
export async function demandOtherLinks(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  deleted: readonly { readonly entityNo: number; readonly targetKey: string }[],
): Promise<void> {
  if (deleted.length === 0) return;
  await sql.query(
    `insert into backlog as b (target_id, entity_no, source_id, type, reason, forced)
     select distinct l.target_id, l.entity_no, e.source_id, l.type, 'targetDeleted', true
       from unnest($3::bigint[], $4::text[]) as d (entity_no, target_key)
       join link l on l.target_id = $1 and l.type = $2 and l.target_key = d.target_key and l.entity_no <> d.entity_no
                  and l.state = ${LINK_STATE.linked}
       join entity e on e.entity_no = l.entity_no
      order by 1, 2
     on conflict (target_id, entity_no) do update set gen = b.gen + 1, forced = true, last_run = null`,
    [target.targetNo, target.type, deleted.map((one) => one.entityNo), deleted.map((one) => one.targetKey)],
  );
}

/** True when this run has read the type to its end, without a sign of drift, and was not given the entity. */
export async function wasMissed(sql: Sql, runKey: string, type: number, entityNo: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from run_type t
      where t.run_key = $1 and t.type = $2 and t.state = 'complete' and t.read_mode = 'full'
        and not exists (select from run_page p where p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch
                           and ($3::bigint = any(p.seen) or $3::bigint = any(p.skipped)))`,
    [runKey, type, entityNo],
  );
  return rows.length > 0;
}

/**
 * A target entity has got a name that another link still has for an entity of another tag: that one was renamed, and the process that did it has died.
 * Its link goes by the tag until it is written again, so that nobody takes the two for one (DEL-20, ADR 0082). Part of the settle transaction.
 */
export async function unnameOthers(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  renamed: readonly { readonly entityNo: number; readonly targetKey: string; readonly tag: string }[],
): Promise<void> {
  if (renamed.length === 0) return;
  await sql.query(
    `update link o set target_key = o.etag
       from unnest($3::bigint[], $4::text[], $5::text[]) as r (entity_no, target_key, tag)
      where o.target_id = $1 and o.type = $2 and o.target_key = r.target_key and o.entity_no <> r.entity_no
        and o.state = ${LINK_STATE.linked} and o.etag is not null and o.etag <> r.tag`,
    [
      target.targetNo,
      target.type,
      renamed.map((one) => one.entityNo),
      renamed.map((one) => one.targetKey),
      renamed.map((one) => one.tag),
    ],
  );
}
