import { decideByRules, reportOf } from '../../core/plan/approval-rules.js';
import { secondPersonFor } from '../../core/plan/second-person.js';
import type { Sql } from '../../state/database.js';
import { readApprovalRules } from '../../state/plans/approval-rules.js';
import { approveGroups, groupsOfPlan, noteRuleDecisions, planOfRun } from '../../state/plans/rule-groups.js';
import { queueApply } from '../../state/runs/queue-apply.js';
import type { RunContext } from '../support/run-context.js';

/** How the run came to its end, as far as rules care. */
export interface PlanEnd {
  /** Why the plan is only a part of what the run would have done; null: it is the whole. */
  readonly partial: string | null;
}

/**
 * PLN-13: approves by the rules of a source that plans first, and queues the application, all in the transaction that completes the plan.
 * Upper counts are those of a whole plan, so of a part nothing is approved. Returns lines for *Job Execution Outcome*.
 */
export async function approveByRules(sql: Sql, context: RunContext, { partial }: PlanEnd): Promise<string[]> {
  const { snapshot } = context.source;
  const saved = await readApprovalRules(sql, snapshot.no);
  const planNo = await planOfRun(sql, context.runKey);
  if (saved === undefined || saved.rules.length === 0 || planNo === undefined) return [];
  const twoPeople = secondPersonFor(snapshot.properties);
  const facets = [...new Set(saved.rules.flatMap((rule) => rule.facets ?? []))];
  const groups = await groupsOfPlan(sql, planNo, facets);
  if (groups.length === 0) return [];
  if (partial !== null) return [`Approved by rules: nothing, because ${partial}`];
  const verdicts = decideByRules(saved.rules, groups, twoPeople);
  const approved = groups.flatMap((group, index) => {
    const verdict = verdicts[index];
    return verdict?.kind === 'approved' ? [{ group, rule: verdict.rule }] : [];
  });
  const { total, byRule } = reportOf(saved.rules, groups, verdicts, twoPeople);
  const counts = await approveGroups(sql, planNo, facets, saved.version, approved);
  const decided = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (decided > 0) {
    await noteRuleDecisions(sql, planNo, saved.version, counts);
    await queueApply(sql, snapshot.no, planNo);
  }
  const over = byRule.filter((one) => one.fitting > one.atMost);
  return [
    `Approved by rules (version ${saved.version}): ${decided} of ${total} changes${decided > 0 ? '; the next job applies them' : ''}`,
    ...over.map((one) => `Rule ${one.rule} approves nothing: ${one.fitting} changes fit, at most ${one.atMost} may`),
  ];
}
