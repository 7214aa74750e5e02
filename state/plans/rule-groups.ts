import { entityTypeOfCode } from '../../core/entity-type.js';
import type { ChangeGroup } from '../../core/plan/approval-rules.js';
import type { Sql } from '../database.js';

/** Changes of a plan that rules cannot tell apart, with what finds them again. */
export interface StoredGroup extends ChangeGroup {
  readonly targetNo: number;
  readonly typeCode: number;
}

/** Only facets that a rule names tell changes apart: a plan with a thousand departments has as few groups as one with two. */
const FACET = 'case when c.facet = any($2::text[]) then c.facet end';
const REMOVES = `(c.risks @> '{removesMembers}')`;
const EXISTING = `(coalesce(c.match, 'create') <> 'create')`;

/** The changes of a plan in groups, whatever has become of them. One pass over the plan. */
export async function groupsOfPlan(sql: Sql, planNo: number, facets: readonly string[]): Promise<StoredGroup[]> {
  const rows = await sql.query<Omit<StoredGroup, 'type'>>(
    `select g.*, s.id as target
       from (select c.verb, c.attributes, ${REMOVES} as "removesMembers", ${EXISTING} as "touchesExisting", ${FACET} as facet,
                    c.target_id as "targetNo", c.type as "typeCode", count(*)::int as count
               from change c where c.plan_no = $1 group by 1, 2, 3, 4, 5, 6, 7) g
       left join system s on s.no = g."targetNo"`,
    [planNo, facets],
  );
  return rows.map((row) => ({ ...row, type: entityTypeOfCode(row.typeCode) }));
}

/** A group with the rule that approves it. */
export interface ApprovedGroup {
  readonly group: StoredGroup;
  readonly rule: string;
}

/**
 * Approves the planned changes of groups in the name of rules of one version. Returns how many, by rule; what somebody has decided
 * before stays as it is (PLN-2).
 */
export async function approveGroups(
  sql: Sql,
  planNo: number,
  facets: readonly string[],
  rulesVersion: number,
  groups: readonly ApprovedGroup[],
): Promise<Map<string, number>> {
  const rows = await sql.query<{ rule: string; count: number }>(
    `with approved as (
       update change c set state = 'approved', rule_name = g.rule, rule_version = $3, decided_at = now()
         from json_to_recordset($4::json)
           as g (rule text, verb text, attributes text[], removes boolean, existing boolean, facet text, target_id int, type smallint)
        where c.plan_no = $1 and c.state = 'planned' and c.verb = g.verb and c.attributes = g.attributes and ${REMOVES} = g.removes
          and ${EXISTING} = g.existing and ${FACET} is not distinct from g.facet and c.target_id = g.target_id and c.type = g.type
        returning c.rule_name)
     select rule_name as rule, count(*)::int as count from approved group by 1 order by 1`,
    [
      planNo,
      facets,
      rulesVersion,
      JSON.stringify(
        groups.map(({ group, rule }) => ({
          rule,
          verb: group.verb,
          attributes: group.attributes,
          removes: group.removesMembers,
          existing: group.touchesExisting,
          facet: group.facet,
          target_id: group.targetNo,
          type: group.typeCode,
        })),
      ),
    ],
  );
  return new Map(rows.map(({ rule, count }) => [rule, count]));
}

/** Notes what rules have approved beside the decisions of people. */
export async function noteRuleDecisions(
  sql: Sql,
  planNo: number,
  rulesVersion: number,
  approved: ReadonlyMap<string, number>,
): Promise<void> {
  await sql.query(
    `insert into plan_decision (plan_no, decision, rule_name, rule_version, filter, changes)
     select $1, 'approve', n.rule, $2, '{}', n.changes from unnest($3::text[], $4::int[]) as n (rule, changes)`,
    [planNo, rulesVersion, [...approved.keys()], [...approved.values()]],
  );
}

/** The plan that a run has made; undefined: it made none. */
export async function planOfRun(sql: Sql, runKey: string): Promise<number | undefined> {
  const [plan] = await sql.query<{ planNo: number }>(
    `select plan_no as "planNo" from plan where run_key = $1 and kind = 'plan'`,
    [runKey],
  );
  return plan?.planNo;
}

/** The newest complete plan of a source; plans of what was held back are none to try rules on. */
export async function lastPlanOf(sql: Sql, sourceNo: number): Promise<{ planNo: number; id: string } | undefined> {
  const [plan] = await sql.query<{ planNo: number; id: string }>(
    `select plan_no as "planNo", id from plan
      where source_id = $1 and kind = 'plan' and completed_at is not null order by plan_no desc limit 1`,
    [sourceNo],
  );
  return plan;
}
