import type { GovernedClass } from '../../core/plan/change.js';
import type { EntityResultKind } from '../runs/run-views.js';
import type { Sql } from '../database.js';
import type { SimulatedPlace } from './staged-pairs.js';

/** What a Resync would do with one entity in one target, and why. */
export interface NewResult {
  readonly sourceKey: string;
  /** Part of the place of the sealed content: the number of the entity, negative where none is stored. */
  readonly placeNo: number;
  readonly targetKey: string | null;
  /** Which of several target entities of the entity (LNK-3). */
  readonly part?: string;
  readonly result: EntityResultKind;
  readonly operation: string;
  /** What the governor counts it as; null for what it does not count. */
  readonly class: GovernedClass | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attributes: readonly string[];
  readonly risks: readonly string[];
  readonly facet: string | null;
  /** Sealed values (JOB-9). */
  readonly content: Buffer | null;
}

/** The work of one target and type in its steps; what is committed with it is never done again. */
export type SimulatedStep = 'write' | 'delete' | 'compare';

/** Where a step has come to. */
export interface Position {
  readonly afterKey: string;
  readonly isOver: boolean;
}

/** The position of a step; its beginning where it has not begun. */
export async function readPosition(
  sql: Sql,
  place: SimulatedPlace,
  step: SimulatedStep,
): Promise<Position | undefined> {
  const [row] = await sql.query<Position>(
    `select after_key as "afterKey", is_over as "isOver" from simulated_position
      where run_key = $1 and target_id = $2 and type = $3 and step = $4`,
    [place.runKey, place.targetNo, place.type, step],
  );
  return row;
}

/** Moves a step forward; in the transaction of what was found. */
export async function writePosition(
  sql: Sql,
  place: SimulatedPlace,
  step: SimulatedStep,
  position: Position,
): Promise<void> {
  await sql.query(
    `insert into simulated_position (run_key, target_id, type, step, after_key, is_over) values ($1, $2, $3, $4, $5, $6)
     on conflict (run_key, target_id, type, step) do update set after_key = excluded.after_key, is_over = excluded.is_over`,
    [place.runKey, place.targetNo, place.type, step, position.afterKey, position.isOver],
  );
}

/** Stores results and moves the live counters by those that are new: an entity has one result in a target, however often it is looked at. */
export async function storeResults(sql: Sql, place: SimulatedPlace, results: readonly NewResult[]): Promise<void> {
  if (results.length === 0) return;
  const stored = await sql.query<{ result: EntityResultKind }>(
    `insert into simulated_result (run_key, target_id, type, source_key, place_no, target_key, result, operation, class, code, reason,
                                   attributes, risks, facet, content, part)
     select $1, $2, $3, n.source_key, n.place_no, n.target_key, n.result, n.operation, n.class, n.code, n.reason,
            array(select json_array_elements_text(n.attributes::json)), array(select json_array_elements_text(n.risks::json)), n.facet, n.content, n.part
       from unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                   $13::text[], $14::text[], $15::bytea[], $16::text[])
         as n (source_key, place_no, target_key, result, operation, class, code, reason, attributes, risks, facet, content, part)
     on conflict do nothing
     returning result`,
    [
      place.runKey,
      place.targetNo,
      place.type,
      results.map((one) => one.sourceKey),
      results.map((one) => one.placeNo),
      results.map((one) => one.targetKey),
      results.map((one) => one.result),
      results.map((one) => one.operation),
      results.map((one) => one.class),
      results.map((one) => one.code),
      results.map((one) => one.reason),
      results.map((one) => JSON.stringify(one.attributes)),
      results.map((one) => JSON.stringify(one.risks)),
      results.map((one) => one.facet),
      results.map((one) => one.content),
      results.map((one) => one.part ?? ''),
    ],
  );
  await moveCounters(
    sql,
    place,
    stored.map((row) => [row.result, 1]),
  );
}

async function moveCounters(
  sql: Sql,
  place: SimulatedPlace,
  moves: readonly (readonly [EntityResultKind, number])[],
): Promise<void> {
  const sum = (kind: EntityResultKind): number =>
    moves.reduce((total, [result, count]) => (result === kind ? total + count : total), 0);
  await sql.query(
    `insert into run_counter as c (run_key, system_id, type, action, created, updated, deleted, skipped, failed, held)
     values ($1, $2, $3, 'write', $4, $5, $6, $7, $8, $9)
     on conflict (run_key, system_id, type, action) do update
        set created = c.created + excluded.created, updated = c.updated + excluded.updated, deleted = c.deleted + excluded.deleted,
            skipped = c.skipped + excluded.skipped, failed = c.failed + excluded.failed, held = c.held + excluded.held`,
    [
      place.runKey,
      place.targetNo,
      place.type,
      sum('created'),
      sum('updated'),
      sum('deleted'),
      sum('skipped'),
      sum('failed'),
      sum('held'),
    ],
  );
}

/** A create that the target was not asked about yet. */
export interface Uncompared {
  readonly sourceKey: string;
  readonly part: string;
  readonly placeNo: number;
  readonly content: Buffer | null;
}

/** The next creates of a simulation that the target has not been asked about (JOB-9). */
export async function nextUncompared(sql: Sql, place: SimulatedPlace, limit: number): Promise<Uncompared[]> {
  return sql.query<Uncompared>(
    `select source_key as "sourceKey", part, place_no as "placeNo", content from simulated_result
      where run_key = $1 and target_id = $2 and type = $3 and result = 'created' and compared is null
      order by source_key, part limit $4`,
    [place.runKey, place.targetNo, place.type, limit],
  );
}

/** What the target has said of a create. */
export interface Comparison {
  readonly sourceKey: string;
  readonly part: string;
  /** `none`: it is a create; `one`: the Resync would adopt it; `many`, `hidden`: it would fail. */
  readonly compared: 'none' | 'one' | 'many' | 'hidden';
  readonly targetKey: string | null;
  readonly reason: string | null;
  /** `none` where the target lets nothing of the type be created (CONN-CORE-12): it would fail. */
  readonly isRefused?: boolean;
}

const RESULT_OF: Readonly<Record<Comparison['compared'], EntityResultKind>> = {
  none: 'created',
  one: 'updated',
  many: 'failed',
  hidden: 'failed',
};

/** Stores what the target has said; an answer counts once. */
export async function storeComparisons(
  sql: Sql,
  place: SimulatedPlace,
  comparisons: readonly Comparison[],
): Promise<void> {
  if (comparisons.length === 0) return;
  const moved = await sql.query<{ result: EntityResultKind }>(
    `update simulated_result m
        set compared = n.compared, result = n.result, target_key = n.target_key, reason = coalesce(n.reason, m.reason)
       from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) as n (source_key, compared, result, target_key, reason, part)
      where m.run_key = $1 and m.target_id = $2 and m.type = $3 and m.source_key = n.source_key and m.part = n.part and m.compared is null
      returning m.result`,
    [
      place.runKey,
      place.targetNo,
      place.type,
      comparisons.map((one) => one.sourceKey),
      comparisons.map((one) => one.compared),
      comparisons.map((one) => (one.isRefused === true ? 'failed' : RESULT_OF[one.compared])),
      comparisons.map((one) => one.targetKey),
      comparisons.map((one) => one.reason),
      comparisons.map((one) => one.part),
    ],
  );
  await moveCounters(
    sql,
    place,
    moved.flatMap(
      ({ result }) =>
        [
          ['created', -1],
          [result, 1],
        ] as const,
    ),
  );
}

/** Results of a simulation that the governor would count, by target, type and class. */
export interface SimulatedClassCount {
  readonly targetNo: number;
  readonly type: number;
  readonly class: GovernedClass;
  readonly count: number;
  /** Live links of the target and type. */
  readonly links: number;
  /** Budget that was used in the last 24 hours (GOV-3). */
  readonly used: number;
}

/** What a Resync would ask the governor for. */
export async function countClasses(sql: Sql, runKey: string): Promise<SimulatedClassCount[]> {
  return sql.query<SimulatedClassCount>(
    `select m.target_id as "targetNo", m.type, m.class, m.count,
            (select count(*)::int from link l where l.target_id = m.target_id and l.type = m.type and l.state = 1) as links,
            (select coalesce(sum(u.used), 0)::int from governor_use u
              where u.target_id = m.target_id and u.type = m.type and u.class = m.class and u.hour > now() - interval '24 hours') as used
       from (select target_id, type, class, count(*)::int as count from simulated_result
              where run_key = $1 and class is not null and result in ('created', 'updated', 'deleted') group by 1, 2, 3) m
      order by 1, 2, 3`,
    [runKey],
  );
}
