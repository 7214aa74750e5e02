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
