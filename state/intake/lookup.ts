import { nameOf, PRESENCE } from '../codes.js';
import type { Presence } from '../../core/sync/facts.js';
import type { Sql } from '../database.js';

/** What intake compares a delivered entity with. */
export interface KnownEntity {
  readonly entityNo: number;
  readonly sourceKey: string;
  /** The connector's id where it differs from the source key. */
  readonly nativeId: string | null;
  readonly sourceHash: Buffer | null;
  readonly commonHash: Buffer | null;
  readonly program: number;
  readonly presence: Presence;
}

interface KnownRow extends Omit<KnownEntity, 'presence'> {
  presence: number;
}

/**
 * The stored rows of these keys, by key. Lateral form: with statistics as stale as after a first load `= any($1)` and a plain join fall
 * back to a scan of the table (engine.md §11).
 */
export async function lookupEntities(
  sql: Sql,
  sourceNo: number,
  type: number,
  keys: readonly string[],
): Promise<Map<string, KnownEntity>> {
  if (keys.length === 0) return new Map();
  const rows = await sql.query<KnownRow>(
    `select e.* from unnest($3::text[]) as k (source_key)
      cross join lateral (
        select entity_no as "entityNo", source_key as "sourceKey", native_id as "nativeId", source_hash as "sourceHash",
               common_hash as "commonHash", program, presence
          from entity where source_id = $1 and type = $2 and source_key = k.source_key limit 1) e`,
    [sourceNo, type, keys],
  );
  return new Map(rows.map((row) => [row.sourceKey, { ...row, presence: nameOf(PRESENCE, row.presence) }]));
}

/** Stored rows that are as delivered, all of one presence: positions in the question, from 1 on, and numbers in the same order. */
export interface UnchangedRows {
  readonly presence: 'present' | 'skipped';
  readonly positions: readonly number[];
  readonly entityNos: readonly number[];
}

/**
 * Which of these entities have a stored row under their own id with this very hash, made by this program. Everything is compared here: of a
 * thousand unchanged entities comes back one row.
 */
export async function lookupUnchanged(
  sql: Sql,
  { sourceNo, type, program }: { readonly sourceNo: number; readonly type: number; readonly program: number },
  delivered: readonly { readonly item: { readonly id: string }; readonly sourceHash: Buffer }[],
): Promise<UnchangedRows[]> {
  if (delivered.length === 0) return [];
  const rows = await sql.query<Omit<UnchangedRows, 'presence'> & { readonly presence: number }>(
    `select e.presence, array_agg(k.n) as positions, array_agg(e.entity_no) as "entityNos"
       from unnest($3::text[]) with ordinality as k (source_key, n)
      cross join lateral (
        select entity_no, native_id, source_hash, program, presence
          from entity where source_id = $1 and type = $2 and source_key = k.source_key limit 1) e
      where e.source_hash = substring($4::bytea from (k.n::int - 1) * $6::int + 1 for $6::int) and e.program = $5
        and e.native_id is null and e.presence <> ${PRESENCE.absent}
      group by e.presence`,
    [
      sourceNo,
      type,
      delivered.map(({ item }) => item.id),
      Buffer.concat(delivered.map(({ sourceHash }) => sourceHash)),
      program,
      delivered[0]?.sourceHash.length ?? 0,
    ],
  );
  return rows.map(({ presence, ...row }) => ({
    ...row,
    presence: presence === PRESENCE.present ? 'present' : 'skipped',
  }));
}

/** Sealed common JSON of entities by number; who has none is missing. */
export async function readBodies(sql: Sql, entityNos: readonly number[]): Promise<ReadonlyMap<number, Buffer>> {
  const rows = await sql.query<{ entityNo: number; body: Buffer }>(
    'select entity_no as "entityNo", body from entity_body where entity_no = any($1::bigint[])',
    [entityNos],
  );
  return new Map(rows.map((row) => [row.entityNo, row.body]));
}

/** A number that is higher than that of every answer asked for before; drawn before a source is asked (engine.md §5). */
export async function nextReadSeq(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ seq: number }>(`select nextval('read_seq') as seq`);
  if (row === undefined) throw new Error('nextval returned no row');
  return row.seq;
}
