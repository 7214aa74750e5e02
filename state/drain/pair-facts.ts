import { LINK_STATE, nameOf, ORIGIN, PRESENCE } from '../codes.js';
import type { LinkState, Origin, Presence } from '../../core/sync/facts.js';
import type { Sql } from '../database.js';

/** The stored link of a pair (LNK-1). */
export interface StoredLink {
  readonly ord: number;
  /** Which of several target entities of the entity it is (LNK-3); null where the entity is one. */
  readonly part: string | null;
  readonly state: LinkState;
  readonly origin: Origin | null;
  readonly targetKey: string | null;
  readonly commonHash: Buffer | null;
  readonly targetHash: Buffer | null;
  readonly program: number;
  readonly outOfScope: boolean;
  readonly version: number;
  readonly etag: string | null;
  /** The account was created, its groups were not assigned (VAR-12). */
  readonly groupsDue: boolean;
  /** Sealed unique keys of a create whose outcome is not known. */
  readonly sentKeys: Buffer | null;
  readonly sentAt: Date | null;
  /** Sealed target JSON last written. */
  readonly body: Buffer | null;
}

/** Entity and link of one pair, as of one statement. */
export interface StoredPair {
  readonly entityNo: number;
  readonly sourceKey: string;
  readonly nativeId: string | null;
  readonly presence: Presence;
  readonly commonHash: Buffer | null;
  /** Sealed common JSON. */
  readonly commonBody: Buffer | null;
  /** Of several, the first. */
  readonly link: StoredLink | null;
  /** All links of an entity that is several target entities, in order; empty where it is one (LNK-3). */
  readonly parts: readonly StoredLink[];
}

interface PairRow extends LinkRow {
  entityNo: number;
  sourceKey: string;
  nativeId: string | null;
  presence: number;
  commonHash: Buffer | null;
  commonBody: Buffer | null;
}

interface LinkRow {
  ord: number | null;
  part: string | null;
  linkState: number | null;
  origin: number | null;
  targetKey: string | null;
  linkCommonHash: Buffer | null;
  targetHash: Buffer | null;
  program: number | null;
  outOfScope: boolean | null;
  version: number | null;
  etag: string | null;
  groupsDue: boolean | null;
  sentKeys: Buffer | null;
  sentAt: Date | null;
  linkBody: Buffer | null;
}

const LINK_COLUMNS = `
            l.ord, l.part, l.state as "linkState", l.origin, l.target_key as "targetKey", l.common_hash as "linkCommonHash",
            l.target_hash as "targetHash", l.program, l.out_of_scope as "outOfScope", l.version, l.etag, l.groups_due as "groupsDue",
            l.sent_keys as "sentKeys", l.sent_at as "sentAt", lb.body as "linkBody"`;

/** Reads the pairs of a lease. A statement of its own, later than the lease: it sees bodies at least as new as the leased `gen` ⚠. */
export async function readPairs(
  sql: Sql,
  targetNo: number,
  entityNos: readonly number[],
): Promise<Map<number, StoredPair>> {
  const rows = await sql.query<PairRow>(
    `select e.entity_no as "entityNo", e.source_key as "sourceKey", e.native_id as "nativeId", e.presence, e.common_hash as "commonHash",
            eb.body as "commonBody", ${LINK_COLUMNS}
       from unnest($2::bigint[]) as n (entity_no)
      cross join lateral (select * from entity where entity_no = n.entity_no limit 1) e
       left join lateral (select body from entity_body where entity_no = n.entity_no limit 1) eb on true
       left join lateral (select * from link where target_id = $1 and entity_no = n.entity_no and ord = 0 limit 1) l on true
       left join lateral (select body from link_body where target_id = $1 and entity_no = n.entity_no and ord = 0 limit 1) lb on true`,
    [targetNo, entityNos],
  );
  const parts = await readParts(sql, targetNo, rows);
  return new Map(rows.map((row) => [row.entityNo, toPair(row, parts.get(row.entityNo) ?? [])]));
}

/** The links of those of the entities that are several target entities; nothing is asked where there are none. */
export async function readParts(
  sql: Sql,
  targetNo: number,
  first: readonly { readonly entityNo: number; readonly part: string | null }[],
): Promise<Map<number, StoredLink[]>> {
  const parts = new Map<number, StoredLink[]>();
  const several = first.flatMap(({ entityNo, part }) => (part === null ? [] : [entityNo]));
  if (several.length === 0) return parts;
  const rows = await sql.query<LinkRow & { entityNo: number; linkState: number }>(
    `select n.entity_no as "entityNo", ${LINK_COLUMNS}
       from unnest($2::bigint[]) as n (entity_no)
      cross join lateral (select * from link where target_id = $1 and entity_no = n.entity_no order by ord) l
       left join lateral (select body from link_body where target_id = $1 and entity_no = n.entity_no and ord = l.ord limit 1) lb on true
      order by n.entity_no, l.ord`,
    [targetNo, several],
  );
  for (const row of rows) parts.set(row.entityNo, [...(parts.get(row.entityNo) ?? []), toLink(row, row.linkState)]);
  return parts;
}

/** The stored links of entities in one target, by entity. */
export async function readLinks(
  sql: Sql,
  targetNo: number,
  entityNos: readonly number[],
): Promise<Map<number, StoredLink>> {
  const rows = await sql.query<LinkRow & { entityNo: number; linkState: number }>(
    `select n.entity_no as "entityNo", ${LINK_COLUMNS}
       from unnest($2::bigint[]) as n (entity_no)
      cross join lateral (select * from link where target_id = $1 and entity_no = n.entity_no and ord = 0 limit 1) l
       left join lateral (select body from link_body where target_id = $1 and entity_no = n.entity_no and ord = 0 limit 1) lb on true`,
    [targetNo, entityNos],
  );
  return new Map(rows.map((row) => [row.entityNo, toLink(row, row.linkState)]));
}

function toPair(row: PairRow, parts: readonly StoredLink[]): StoredPair {
  return {
    entityNo: row.entityNo,
    sourceKey: row.sourceKey,
    nativeId: row.nativeId,
    presence: nameOf(PRESENCE, row.presence),
    commonHash: row.commonHash,
    commonBody: row.commonBody,
    link: row.linkState === null ? null : toLink(row, row.linkState),
    parts,
  };
}

function toLink(row: LinkRow, state: number): StoredLink {
  return {
    ord: row.ord ?? 0,
    part: row.part,
    state: nameOf(LINK_STATE, state),
    origin: row.origin === null ? null : nameOf(ORIGIN, row.origin),
    targetKey: row.targetKey,
    commonHash: row.linkCommonHash,
    targetHash: row.targetHash,
    program: row.program ?? 0,
    outOfScope: row.outOfScope === true,
    version: row.version ?? 0,
    etag: row.etag,
    groupsDue: row.groupsDue === true,
    sentKeys: row.sentKeys,
    sentAt: row.sentAt,
    body: row.linkBody,
  };
}
