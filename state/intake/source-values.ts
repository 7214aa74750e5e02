import type { Sql } from '../database.js';

/** What a source was delivered with where a target writes something back (ORD-12). */
export interface SourceValue {
  readonly targetNo: number;
  /** Null: the attribute has no value. */
  readonly hash: Buffer | null;
  /** Of the common JSON without the attribute; null where there is none. */
  readonly bareHash: Buffer | null;
  /** Of the common JSON that is stored, and of the one that was delivered. */
  readonly from: Buffer | null;
  readonly to: Buffer | null;
}

/** Nothing has changed but the attribute, and that to what the target returned: our own write-back comes back with a read. */
const IS_ECHO = 'w.bare_hash = excluded.bare_hash and excluded.source_hash = w.target_hash';

/**
 * Notes the values of delivered entities. A source that has lost or changed what a target had it store makes the pair due: our own value, which
 * comes back with the next read, does not.
 */
export async function noteSourceValues(
  sql: Sql,
  pair: { readonly runKey: string | null; readonly sourceNo: number; readonly type: number },
  values: readonly (SourceValue & { readonly entityNo: number })[],
): Promise<void> {
  if (values.length === 0) return;
  await sql.query(
    `with noted as (
       insert into write_back as w (target_id, entity_no, source_hash, bare_hash, echo_from, echo_to)
       select * from unnest($4::int[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[]) order by 1, 2
       on conflict (target_id, entity_no) do update
          set source_hash = excluded.source_hash, bare_hash = excluded.bare_hash,
              echo_from = case when ${IS_ECHO} then excluded.echo_from end, echo_to = case when ${IS_ECHO} then excluded.echo_to end
       returning target_id, entity_no, source_hash, target_hash)
     insert into backlog as b (target_id, entity_no, source_id, type, reason, seen_run)
     select n.target_id, n.entity_no, $1, $2, 'writeBack', $3
       from noted n join connected_pair p on p.target_id = n.target_id and p.source_id = $1 and p.enabled
      where n.target_hash is not null and n.source_hash is distinct from n.target_hash
      order by 1, 2
     on conflict (target_id, entity_no) do update
        set gen = b.gen + 1, seen_run = coalesce(excluded.seen_run, b.seen_run), last_run = null`,
    [
      pair.sourceNo,
      pair.type,
      pair.runKey,
      values.map((value) => value.targetNo),
      values.map((value) => value.entityNo),
      values.map((value) => value.hash),
      values.map((value) => value.bareHash),
      values.map((value) => value.from),
      values.map((value) => value.to),
    ],
  );
}
