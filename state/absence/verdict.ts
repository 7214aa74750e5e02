import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ReadGuard } from '../../core/sync/read-safety.js';
import type { Sql } from '../database.js';

/** What the reading of one type came to. */
export interface TypeVerdict {
  readonly type: EntityType;
  readonly typeCode: number;
  readonly state: string;
  /** Entities delivered and understood. */
  readonly delivered: number;
  readonly failed: number;
  /** Failures that name no entity. */
  readonly unnamed: number;
  /** What the guards have said; null while nobody has asked them. */
  readonly guard: ReadGuard | null;
  /** What earlier full reads delivered, where the size guard has spoken. */
  readonly usualSize: number | null;
  /** Those who were not delivered count as absent already. */
  readonly isMarked: boolean;
}

/** What a run may conclude from its reading. */
export interface ReadVerdict {
  readonly types: readonly TypeVerdict[];
  /** Why nobody may be taken for absent, in the words of STA-12; null when somebody may. */
  readonly blockedBy: string | null;
}

/** What is to be known of a run to judge its reading. */
export interface VerdictRequest {
  readonly runKey: string;
  readonly sourceNo: number;
  readonly mode: 'full' | 'delta';
  /** Types that the run reads. */
  readonly typeCount: number;
  /** The source may deliver an entity twice without anything being wrong: only different ones count. */
  readonly repeats: boolean;
  /**
   * DEL-24: `off`: one failed entity blocks. `named`: only a failure that names nobody does. `known`: also one that names somebody who is not
   * known, because it may be somebody known under another key, and the source is not asked.
   */
  readonly isolation: 'off' | 'named' | 'known';
}

/** Failed entities that the outcome of a job names. */
const NAMED_AT_MOST = 3;

/**
 * DEL-1: a run may delete only after a full read in which every type was read to its end without one failed entity. One type that is
 * not complete blocks all types; a failed entity blocks unless it is isolated (DEL-24).
 */
export async function readVerdict(sql: Sql, request: VerdictRequest): Promise<ReadVerdict> {
  const rows = await sql.query<Omit<TypeVerdict, 'type'>>(
    `select t.type as "typeCode", t.state, t.guard, t.usual_size as "usualSize", t.marked_absent as "isMarked", p.delivered, p.failed, p.unnamed
       from run_type t
      cross join lateral (select case when $2 then (select count(distinct n)::int from run_page d cross join lateral unnest(d.seen || d.skipped) n
                                                      where d.run_key = t.run_key and d.type = t.type and d.epoch = t.epoch)
                                      else coalesce(sum(cardinality(seen) + cardinality(skipped)), 0)::int end as delivered, coalesce(sum(failed_count), 0)::int as failed,
                                 coalesce(sum(failed_count - cardinality(failed_keys)), 0)::int as unnamed
                            from run_page where run_key = t.run_key and type = t.type and epoch = t.epoch) p
      where t.run_key = $1 order by t.type`,
    [request.runKey, request.repeats],
  );
  const types = rows.map((row) => ({ ...row, type: entityTypeOfCode(row.typeCode) }));
  return { types, blockedBy: findBlock(types, request) ?? (await findFailures(sql, types, request)) };
}

function findBlock(types: readonly TypeVerdict[], { mode, typeCount }: VerdictRequest): string | null {
  if (mode === 'delta') return 'delta read';
  const isWhole = types.length >= typeCount && types.every((type) => type.state === 'complete');
  return isWhole ? null : 'reading from the source system was not completed';
}

/** The failed entities that keep everybody from being deleted, the first of them by name with the switch that would isolate them. */
async function findFailures(
  sql: Sql,
  types: readonly TypeVerdict[],
  { runKey, sourceNo, isolation }: VerdictRequest,
): Promise<string | null> {
  const failed = types.reduce((sum, type) => sum + type.failed, 0);
  if (failed === 0) return null;
  const text = `${failed} entities failed in the source system`;
  if (isolation === 'off') {
    const names = await firstFailed(sql, runKey);
    return names.length === 0 ? text : `${text} (${names.join(', ')}; isolateFailedEntities is off)`;
  }
  if (types.some((type) => type.unnamed > 0)) return text;
  if (isolation === 'named') return null;
  const isStranger = await Promise.all(types.map((type) => namesStrangers(sql, runKey, sourceNo, type)));
  return isStranger.includes(true) ? text : null;
}

const FAILED_KEYS = `
  run_type t join run_page p on p.run_key = t.run_key and p.type = t.type and p.epoch = t.epoch and p.failed_count > 0
  cross join lateral unnest(p.failed_keys) with ordinality as f (key, place)`;

async function firstFailed(sql: Sql, runKey: string): Promise<string[]> {
  const rows = await sql.query<{ type: number; key: string }>(
    `select t.type, f.key from ${FAILED_KEYS} where t.run_key = $1 order by t.type, p.page_no, f.place limit ${NAMED_AT_MOST}`,
    [runKey],
  );
  return rows.map(({ type, key }) => `${entityTypeOfCode(type)} ${key}`);
}

/** A failure names its entity by source key, or by the id of the connector where the mapping has come to no key. */
const NAMED = `
  named as materialized (select distinct f.key from ${FAILED_KEYS} where t.run_key = $1 and t.type = $3),
  known as materialized (
    select n.key, e.entity_no from named n join entity e on e.source_id = $2 and e.type = $3 and e.source_key = n.key
    union
    select n.key, e.entity_no from named n join entity e on e.source_id = $2 and e.type = $3 and e.native_id = n.key)`;

async function namesStrangers(sql: Sql, runKey: string, sourceNo: number, type: TypeVerdict): Promise<boolean> {
  if (type.failed === 0) return false;
  const rows = await sql.query(
    `with ${NAMED} select 1 from named n where not exists (select from known k where k.key = n.key) limit 1`,
    [runKey, sourceNo, type.typeCode],
  );
  return rows.length > 0;
}

/** Stored entities of a type that were delivered and could not be read or mapped: they are unknown (DEL-24, UNK-2). */
export async function unreadableNos(
  sql: Sql,
  run: { readonly runKey: string; readonly sourceNo: number },
  { typeCode, failed }: Pick<TypeVerdict, 'typeCode' | 'failed'>,
): Promise<number[]> {
  if (failed === 0) return [];
  const rows = await sql.query<{ entityNo: number }>(
    `with ${NAMED} select distinct entity_no as "entityNo" from known order by 1`,
    [run.runKey, run.sourceNo, typeCode],
  );
  return rows.map((row) => row.entityNo);
}
