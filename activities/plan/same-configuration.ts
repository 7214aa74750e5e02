import { canonicalJson } from '../../core/canonical-json.js';
import type { SystemSnapshot } from '../../state/config/index.js';
import { frozenOfPlan } from '../../state/plans/plans.js';
import type { DrainEnvironment } from '../drain/work.js';

/** Properties that decide what is let through or recorded, and nothing of what is written. */
const NO_MATTER = /^ips\.(governor|plan|trace)\./;

/** Why a plan cannot be applied to a target: its frozen configuration is not that of now. Undefined when it is (PLN-10, PLN-11). */
export async function movedConfiguration(env: DrainEnvironment, planNo: number): Promise<string | undefined> {
  const then = await frozenOfPlan(env.services.pool, planNo);
  const { source } = env.tools.context;
  for (const now of [source.snapshot, env.tools.target.snapshot]) {
    const before = [then?.source, ...(then?.targets ?? [])].find((system) => system?.no === now.no);
    if (before === undefined || !isSame(before, now))
      return `the configuration of ${now.name} has changed since the plan`;
  }
  return undefined;
}

function isSame(before: SystemSnapshot, now: SystemSnapshot): boolean {
  return deciding(before) === deciding(now);
}

function deciding({ programNumber, typeName, properties }: SystemSnapshot): string {
  const kept = Object.entries(properties).filter(([name]) => !NO_MATTER.test(name));
  return canonicalJson({ programNumber, typeName, properties: Object.fromEntries(kept) });
}
