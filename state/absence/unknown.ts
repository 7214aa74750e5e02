import { entityTypeCode, entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import { UNKNOWN_CAUSES } from '../../core/sync/read-safety.js';
import type { UnknownCause } from '../../core/sync/read-safety.js';
import { LINK_STATE, PRESENCE } from '../codes.js';
import type { Sql } from '../database.js';

/** Who is unknown in a run is kept in arrays of so many numbers: no row for an entity, and a page of the list opens one or two of them. */
const PART = 1_000;
/** Runs of a source whose lists are kept; older ones keep their counts. */
const LISTS_KEPT = 30;

/** A run of a source. */
interface SourceRun {
  readonly runKey: string;
  readonly sourceNo: number;
}

/** UNK-2: entities of a type that were delivered unreadable. */
export async function noteUnreadable(
  sql: Sql,
  { runKey }: SourceRun,
  type: number,
  entityNos: readonly number[],
): Promise<void> {
  if (entityNos.length === 0) return;
  const select = `select $2::smallint as type, 'unreadable' as cause, n as entity_no from unnest($3::bigint[]) n`;
  await insertUnknown(sql, select, [runKey, type, entityNos]);
}

/**
 * UNK-2: everybody of a type whom a read that proves nothing did not deliver, for one cause: who counted as present or skipped before, and
 * who waits for a deletion that was not confirmed in this run. One statement; it is asked only when something went wrong.
 */
export async function noteMissing(
  sql: Sql,
  { runKey, sourceNo }: SourceRun,
  missing: { readonly type: number; readonly cause: UnknownCause; readonly exceptNos: readonly number[] },
): Promise<void> {
  await insertUnknown(
    sql,
    `with read as (select epoch, first_read_seq from run_type where run_key = $1 and type = $3),
     delivered as materialized (
       select distinct n as entity_no from run_page p cross join lateral unnest(p.seen || p.skipped) n
        where p.run_key = $1 and p.type = $3 and p.epoch = (select epoch from read)
       union select unnest($5::bigint[]))
     select e.type, $4::text as cause, e.entity_no from entity e
      where e.source_id = $2 and e.type = $3 and e.read_seq <= coalesce((select first_read_seq from read), e.read_seq)
        and (e.presence <> ${PRESENCE.absent} or exists (select from link l where l.entity_no = e.entity_no and l.state = ${LINK_STATE.linked}))
        and not exists (select from delivered d where d.entity_no = e.entity_no)
        and not exists (select from absence a where a.run_key = $1 and a.entity_no = e.entity_no and a.confirmed_at is not null)`,
    [runKey, sourceNo, missing.type, missing.cause, missing.exceptNos],
  );
}

/** UNK-2: of those of some types who were to be asked for, everybody whom the source did not declare absent. */
export async function noteUnconfirmed(sql: Sql, { runKey }: SourceRun, types: readonly number[]): Promise<void> {
  await insertUnknown(
    sql,
    `select type, case when bool_or(outcome = 'unknownFound') then 'confirmationFound'
                       when bool_or(outcome = 'unknownFailed') then 'confirmationFailed' else 'notAsked' end as cause, entity_no
       from absence where run_key = $1 and cause = 'notSeen' and type = any($2::smallint[])
      group by type, entity_no
     having bool_and(confirmed_at is null) or bool_or(outcome in ('unknownFound', 'unknownFailed'))`,
    [runKey, types],
  );
}

/** UNK-5: groups whose members the source did not tell in this run, and that keep those they had. */
export async function noteUnknownMembers(sql: Sql, { runKey }: SourceRun): Promise<void> {
  await insertUnknown(
    sql,
    `select distinct t.type, 'membersNotDelivered' as cause, n as entity_no
       from run_type t join run_page p on p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch and p.unknown_members <> '{}'
      cross join lateral unnest(p.unknown_members) n
      where t.run_key = $1`,
    [runKey],
  );
}

async function insertUnknown(sql: Sql, select: string, params: readonly unknown[]): Promise<void> {
  await sql.query(
    `insert into run_unknown (run_key, type, cause, part, entity_nos)
     select $1, y.type, y.cause, y.place / ${PART}, array_agg(y.entity_no order by y.entity_no)
       from (select x.*, row_number() over (partition by x.type, x.cause order by x.entity_no) - 1 as place from (${select}) x) y
      group by 2, 3, 4
     on conflict do nothing`,
    params,
  );
}

/** Counts what was noted, and drops the lists of runs that are long over. Once, when a run ends. */
export async function countUnknown(sql: Sql, { runKey, sourceNo }: SourceRun): Promise<void> {
  const counted = await sql.query(
    `insert into run_unknown_count (run_key, type, cause, count)
     select run_key, type, cause, sum(cardinality(entity_nos)) from run_unknown where run_key = $1 group by 1, 2, 3
     on conflict do nothing returning 1`,
    [runKey],
  );
  if (counted.length === 0) return;
  await sql.query(
    `delete from run_unknown u
      where u.run_key in (select r.run_key from run r
                           where r.source_id = $1 and exists (select from run_unknown_count c where c.run_key = r.run_key)
                           order by r.run_key desc offset ${LISTS_KEPT})`,
    [sourceNo],
  );
}

/** How many entities of a type were unknown in a run, and why (UNK-6). */
export interface UnknownCount {
  readonly entity: EntityType;
  readonly cause: UnknownCause;
  readonly count: number;
}

/** Counts by type and cause, in the order of the causes. */
export async function listUnknownCounts(sql: Sql, runKey: string): Promise<UnknownCount[]> {
  const rows = await sql.query<{ type: number; cause: UnknownCause; count: number }>(
    'select type, cause, count from run_unknown_count where run_key = $1 order by type, array_position($2::text[], cause)',
    [runKey, UNKNOWN_CAUSES],
  );
  return rows.map(({ type, ...row }) => ({ entity: entityTypeOfCode(type), ...row }));
}

/** One entity that was unknown in a run. */
export interface UnknownEntity {
  readonly entityNo: number;
  readonly entity: EntityType;
  readonly cause: UnknownCause;
  /** Empty when the entity was removed since. */
  readonly sourceKey: string;
}

/** Which unknown entities are wanted, and how many at most. */
export interface UnknownFilter {
  readonly type?: EntityType;
  readonly cause?: UnknownCause;
  /** Position after which to go on: of the last row of the page before. */
  readonly after?: UnknownPosition;
  readonly limit: number;
}

/** A place in the list: by type, then cause, then number. */
export interface UnknownPosition {
  readonly type: EntityType;
  readonly cause: UnknownCause;
  readonly entityNo: number;
}

/** Unknown entities of a run by pages (UNK-6), and whether there are more. Empty for runs whose lists are dropped. */
export async function listUnknown(
  sql: Sql,
  runKey: string,
  { type, cause, after, limit }: UnknownFilter,
): Promise<{ items: UnknownEntity[]; more: boolean }> {
  const rows = await sql.query<{ entityNo: number; type: number; cause: UnknownCause; sourceKey: string }>(
    `select n as "entityNo", u.type, u.cause, coalesce(e.source_key, '') as "sourceKey"
       from run_unknown u cross join lateral unnest(u.entity_nos) n
       left join entity e on e.entity_no = n
      where u.run_key = $1 and ($2::smallint is null or u.type = $2) and ($3::text is null or u.cause = $3)
        and ($4::smallint is null
             or (u.type, array_position($8::text[], u.cause)) > ($4, $5::int)
             or (u.type, array_position($8::text[], u.cause)) = ($4, $5::int)
                and u.entity_nos[cardinality(u.entity_nos)] > $6::bigint and n > $6::bigint)
      order by u.type, array_position($8::text[], u.cause), n limit $7`,
    [
      runKey,
      type === undefined ? null : entityTypeCode(type),
      cause ?? null,
      after === undefined ? null : entityTypeCode(after.type),
      after === undefined ? null : UNKNOWN_CAUSES.indexOf(after.cause) + 1,
      after?.entityNo ?? null,
      limit + 1,
      UNKNOWN_CAUSES,
    ],
  );
  const items = rows.slice(0, limit).map(({ type: code, ...row }) => ({ ...row, entity: entityTypeOfCode(code) }));
  return { items, more: rows.length > limit };
}
