import { governorRules } from '../../core/plan/limits.js';
import type { GovernorRules } from '../../core/plan/limits.js';
import type { ChangeSink } from '../drain/sink.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { GovernedSink } from './governed-sink.js';

/** Property of a source that gives the behaviour of the reference: no governor, no confirming reads, no empty-read guard (GOV-10). */
export const REFERENCE_PROPERTY = 'ips.reference.behavior';

/** GOV-10. */
export function followsReference(source: OpenSystem): boolean {
  return source.snapshot.properties[REFERENCE_PROPERTY]?.trim() === 'true';
}

/** What the governor does between the source of a run and a target. */
export function rulesOf(context: RunContext, target: OpenSystem): GovernorRules {
  return governorRules(target.snapshot.properties, followsReference(context.source));
}

/** Where the changes of a run go in a target. */
export function sinkOf(context: RunContext, target: OpenSystem): ChangeSink {
  return new GovernedSink(rulesOf(context, target));
}
