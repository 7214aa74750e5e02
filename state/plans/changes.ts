import { entityTypeOfCode } from '../../core/entity-type.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ChangeVerb, GovernedClass, MatchOutcome, RiskFlag } from '../../core/plan/change.js';
import type { ChangeState } from '../../core/plan/states.js';
import type { Sql } from '../database.js';
import { FILTER_PARAMETERS, FILTER_SQL, filterParams } from './filter.js';
import type { ChangeFilter } from './filter.js';

/** A stored change; its values stay sealed. */
export interface ChangeView {
  readonly changeNo: number;
  readonly state: ChangeState;
  readonly verb: ChangeVerb;
  readonly class: GovernedClass;
  readonly type: EntityType;
  readonly targetNo: number;
  readonly targetId: string | null;
  readonly targetName: string;
  readonly entityNo: number;
  readonly sourceKey: string;
  readonly targetKey: string | null;
  readonly attributes: readonly string[];
  readonly risks: readonly RiskFlag[];
  readonly facet: string | null;
  /** Why a deletion. */
  readonly cause: string | null;
  /** Why it was not applied. */
  readonly reason: string | null;
  readonly firstApprovedBy: string | null;
  readonly decidedBy: string | null;
  /** The rule that has approved it, in place of a person (PLN-13). */
  readonly decidedByRule: { readonly name: string; readonly version: number } | null;
  /** What a match report has found (PLN-14). */
  readonly match: MatchOutcome | null;
  /** Attributes by which the account was found. */
  readonly matchBy: readonly string[];
  /** Why it is not clear which account is meant; no attribute values. */
  readonly matchNote: string | null;
  readonly decidedAt: Date | null;
  readonly endedAt: Date | null;
  /** Sealed; the place is `change/<target>/<entity>`. */
  readonly content: Buffer | null;
  /** What an earlier drift has found in the account, in place of what was last written; sealed like the content. */
  readonly basis: Buffer | null;
}

interface ChangeRow extends Omit<ChangeView, 'type'> {
  type: number;
}

/** SQL: the rule that has decided, as JSON. */
export const RULE_SQL = `case when rule_name is not null then json_build_object('name', rule_name, 'version', rule_version) end`;

const CHANGE_SQL = `
  select c.change_no as "changeNo", c.state, c.verb, c.class, c.type, c.target_id as "targetNo", s.id as "targetId",
         coalesce(s.name, 'system ' || c.target_id) as "targetName", c.entity_no as "entityNo", c.source_key as "sourceKey",
         c.target_key as "targetKey", c.attributes, c.risks, c.facet, c.cause, c.reason, c.first_approved_by as "firstApprovedBy",
         c.decided_by as "decidedBy", ${RULE_SQL} as "decidedByRule", c.match, c.match_by as "matchBy", c.match_note as "matchNote", c.decided_at as "decidedAt", c.ended_at as "endedAt", c.content, c.basis
    from change c left join system s on s.no = c.target_id`;

/** Changes of a plan in the order they were made, from after `after`. */
export async function listChanges(
  sql: Sql,
  planNo: number,
  filter: ChangeFilter,
  page: { readonly after?: number; readonly limit: number },
): Promise<ChangeView[]> {
  const rows = await sql.query<ChangeRow>(
    `${CHANGE_SQL} where ${FILTER_SQL} and c.change_no > $${FILTER_PARAMETERS + 1} order by c.change_no limit $${FILTER_PARAMETERS + 2}`,
    [...filterParams(planNo, filter), page.after ?? 0, page.limit],
  );
  return rows.map(toView);
}

/** So many changes of each verb, at random (PLN-7). */
export async function sampleChanges(
  sql: Sql,
  planNo: number,
  filter: ChangeFilter,
  perVerb: number,
): Promise<ChangeView[]> {
  const rows = await sql.query<ChangeRow>(
    `${CHANGE_SQL} where c.change_no in (
       select change_no from (select c.change_no, row_number() over (partition by c.verb order by random()) as n from change c where ${FILTER_SQL}) x
        where n <= $${FILTER_PARAMETERS + 1})
      order by c.verb, c.change_no`,
    [...filterParams(planNo, filter), perVerb],
  );
  return rows.map(toView);
}

function toView({ type, ...row }: ChangeRow): ChangeView {
  return { ...row, type: entityTypeOfCode(type) };
}

/** How many changes a plan has, by one of its dimensions (PLN-5). */
export interface PlanCounts {
  readonly total: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byVerb: Readonly<Record<string, number>>;
  readonly byTarget: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly byAttribute: Readonly<Record<string, number>>;
  readonly byFacet: Readonly<Record<string, number>>;
  readonly byRisk: Readonly<Record<string, number>>;
  /** Empty for a plan that is no match report. */
  readonly byMatch: Readonly<Record<string, number>>;
}

/** Changes that are alike in everything that is counted. */
interface CountedRow {
  readonly state: string;
  readonly verb: string;
  readonly target: string;
  readonly type: number;
  readonly facet: string | null;
  readonly match: string | null;
  readonly attributes: readonly string[];
  readonly risks: readonly string[];
  readonly count: number;
}

/** Counts of the changes of a plan that fit the filter, most frequent first: one pass over its rows, which are wide. */
export async function countChanges(sql: Sql, planNo: number, filter: ChangeFilter = {}): Promise<PlanCounts> {
  const rows = await sql.query<CountedRow>(
    `select c.state, c.verb, coalesce(s.name, 'system ' || c.target_id) as target, c.type, c.facet, c.match, c.attributes, c.risks, c.count
       from (select c.state, c.verb, c.target_id, c.type, c.facet, c.match, c.attributes, c.risks, count(*)::int as count
               from change c where ${FILTER_SQL} group by 1, 2, 3, 4, 5, 6, 7, 8) c
       left join system s on s.no = c.target_id`,
    filterParams(planNo, filter),
  );
  return {
    total: rows.reduce((total, row) => total + row.count, 0),
    byState: sumBy(rows, (row) => [row.state]),
    byVerb: sumBy(rows, (row) => [row.verb]),
    byTarget: sumBy(rows, (row) => [row.target]),
    byType: sumBy(rows, (row) => [entityTypeOfCode(row.type)]),
    byAttribute: sumBy(rows, (row) => row.attributes),
    byRisk: sumBy(rows, (row) => row.risks),
    byFacet: sumBy(rows, (row) => (row.facet === null ? [] : [row.facet])),
    byMatch: sumBy(rows, (row) => (row.match === null ? [] : [row.match])),
  };
}

function sumBy(rows: readonly CountedRow[], namesOf: (row: CountedRow) => readonly string[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) for (const name of namesOf(row)) sums.set(name, (sums.get(name) ?? 0) + row.count);
  return Object.fromEntries([...sums].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])));
}
