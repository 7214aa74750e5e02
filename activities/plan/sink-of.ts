import { governorRules } from '../../core/plan/limits.js';
import type { GovernorRules } from '../../core/plan/limits.js';
import type { ChangeSink } from '../drain/sink.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { isPlanKind, isSimulation, PLAN_FIRST_PROPERTY } from '../../state/runs/run.js';
import { ApplyingSink } from './applying-sink.js';
import { GovernedSink } from './governed-sink.js';
import { PlanningSink } from './planning-sink.js';
import { SimulatingSink } from './simulating-sink.js';

/** What the governor does between the source of a run and a target. */
export function rulesOf(context: RunContext, target: OpenSystem): GovernorRules {
  return governorRules(target.snapshot.properties, context.safety.followsReference);
}

/** The run stores its changes and sends none: because it was asked for a plan, or because its source plans first (PLN-3, PLN-13). */
export function plansOnly(context: RunContext): boolean {
  const planFirst = context.source.snapshot.properties[PLAN_FIRST_PROPERTY]?.trim() === 'true';
  return isPlanKind(context.kind) || (planFirst && context.planNo === null);
}

/** The run stops at its plan although it was asked for as one that sends: what rules approve is applied at once (PLN-13). */
export function plansFirst(context: RunContext): boolean {
  return plansOnly(context) && (context.planFirst || !isPlanKind(context.kind));
}

/** Where the changes of a run go in a target. */
export function sinkOf(context: RunContext, target: OpenSystem): ChangeSink {
  if (isSimulation(context.kind)) return new SimulatingSink();
  if (context.planNo !== null) return new ApplyingSink(context.planNo);
  const governed = new GovernedSink(rulesOf(context, target));
  return plansOnly(context) ? new PlanningSink(governed) : governed;
}
