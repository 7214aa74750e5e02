import { LINK_STATE } from '../codes.js';
import type { Sql } from '../database.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import type { LogLine } from './entity-log.js';
import { GONE, removeContents, upsertLinks } from './link-writes.js';
import type { KeptRow, LinkWrite } from './link-writes.js';

/** The result of one of several target entities of a pair (LNK-3). */
export interface PartResult {
  readonly ord: number;
  readonly part: string;
  /** Null: the link stays as it is. */
  readonly link: LinkWrite | null;
  readonly log: LogLine | null;
  /** Set when it failed. */
  readonly errorClass: ErrorClass | undefined;
}

/** A pair with what becomes of its links. */
export interface PartwisePair {
  readonly entityNo: number;
  readonly parts: readonly PartResult[];
}

/** One link of a pair. */
interface LinkOrd {
  readonly entityNo: number;
  readonly ord: number;
}

/** SQL: the links that {@link paramsOf} names. */
const MEANT = '(entity_no, ord) in (select * from unnest($2::bigint[], $3::smallint[]))';

function paramsOf(targetNo: number, links: readonly LinkOrd[]): unknown[] {
  return [targetNo, links.map((one) => one.entityNo), links.map((one) => one.ord)];
}

const LIVE = `(${LINK_STATE.linked}, ${LINK_STATE.creating})`;

/**
 * Writes the links of pairs that are several target entities. Whatever asks for a pair looks at its first link: as long as one of them is
 * there, or may be, the first one is ⚠, or a person who leaves would keep the accounts behind a hole. The caller holds the leases of these pairs
 * in the same transaction.
 */
export async function writePartLinks(
  sql: Sql,
  targetNo: number,
  type: number,
  pairs: readonly PartwisePair[],
): Promise<void> {
  if (pairs.length === 0) return;
  const kept: KeptRow[] = [];
  const missing: LinkOrd[] = [];
  const gone: (LinkOrd & { readonly isReleased: boolean })[] = [];
  for (const { entityNo, parts } of pairs) {
    for (const { ord, part, link } of parts) {
      if (link === null) continue;
      if (link.kind === 'linked' || link.kind === 'skipped') kept.push({ entityNo, ord, part, write: link });
      else if (link.kind === 'gone') missing.push({ entityNo, ord });
      else gone.push({ entityNo, ord, isReleased: link.kind === 'released' });
    }
  }
  if (kept.length > 0) await upsertLinks(sql, targetNo, type, kept);
  if (missing.length > 0) await markMissing(sql, targetNo, missing);
  if (gone.length > 0) await dropLinks(sql, targetNo, gone);
}

/** Of one of several accounts it is the same as of the only one: the link stays what it was. */
async function markMissing(sql: Sql, targetNo: number, missing: readonly LinkOrd[]): Promise<void> {
  await sql.query(
    `update link set ${GONE} where target_id = $1 and entity_no = any($2::bigint[]) and ${MEANT}
        and state = ${LINK_STATE.linked} and gone_at is null`,
    paramsOf(targetNo, missing),
  );
}

async function dropLinks(
  sql: Sql,
  targetNo: number,
  gone: readonly (LinkOrd & { readonly isReleased: boolean })[],
): Promise<void> {
  await sql.query(
    `update link set state = ${LINK_STATE.released}, target_hash = null, common_hash = null, out_of_scope = false, version = version + 1
      where target_id = $1 and entity_no = any($2::bigint[]) and ${MEANT}`,
    paramsOf(
      targetNo,
      gone.filter((one) => one.isReleased),
    ),
  );
  await sql.query(
    `delete from link where target_id = $1 and entity_no = any($2::bigint[]) and ${MEANT}`,
    paramsOf(
      targetNo,
      gone.filter((one) => !one.isReleased),
    ),
  );
  await sql.query(
    `delete from link_body where target_id = $1 and entity_no = any($2::bigint[]) and ${MEANT}`,
    paramsOf(targetNo, gone),
  );
  const entityNos = [...new Set(gone.map((one) => one.entityNo))];
  await closeHoles(sql, targetNo, entityNos);
  const empty = await sql.query<{ entityNo: number }>(
    `select n as "entityNo" from unnest($2::bigint[]) n
      where not exists (select from link where target_id = $1 and entity_no = n and state in ${LIVE})`,
    [targetNo, entityNos],
  );
  const unlinked = empty.map((one) => one.entityNo);
  if (unlinked.length > 0) await removeContents(sql, targetNo, unlinked);
}

/** The next link that is left becomes the first one. */
async function closeHoles(sql: Sql, targetNo: number, entityNos: readonly number[]): Promise<void> {
  const heirs = await sql.query<{ entityNo: number; ord: number }>(
    `select entity_no as "entityNo", min(ord) as ord from link
      where target_id = $1 and entity_no = any($2::bigint[]) and state in ${LIVE}
      group by entity_no having min(ord) > 0`,
    [targetNo, entityNos],
  );
  if (heirs.length === 0) return;
  const params = paramsOf(targetNo, heirs);
  for (const table of ['link', 'link_body']) {
    await sql.query(`delete from ${table} where target_id = $1 and entity_no = any($2::bigint[]) and ord = 0`, [
      targetNo,
      params[1],
    ]);
    await sql.query(
      `update ${table} set ord = 0 where target_id = $1 and entity_no = any($2::bigint[])
          and ${MEANT}`,
      params,
    );
  }
}
