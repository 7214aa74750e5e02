import { shapeOf } from '../../core/plan/classify.js';
import type { NewChange } from '../../state/plans/store-changes.js';
import type { MappingFailure } from '../drain/evaluate-pair.js';
import { parked } from '../drain/execute.js';
import { notCreated, writesMembersOnly } from '../drain/members-only.js';
import { mapForCreate } from '../drain/outcomes.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { describeChange, lastWritten } from './describe-change.js';
import type { FoundMatch } from './match-existing.js';

/** What would be sent for a pair, or why nothing would. */
export type PlannedChange =
  | { readonly kind: 'change'; readonly change: NewChange }
  /** The operation is skipped by the transformation, or the group forbids it (SKP-7, WRT-8). */
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: MappingFailure }
  /** A create of unknown outcome that nobody wants any more. */
  | { readonly kind: 'unwanted' };

/** The change that a drain would send, described in place of being sent; `match`: what the target said of a create. */
export function plannedChange(env: DrainEnvironment, work: Work, match?: FoundMatch): PlannedChange {
  const { action, update, accepted } = work.evaluation;
  if (action === 'update' && update !== null) {
    const forbidden = parked(env, work, 'update');
    if (forbidden?.end.kind === 'parked') return { kind: 'skipped', reason: forbidden.end.reason };
    const shape = shapeOf(lastWritten(env, work), update.storable);
    const facts = { kind: 'plan', verb: shape.verb, class: classOfVerb(shape.verb), shape, mapped: update } as const;
    return { kind: 'change', change: describeChange(env, work, { ...facts, operation: 'update', cause: null }) };
  }
  if (work.pair.presence !== 'present' || !accepted) return { kind: 'unwanted' };
  if (env.program.skipOperations.has('create'))
    return { kind: 'skipped', reason: 'Operation [create] is skipped in target transformation' };
  if (writesMembersOnly(env) && match?.outcome === 'create')
    return { kind: 'failed', failure: { kind: 'failed', message: notCreated(env).message } };
  const mapped = work.create ?? mapForCreate(env, work);
  if ('message' in mapped) return { kind: 'failed', failure: mapped };
  const facts = {
    kind: 'plan',
    verb: 'create',
    class: 'create',
    shape: null,
    mapped,
    ...(match && { match }),
  } as const;
  return { kind: 'change', change: describeChange(env, work, { ...facts, operation: 'create', cause: null }) };
}

/** What an update counts as (GOV-1). */
export function classOfVerb(
  verb: ReturnType<typeof shapeOf>['verb'],
): 'disable' | 'addMember' | 'removeMember' | 'update' {
  return verb === 'disable' || verb === 'addMember' || verb === 'removeMember' ? verb : 'update';
}
