import type { EntityType } from '../../core/entity-type.js';
import { entityTypeOfCode } from '../../core/entity-type.js';
import { applyThreshold, openTypes, planCandidates } from '../../state/absence/candidates.js';
import { hasLinks, markAbsent } from '../../state/absence/mark-absent.js';
import { notePostponed } from '../../state/absence/postponed.js';
import { readVerdict } from '../../state/absence/verdict.js';
import type { TypeVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import { holdFence, takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { candidatesOfPlan } from '../../state/plans/approved.js';
import { targetEndReason } from '../../state/runs/target-end.js';
import type { AbsencePlan, TargetInput } from '../contract.js';
import { drainEnvironment } from '../drain/environment.js';
import type { EngineServices } from '../support/services.js';
import { followsReference } from '../plan/sink-of.js';
import { codeOf, targetOf, targetTypes } from '../support/run-context.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { governDeletions } from './govern-deletions.js';
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
    const verdict = await readVerdict(services.pool, input.runKey, context.mode, context.types.length);
    if (verdict.blockedBy !== null) {
      await services.pool.transaction(async (sql) => {
        await holdFence(sql, fence);
        await noteAllPostponed(sql, context, target);
      });
      return { types: [] };
    }
    await services.pool.transaction(async (sql) => {
      await holdFence(sql, fence);
      for (const type of verdict.types) {
        if (await isEmptyRead(sql, context, type)) continue;
        await markAbsent(sql, input.runKey, context.source.snapshot.no, type.typeCode);
        services.deps.reached?.('planningAbsence');
        const program = target.program.types.get(type.type);
        if (program === undefined || !targetTypes(context, target).includes(type.type)) continue;
        const pair = { sourceNo: context.source.snapshot.no, targetNo: input.targetNo, type: type.typeCode };
        await planCandidates(sql, input.runKey, pair);
        const threshold = thresholdOf(target, type.type);
        // Step 2 comes before step 4: where deletions are skipped, none is blocked by their number.
        if (threshold !== undefined && !program.skipOperations.has('delete'))
          await applyThreshold(sql, input.runKey, pair, { ...stepRule(pair.sourceNo, target), threshold });
        await governDeletions(
          sql,
          drainEnvironment(services, context, { ...input, type: type.type, late: false }, watch),
        );
      }
    });
    return openPlan(services, input);
  });
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

/**
 * DEL-21: a full read that returned nothing at all, although there are links of the type, is taken for a broken source and not for a
 * company without people.
 */
export async function isEmptyRead(sql: Sql, context: RunContext, type: TypeVerdict): Promise<boolean> {
  if (type.delivered > 0 || followsReference(context.source)) return false;
  const targets = context.targets.map((target) => target.snapshot.no);
  return hasLinks(sql, context.source.snapshot.no, codeOf(type.type), targets);
}

const THRESHOLD_PROPERTY: Readonly<Record<EntityType, string>> = {
  user: 'ips.delete.threshold.users',
  group: 'ips.delete.threshold.groups',
  role: 'ips.delete.threshold.roles',
};

/** Value of the threshold property of a type as configured. */
export function thresholdText(target: OpenSystem, type: EntityType): string | undefined {
  return target.snapshot.properties[THRESHOLD_PROPERTY[type]];
}

function thresholdOf(target: OpenSystem, type: EntityType): number | undefined {
  const text = thresholdText(target, type);
  return text !== undefined && /^[1-9]\d*$/.test(text.trim()) ? Number(text) : undefined;
}
