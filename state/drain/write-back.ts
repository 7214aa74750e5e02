import type { Sql } from '../database.js';

/** Hashes of an attribute that a target generates and the source stores (ORD-12). */
export interface WriteBackMark {
  /** What the source had when it was read last, or got from us since; null for nothing. */
  readonly sourceHash: Buffer | null;
  /** What the target returned last; null while that is not known. */
  readonly targetHash: Buffer | null;
  /** The common JSON of the second hash differs from that of the first by nothing but what the target itself had stored. */
  readonly echoFrom: Buffer | null;
  readonly echoTo: Buffer | null;
}

/** True when the target returned something that the source, as it was read last, does not have. */
export function isWriteBackDue(mark: WriteBackMark | undefined): boolean {
  if (mark === undefined || mark.targetHash === null) return false;
  return mark.sourceHash === null || !mark.sourceHash.equals(mark.targetHash);
}

/** The marks of these entities in a target. */
export async function readWriteBacks(
  sql: Sql,
  targetNo: number,
  entityNos: readonly number[],
): Promise<Map<number, WriteBackMark>> {
  const rows = await sql.query<WriteBackMark & { entityNo: number }>(
    `select entity_no as "entityNo", source_hash as "sourceHash", target_hash as "targetHash", echo_from as "echoFrom", echo_to as "echoTo"
       from write_back where target_id = $1 and entity_no = any($2::bigint[])`,
    [targetNo, entityNos],
  );
  return new Map(rows.map(({ entityNo, ...mark }) => [entityNo, mark]));
}

/** What a target returned, and whether the source has it by now. */
export interface WriteBackEnd {
  readonly targetHash: Buffer | null;
  readonly stored: boolean;
}

/** Notes how write-backs ended, in the transaction that settles their pairs. What the source has stays where it did not take the value. */
export async function noteWriteBacks(
  sql: Sql,
  targetNo: number,
  ends: readonly (WriteBackEnd & { readonly entityNo: number })[],
): Promise<void> {
  if (ends.length === 0) return;
  await sql.query(
    `insert into write_back as w (target_id, entity_no, source_hash, target_hash)
     select $1, n.entity_no, case when n.stored then n.hash end, n.hash
       from unnest($2::bigint[], $3::bytea[], $4::boolean[]) as n (entity_no, hash, stored)
     on conflict (target_id, entity_no) do update
        set target_hash = excluded.target_hash, source_hash = coalesce(excluded.source_hash, w.source_hash)`,
    [targetNo, ends.map((end) => end.entityNo), ends.map((end) => end.targetHash), ends.map((end) => end.stored)],
  );
}
