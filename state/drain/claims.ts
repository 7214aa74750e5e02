import { LINK_STATE, nameOf, ORIGIN, PRESENCE } from '../codes.js';
import type { Origin, Presence } from '../../core/sync/facts.js';
import type { Sql } from '../database.js';

/** One target entity of one type. */
export interface TargetKey {
  readonly targetNo: number;
  readonly type: number;
  readonly targetKey: string;
}

/** Claims a target entity for an adoption or a deletion (engine invariant 8); false while somebody else has it. */
export async function claimTargetKey(sql: Sql, key: TargetKey, token: number, forMs: number): Promise<boolean> {
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

/** Gives all claims of a lease back. */
export async function releaseClaims(sql: Sql, targetNo: number, token: number): Promise<void> {
  await sql.query('delete from target_claim where target_id = $1 and token = $2', [targetNo, token]);
}

/** A live link of another source entity on a target entity. */
export interface OtherLink {
  readonly entityNo: number;
  readonly sourceNo: number;
  readonly sourceKey: string;
  readonly presence: Presence;
  readonly origin: Origin | null;
}

/** Live links on a target entity besides that of `entityNo` (CNF-10, CNF-11, DEL-20). */
export async function otherLinks(sql: Sql, key: TargetKey, entityNo: number): Promise<OtherLink[]> {
  const rows = await sql.query<{
    entityNo: number;
    sourceNo: number;
    sourceKey: string;
    presence: number;
    origin: number | null;
  }>(
    `select l.entity_no as "entityNo", e.source_id as "sourceNo", e.source_key as "sourceKey", e.presence, l.origin
       from link l join entity e on e.entity_no = l.entity_no
      where l.target_id = $1 and l.type = $2 and l.target_key = $3 and l.entity_no <> $4 and l.state = ${LINK_STATE.linked}
      order by l.entity_no`,
    [key.targetNo, key.type, key.targetKey, entityNo],
  );
  return rows.map((row) => ({
    ...row,
    presence: nameOf(PRESENCE, row.presence),
    origin: row.origin === null ? null : nameOf(ORIGIN, row.origin),
  }));
}

/** True when another create of the same unique keys has been sent and is not settled: it may be this very target entity. */
export async function hasPendingCreate(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  sentKeysHash: Buffer,
): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from link where target_id = $1 and type = $2 and sent_keys_hash = $3 and state = ${LINK_STATE.creating} limit 1`,
    [target.targetNo, target.type, sentKeysHash],
  );
  return rows.length > 0;
}

/** True when this run's reading has delivered the entity. */
export async function wasSeen(sql: Sql, runKey: string, type: number, entityNo: number): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from run_page p join run_type t on t.run_key = p.run_key and t.type = p.type and t.epoch = p.epoch
      where p.run_key = $1 and p.type = $2 and ($3::bigint = any(p.seen) or $3::bigint = any(p.skipped)) limit 1`,
    [runKey, type, entityNo],
  );
  return rows.length > 0;
}
