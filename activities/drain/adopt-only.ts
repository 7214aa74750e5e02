import type { Resolution } from '../../connectors/contract.js';
import { forgetGroup } from '../../state/drain/assigned-members.js';
import type { Settlement } from '../../state/drain/settle.js';
import { adopt } from './adopt.js';
import { lookUp, tooMany } from './create.js';
import { notCreated, writesMembersOnly } from './members-only.js';
import { failed, mapForCreate, unmappable } from './outcomes.js';
import { sentDocument, settlement } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** Whoever has no link is looked for and never created: the transformation skips creations (SKP-6), or the target has none (CONN-CORE-12). */
export function createsNothing(env: DrainEnvironment): boolean {
  return env.program.skipOperations.has('create') || writesMembersOnly(env);
}

/** No create is sent; what is there already is adopted. Nobody else is provisioned: skipped (SKP-6), or failed (CONN-CORE-12). */
export async function adoptOnly(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const found = await lookUp(env, work, work.create === null ? {} : sentDocument(work.create));
  if (found.outcome === 'one') return adopt(env, work, found, null);
  if (found.outcome === 'many') return failed(work, 'adopt', tooMany(found.ids.length));
  if (!env.program.skipOperations.has('create')) return failed(work, 'create', notCreated(env));
  return settlement(work, { kind: 'parked', reason: 'Operation [create] is skipped in target transformation' });
}

/**
 * CONN-CORE-12: a linked group that others make is gone. Its owner may have made it anew, with another id: it is looked for like one that was never
 * linked. Whose members were whose in the old one says nothing of the new one.
 */
export async function readopt(env: DrainEnvironment, work: Work): Promise<Settlement> {
  const mapped = mapForCreate(env, work);
  if ('message' in mapped) return unmappable(work, 'update', mapped);
  const found = env.sink.isExact ? NOT_FOUND : await lookUp(env, work, sentDocument(mapped));
  if (found.outcome === 'many') return failed(work, 'adopt', tooMany(found.ids.length));
  if (found.outcome === 'none') return failed(work, 'update', notCreated(env));
  const former = work.pair.link?.targetKey ?? null;
  if (former !== null && former !== found.entity.id) await forgetGroup(env.services.pool, env.targetNo, former);
  return adopt(env, work, found, null);
}

/** What was approved is the update of a group that is no more, and nothing else. */
const NOT_FOUND: Resolution = { outcome: 'none' };
