import { LINK_STATE, ORIGIN } from '../codes.js';
import type { Origin } from '../../core/sync/facts.js';
import type { Sql } from '../database.js';

/** What a settled pair leaves in `link`. */
export type LinkWrite =
  /** There is a target entity and it is as written. */
  | {
      readonly kind: 'linked';
      readonly targetKey: string;
      readonly origin: Origin;
      readonly commonHash: Buffer | null;
      readonly targetHash: Buffer | null;
      readonly program: number;
      readonly outOfScope: boolean;
      readonly etag: string | null;
      /** Sealed target JSON as written; null leaves the stored one. */
      readonly body: Buffer | null;
      /** The groups of the create are still to be assigned (VAR-12); absent: they are not. */
      readonly groupsDue?: boolean;
    }
  /** The write condition is not met and there is nothing in the target. */
  | { readonly kind: 'skipped'; readonly commonHash: Buffer | null; readonly program: number }
  /** There is nothing any more. */
  | { readonly kind: 'removed' }
  /** DEL-6 step 3: the target entity is not managed any more; a person who returns is provisioned again. */
  | { readonly kind: 'released' }
  /** The target has no such account any more, and it may not be created anew yet: whoever refers to it is written without it. */
  | { readonly kind: 'gone' };

/** What one pair leaves in `link`. */
export interface LinkWriteRow {
  readonly entityNo: number;
  readonly write: LinkWrite;
}

/** Which of several target entities of one entity a link is (LNK-3). */
export interface LinkPlace {
  readonly ord: number;
  readonly part: string | null;
}

const ONLY: LinkPlace = { ord: 0, part: null };

/**
 * Writes links and bodies of one target. What a higher program number wrote is never overwritten ⚠ (engine.md §6 Program numbers).
 * Who inherited the origin *created* while a write of his was under way keeps it (DEL-20): the same target entity never becomes older.
 * The caller holds the leases of these pairs in the same transaction.
 */
export async function writeLinks(
  sql: Sql,
  targetNo: number,
  type: number,
  rows: readonly LinkWriteRow[],
): Promise<void> {
  const kept = rows.flatMap(({ entityNo, write }) =>
    write.kind === 'linked' || write.kind === 'skipped' ? [{ entityNo, write, ...ONLY }] : [],
  );
  if (kept.length > 0) await upsertLinks(sql, targetNo, type, kept);
  const released = rows.flatMap(({ entityNo, write }) => (write.kind === 'released' ? [entityNo] : []));
  if (released.length > 0) await releaseLinks(sql, targetNo, released);
  const removed = rows.flatMap(({ entityNo, write }) => (write.kind === 'removed' ? [entityNo] : []));
  if (removed.length > 0) await removeLinks(sql, targetNo, removed);
  const gone = rows.flatMap(({ entityNo, write }) => (write.kind === 'gone' ? [entityNo] : []));
  if (gone.length > 0) await markGone(sql, targetNo, gone);
}

/** A link that is there after the write. */
export interface KeptRow extends LinkPlace {
  readonly entityNo: number;
  readonly write: Extract<LinkWrite, { kind: 'linked' | 'skipped' }>;
}

/** Writes links that stay, and their bodies. */
export async function upsertLinks(sql: Sql, targetNo: number, type: number, rows: readonly KeptRow[]): Promise<void> {
  const linked = rows.map(({ write }) => (write.kind === 'linked' ? write : null));
  await sql.query(
    `insert into link as l (target_id, type, entity_no, state, origin, target_key, common_hash, target_hash, program, out_of_scope, etag, groups_due, version, ord, part)
     select $1, $2, n.entity_no, n.state, n.origin, n.target_key, n.common_hash, n.target_hash, n.program, n.out_of_scope, n.etag, n.groups_due, n.moves, n.ord, n.part
       from unnest($3::bigint[], $4::smallint[], $5::smallint[], $6::text[], $7::bytea[], $8::bytea[], $9::int[], $10::boolean[], $11::text[], $12::boolean[],
                   $13::int[], $14::smallint[], $15::text[])
         as n (entity_no, state, origin, target_key, common_hash, target_hash, program, out_of_scope, etag, groups_due, moves, ord, part)
     on conflict (target_id, entity_no, ord) do update
        set state = excluded.state, target_key = excluded.target_key, common_hash = excluded.common_hash,
            origin = case when l.state = ${LINK_STATE.linked} and l.origin = ${ORIGIN.created} and l.target_key = excluded.target_key
                          then l.origin else excluded.origin end,
            target_hash = excluded.target_hash, program = excluded.program, out_of_scope = excluded.out_of_scope, etag = excluded.etag,
            groups_due = excluded.groups_due,
            part = case when l.state in (${LINK_STATE.linked}, ${LINK_STATE.creating}) then coalesce(excluded.part, l.part) else excluded.part end,
            version = l.version + case when l.state <> excluded.state or l.target_key is distinct from excluded.target_key then 1 else excluded.version end,
            sent_keys = null, sent_at = null, gone_at = null
      where l.program <= excluded.program or l.state = ${LINK_STATE.creating}`,
    [
      targetNo,
      type,
      rows.map((row) => row.entityNo),
      rows.map((row) => LINK_STATE[row.write.kind]),
      linked.map((write) => (write === null ? null : ORIGIN[write.origin])),
      linked.map((write) => write?.targetKey ?? null),
      rows.map((row) => row.write.commonHash),
      linked.map((write) => write?.targetHash ?? null),
      rows.map((row) => row.write.program),
      linked.map((write) => write?.outOfScope ?? false),
      linked.map((write) => write?.etag ?? null),
      linked.map((write) => write?.groupsDue ?? false),
      // A mark or another program number is no other account: changes that were planned on it stay what they are (PLN-10).
      rows.map(({ write }) => (write.kind === 'linked' && write.body === null ? 0 : 1)),
      rows.map((row) => row.ord),
      rows.map((row) => row.part),
    ],
  );
  const bodies = rows.flatMap(({ entityNo, ord, write }) =>
    write.kind === 'linked' && write.body !== null ? [{ entityNo, ord, body: write.body }] : [],
  );
  if (bodies.length === 0) return;
  await sql.query(
    `insert into link_body (target_id, entity_no, body, ord) select $1, n.* from unnest($2::bigint[], $3::bytea[], $4::smallint[]) as n
     on conflict (target_id, entity_no, ord) do update set body = excluded.body`,
    [targetNo, bodies.map((row) => row.entityNo), bodies.map((row) => row.body), bodies.map((row) => row.ord)],
  );
}

async function releaseLinks(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query(
    `update link set state = ${LINK_STATE.released}, target_hash = null, common_hash = null, out_of_scope = false, version = version + 1
      where target_id = $1 and entity_no = any($2::bigint[])`,
    [targetNo, entityNos],
  );
  await removeContents(sql, targetNo, entityNos);
}

async function removeLinks(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query('delete from link where target_id = $1 and entity_no = any($2::bigint[])', [targetNo, entityNos]);
  await removeContents(sql, targetNo, entityNos);
}

/**
 * The link stays what it was, also for changes that were planned on it: its id is what the approved creation replaces. It has no hashes ⚠: whoever gets
 * back the data of before would count as in step with an account that is not there.
 */
async function markGone(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query(
    `update link set ${GONE} where target_id = $1 and entity_no = any($2::bigint[]) and state = ${LINK_STATE.linked} and gone_at is null`,
    [targetNo, entityNos],
  );
}

/** SQL: what becomes of the link of an account that is gone. */
export const GONE = 'gone_at = now(), common_hash = null, target_hash = null';

/** What was known of entities beside their links. */
export async function removeContents(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  await sql.query('delete from link_body where target_id = $1 and entity_no = any($2::bigint[])', [
    targetNo,
    entityNos,
  ]);
  await sql.query('delete from link_member where target_id = $1 and group_no = any($2::bigint[])', [
    targetNo,
    entityNos,
  ]);
  await sql.query('delete from write_back where target_id = $1 and entity_no = any($2::bigint[])', [
    targetNo,
    entityNos,
  ]);
  await sql.query('delete from unresolved_ref where target_id = $1 and owner_no = any($2::bigint[])', [
    targetNo,
    entityNos,
  ]);
}

/** A create that is about to be sent. */
export interface CreateIntent extends LinkPlace {
  readonly entityNo: number;
  readonly sentKeys: Buffer;
}

/**
 * tx2a: commits the links *creating* with the keys as sent, before any create is sent (engine invariant 4). Returns when, by
 * {@link intentKey}, for those whose lease is still ours; the others must not be sent. `sent_at` is the database's clock.
 */
export async function writeCreateIntents(
  sql: Sql,
  target: { readonly targetNo: number; readonly type: number },
  token: number,
  intents: readonly CreateIntent[],
): Promise<Map<string, Date>> {
  const rows = await sql.query<{ entityNo: number; ord: number; sentAt: Date }>(
    `with held as (
       select b.entity_no from backlog b
        where b.target_id = $1 and b.entity_no = any($3::bigint[]) and b.lease_token = $4
        order by b.entity_no for update)
     insert into link as l (target_id, type, entity_no, state, sent_keys, sent_at, ord, part)
     select $1, $2, n.entity_no, ${LINK_STATE.creating}, n.keys, clock_timestamp(), n.ord, n.part
       from unnest($3::bigint[], $5::bytea[], $6::smallint[], $7::text[]) as n (entity_no, keys, ord, part) join held h on h.entity_no = n.entity_no
     on conflict (target_id, entity_no, ord) do update
        set state = excluded.state, sent_keys = excluded.sent_keys, part = excluded.part,
            sent_at = excluded.sent_at, version = l.version + 1
     returning entity_no as "entityNo", ord, sent_at as "sentAt"`,
    [
      target.targetNo,
      target.type,
      intents.map((intent) => intent.entityNo),
      token,
      intents.map((intent) => intent.sentKeys),
      intents.map((intent) => intent.ord),
      intents.map((intent) => intent.part),
    ],
  );
  return new Map(rows.map((row) => [intentKey(row), row.sentAt]));
}

/** The key of an intent in the result of {@link writeCreateIntents}. */
export function intentKey({ entityNo, ord }: { readonly entityNo: number; readonly ord: number }): string {
  return `${entityNo}/${ord}`;
}
