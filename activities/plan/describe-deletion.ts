import type { NewChange, PlanKind } from '../../state/plans/store-changes.js';
import { mapTarget, openCommon } from '../drain/evaluate-pair.js';
import type { MappedTarget } from '../drain/evaluate-pair.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { describeChange } from './describe-change.js';

/** What a deletion counts as: an update in its place is a disable (GOV-1). */
export function deletionClass(env: DrainEnvironment): 'delete' | 'disable' {
  return env.program.hasDeleteScope ? 'disable' : 'delete';
}

/** The stored form of a deletion, or of the update in its place (DEL-10); without values where its mapping fails. */
export function describeDeletion(env: DrainEnvironment, work: Work, kind: PlanKind, cause: string): NewChange {
  const name = deletionClass(env);
  const common = work.pair.commonBody === null ? null : openCommon(env.tools, env.type, work.pair);
  const known = { ...work, evaluation: { ...work.evaluation, common } };
  const mapped = name === 'delete' ? null : updateInPlace(env, known);
  return describeChange(env, known, { kind, verb: name, class: name, shape: null, mapped, operation: 'delete', cause });
}

function updateInPlace(env: DrainEnvironment, work: Work): MappedTarget | null {
  const { common } = work.evaluation;
  const targetKey = work.pair.link?.targetKey ?? undefined;
  const mapped = mapTarget(env.tools, env.type, common ?? {}, 'delete', targetKey, work.references);
  return 'message' in mapped ? null : mapped;
}
