import { THRESHOLD_PROPERTY } from '../../core/run/deletion-lines.js';
import type { EntityType } from '../../core/entity-type.js';
import type { ReadGuard } from '../../core/sync/read-safety.js';
import { entityTypeOfCode } from '../../core/entity-type.js';
import { applyThreshold, openTypes, planCandidates } from '../../state/absence/candidates.js';
import type { ThresholdRule } from '../../state/absence/candidates.js';
import { markAbsent } from '../../state/absence/mark-absent.js';
import { notePostponed } from '../../state/absence/postponed.js';
import { unreadableNos } from '../../state/absence/verdict.js';
import type { TypeVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import { holdFence, takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { candidatesOfPlan } from '../../state/plans/approved.js';
import { targetEndReason } from '../../state/runs/target-end.js';
import type { AbsencePlan, TargetInput } from '../contract.js';
import { drainEnvironment } from '../drain/environment.js';
import type { EngineServices, Watch } from '../support/services.js';
import { codeOf, splitOf, targetOf, targetTypes } from '../support/run-context.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { governDeletions } from './govern-deletions.js';
import { guardOf, verdictOf } from './read-guards.js';
import { stepRule } from './step-rule.js';

/** Groups and roles go before users (ORD-3). */
const DELETION_ORDER: readonly EntityType[] = ['group', 'role', 'user'];

/** Decides who is absent and who may have to be deleted in one target (engine.md §7). Repeating it adds nothing. */
export async function planAbsence(services: EngineServices, input: TargetInput): Promise<AbsencePlan> {
  return services.underWatch(input.runKey, async (watch, scope) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const target = targetOf(context, input.targetNo);
    const fence = await takeChain(services.pool, input.runKey, scope.owner, `target/${input.targetNo}`);
    if ((await targetEndReason(services.pool, input.runKey, input.targetNo)) !== undefined) return { types: [] };
    if (context.planNo !== null) return absenceOfPlan(services, fence, context.planNo, input);
    const verdict = await verdictOf(services.pool, context);
    if (verdict.blockedBy !== null) {
      await services.pool.transaction(async (sql) => {
        await holdFence(sql, fence);
        await noteAllPostponed(sql, context, target);
      });
      return { types: [] };
    }
    await services.pool.transaction(async (sql) => {
      await holdFence(sql, fence);
      for (const type of verdict.types) await planType(services, sql, context, target, watch, type);
    });
    return openPlan(services, input);
  });
}

/** Candidates of one type, in the transaction of all. */
async function planType(
  services: EngineServices,
  sql: Sql,
  context: RunContext,
  target: OpenSystem,
  watch: Watch,
  type: TypeVerdict,
): Promise<void> {
  const { runKey } = context;
  const sourceNo = context.source.snapshot.no;
  const { guard } = await guardOf(services, sql, context, type);
  if (guard === 'emptyRead') return;
  const threshold = thresholdOf(target, type.type);
  const missing = isMissingUnknown(guard, threshold !== undefined);
  const unreadable = await unreadableNos(sql, { runKey, sourceNo }, type);
  if (!missing) await markAbsent(sql, runKey, sourceNo, type.typeCode, unreadable);
  services.deps.reached?.('planningAbsence');
  const program = target.program.types.get(type.type);
  if (program === undefined || !targetTypes(context, target).includes(type.type)) return;
  const pair = { sourceNo, targetNo: target.snapshot.no, type: type.typeCode };
  await planCandidates(sql, runKey, pair, { unreadableNos: unreadable, missing });
  // Step 2 comes before step 4: where deletions are skipped, none is blocked by their number.
  if (threshold !== undefined && !program.skipOperations.has('delete'))
    await applyThreshold(sql, runKey, pair, thresholdRule(sourceNo, target, type.type, threshold));
  const place = { runKey, targetNo: target.snapshot.no, type: type.type, late: false };
  await governDeletions(sql, drainEnvironment(services, context, place, watch));
}

/**
 * UNK-4: whether nobody who was not delivered is believed to be missing. Where the administrator has said with a threshold how many deletions
 * of one job are alright, that decides: thresholds come first and act as documented (GOV-9).
 */
export function isMissingUnknown(guard: ReadGuard, hasThreshold: boolean): boolean {
  return guard === 'configurationChanged' || (guard === 'sizeGuard' && !hasThreshold);
}

/** A run that may not delete says whose deletion it puts off, so that the one that catches up can tell (STA-12). */
export async function noteAllPostponed(sql: Sql, context: RunContext, target: OpenSystem): Promise<void> {
  for (const type of targetTypes(context, target)) {
    const pair = { sourceNo: context.source.snapshot.no, targetNo: target.snapshot.no, type: codeOf(type) };
    await notePostponed(sql, context.runKey, pair);
  }
}

/** The deletions of a plan that is applied are those that were approved (PLN-9). */
async function absenceOfPlan(
  services: EngineServices,
  fence: RunFence,
  planNo: number,
  input: TargetInput,
): Promise<AbsencePlan> {
  await services.pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await candidatesOfPlan(sql, input.runKey, planNo, input.targetNo);
  });
  return openPlan(services, input);
}

async function openPlan(services: EngineServices, input: TargetInput): Promise<AbsencePlan> {
  const open = (await openTypes(services.pool, input.runKey, input.targetNo)).map(entityTypeOfCode);
  return { types: DELETION_ORDER.filter((type) => open.includes(type)) };
}

/** Value of the threshold property of a type as configured. */
export function thresholdText(target: OpenSystem, type: EntityType): string | undefined {
  return target.snapshot.properties[THRESHOLD_PROPERTY[type]];
}

/** What the threshold of a target counts for a type (DEL-8). */
export function thresholdRule(
  sourceNo: number,
  target: OpenSystem,
  type: EntityType,
  threshold: number,
): ThresholdRule {
  const countsAssignments = type !== 'user' && target.capabilities.deletesAssignments === true;
  const countsAssignedOnly = target.capabilities.membersOnly?.includes(type) === true;
  const countsParts = splitOf(target, type) !== undefined;
  return { ...stepRule(sourceNo, target), threshold, countsAssignments, countsAssignedOnly, countsParts };
}

/** Deletions of a type that one job may execute in a target (DEL-8); undefined: any number. */
export function thresholdOf(target: OpenSystem, type: EntityType): number | undefined {
  const text = thresholdText(target, type);
  return text !== undefined && /^[1-9]\d*$/.test(text.trim()) ? Number(text) : undefined;
}
