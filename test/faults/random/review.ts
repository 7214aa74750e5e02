import { GOVERNOR_PROPERTIES } from '../../../core/plan/limits.js';
import { quarantinePair, releasePair } from '../../../state/healing/quarantine.js';
import { decide, listPlans } from '../../../state/plans/index.js';
import type { PlanView } from '../../../state/plans/index.js';
import type { FaultTarget, FaultWorld } from '../support/fault-world.js';
import { monotonicMs } from '../support/timeline.js';
import { PEOPLE } from './commands.js';
import type { GovernorLimits, Review } from './commands.js';

const REMEMBERED_PLANS = 20;

/** The plans of the source that can be decided, newest first. */
export async function decidable({ engine, source }: FaultWorld): Promise<PlanView[]> {
  const plans = await listPlans(engine.pool, { sourceNo: source.system.no, limit: REMEMBERED_PLANS });
  return plans.filter((plan) => plan.completedAt !== null);
}

/** Approves or rejects changes of a plan. */
export async function decideOn(
  world: FaultWorld,
  plan: PlanView,
  { decision, verb }: Pick<Extract<Review, { kind: 'decide' }>, 'decision' | 'verb'>,
): Promise<void> {
  await decide(world.engine.pool, {
    planNo: plan.planNo,
    sourceNo: plan.sourceNo,
    decision,
    by: 'reviewer',
    comment: '',
    filter: verb === null ? {} : { verb },
    secondPersonFor: [],
  });
}

/** Sets what the governor of a target lets through; what it has let through before counts on. */
export async function govern(world: FaultWorld, target: FaultTarget, limits: GovernorLimits): Promise<void> {
  await world.engine.changeProperties(target.system, governorProperties(limits));
  const before = target.budget;
  target.budget = { sinceMs: before?.sinceMs ?? 0, limits: before === undefined ? {} : highest(before.limits, limits) };
}

/** The same as properties of a target. */
export function governorProperties(limits: GovernorLimits): Record<string, string> {
  const text = (limit: number | null): string => (limit === null ? 'off' : String(limit));
  return {
    [GOVERNOR_PROPERTIES.ofClass('delete')]: text(limits.delete),
    [GOVERNOR_PROPERTIES.ofClass('disable')]: text(limits.disable),
    [GOVERNOR_PROPERTIES.ofClass('recreate')]: text(limits.recreate),
    [GOVERNOR_PROPERTIES.groupMembers]: text(limits.members),
  };
}

/** What may be let through from now on, when nothing that was counted before counts any more. */
export function budgetOf(limits: GovernorLimits): NonNullable<FaultTarget['budget']> {
  return { sinceMs: monotonicMs(), limits: highest({ delete: 0, disable: 0 }, limits) };
}

type Limits = NonNullable<FaultTarget['budget']>['limits'];

/** Of two limits in one window the higher one says what may have happened; a class that was not counted for a while has none. */
function highest(before: Limits, now: GovernorLimits): Limits {
  const both = (one: number | undefined, other: number | null): number | undefined =>
    one === undefined || other === null ? undefined : Math.max(one, other);
  const [deletes, disables] = [both(before.delete, now.delete), both(before.disable, now.disable)];
  return {
    ...(deletes !== undefined && { delete: deletes }),
    ...(disables !== undefined && { disable: disables }),
  };
}

/** HEA-5: somebody asks to leave a person alone, or no longer. */
export async function setQuarantine(
  world: FaultWorld,
  target: FaultTarget,
  personNo: number,
  kind: 'quarantine' | 'release',
): Promise<void> {
  const sourceKey = PEOPLE[personNo] ?? '';
  const pair = {
    targetNo: target.system.no,
    sourceNo: world.source.system.no,
    type: 'user' as const,
    sourceKey,
  };
  const name = `${sourceKey}@example.com`.toLowerCase();
  const open = target.quarantines.find((one) => one.name === name && one.toMs === Infinity);
  if (kind === 'release') {
    if (open !== undefined) open.toMs = monotonicMs();
    await releasePair(world.engine.pool, pair);
  } else if ((await quarantinePair(world.engine.pool, pair, 'left alone', 'reviewer')) && open === undefined) {
    target.quarantines.push({ name, fromMs: monotonicMs(), toMs: Infinity });
  }
}
