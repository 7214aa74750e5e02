import { isConnectorError } from '../../connectors/errors.js';
import { applicationGroupOf } from '../../core/sync/application-group.js';
import type { ApplicationGroup } from '../../core/sync/application-group.js';
import { claimTargetKey, holdTargetKey, listSurvivors, listUnresolvedCreates } from '../../state/drain/claims.js';
import type { UnresolvedCreate } from '../../state/drain/claims.js';
import type { Candidate } from '../../state/absence/candidates.js';
import type { StoredLink } from '../../state/drain/pair-facts.js';
import { openCommon } from '../drain/evaluate-pair.js';
import { openIntent } from '../drain/intents.js';
import { writesMembersOnly } from '../drain/members-only.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { deletesExistedBefore, deletesShared } from './step-rule.js';

/** A candidate with what its lease has shown. */
export interface PlannedDeletion extends Candidate {
  /** The source was asked recently enough, for this or another target of the run. */
  readonly confirmed: boolean;
  /** Something else than the absence waits to be written for the pair. */
  readonly pending: boolean;
}

/** A link with a target entity. */
export type LinkedLink = StoredLink & { readonly targetKey: string };

/** What DEL-6 says of a candidate. Nothing is sent and nothing written by saying it. */
export type Judgement =
  /** There is no link any more. */
  | { readonly kind: 'unlinked' }
  /** The entity came back, or came into scope, after the plan. */
  | { readonly kind: 'rejoined' }
  /** Somebody else works on the target entity at this moment (engine invariant 8). */
  | { readonly kind: 'busy' }
  /** Step 1: somebody present has the same target entity; only this link goes. */
  | { readonly kind: 'shared'; readonly link: LinkedLink; readonly heirs: readonly number[] }
  /** Step 1: the target entity may be the result of a create that nobody could look for yet; everything stays as it is. */
  | { readonly kind: 'claimedByCreate' }
  /** Step 2, or a group that cannot be deleted (DEL-18): kept and skipped, for the reason given. */
  | { readonly kind: 'kept'; readonly link: LinkedLink; readonly reason: string }
  /** Step 3: not managed any more. */
  | { readonly kind: 'released'; readonly link: LinkedLink }
  /** DEL-18: the group stays and loses members. */
  | { readonly kind: 'emptied'; readonly link: LinkedLink; readonly group: ApplicationGroup }
  /** CONN-CORE-12: the target does not delete groups; this one stays and loses those whom the platform has assigned. */
  | { readonly kind: 'unassigned'; readonly link: LinkedLink }
  /** Step 5. */
  | { readonly kind: 'updatedInstead'; readonly link: LinkedLink }
  /** Step 6. */
  | { readonly kind: 'deleted'; readonly link: LinkedLink };

/**
 * Steps 1 to 6 of DEL-6 for a pair under lease whose absence is confirmed where it has to be; claims the target entity. `accounts`: how many go one after
 * the other, each claimed before the first goes (LNK-3).
 */
export async function judgeCandidate(
  env: DrainEnvironment,
  work: Work,
  candidate: PlannedDeletion,
  accounts = 1,
): Promise<Judgement> {
  const stored = work.pair.link;
  if (stored?.state !== 'linked' || stored.targetKey === null) return { kind: 'unlinked' };
  if (!isDeletionWanted(work, candidate, stored.outOfScope)) return { kind: 'rejoined' };
  const link: LinkedLink = { ...stored, targetKey: stored.targetKey };
  const { pool } = env.services;
  const key = { targetNo: env.targetNo, type: env.typeCode, targetKey: link.targetKey };
  // Looking for a create, reading a group and the request that lets go have to fit.
  const claimMs = (): number => work.clock.claimMs(env.tools.target.capabilities.requestTimeoutMs * 3 * accounts);
  if (!(await claimTargetKey(pool, key, work.token, claimMs()))) return { kind: 'busy' };
  const leaver = { targetNo: env.targetNo, entityNo: work.row.entityNo, ord: link.ord, sourceNo: env.sourceNo };
  const survivors = (): Promise<number[]> => listSurvivors(pool, leaver, deletesShared(env.tools.target));
  const heirs = await survivors();
  if (heirs.length > 0) return { kind: 'shared', link, heirs };
  const hold = (): Promise<boolean> => holdTargetKey(pool, key, work.token, claimMs());
  const creates = await askForCreates(env, work, link, hold);
  if (creates === 'claimedByCreate' || creates === 'busy') return { kind: creates };
  // One answer may take longer than the claim lasts: somebody may have adopted the target entity and be done with it.
  const adopters = creates === 'asked' ? await survivors() : [];
  return adopters.length > 0 ? { kind: 'shared', link, heirs: adopters } : judgeBySteps(env, work, link);
}

/** Steps 2 to 6 of DEL-6, which look at nothing but the pair. */
export function judgeBySteps(env: DrainEnvironment, work: Work, link: LinkedLink): Judgement {
  if (env.program.skipOperations.has('delete'))
    return { kind: 'kept', link, reason: 'Operation [delete] is skipped in target transformation' };
  const group = env.type === 'group' ? groupOf(env, work, link) : undefined;
  // An application-specific group is the application's, whoever created it (DEL-18).
  const isOurs = link.origin === 'created' && group === undefined;
  if (!isOurs && !deletesExistedBefore(env.tools.target)) return { kind: 'released', link };
  if (group === 'readOnly')
    return { kind: 'kept', link, reason: 'Operation [delete] is not supported by the group: it is readOnly' };
  if (writesMembersOnly(env)) return { kind: 'unassigned', link };
  if (group === 'userOnlyMembership' || group === 'membership') return { kind: 'emptied', link, group };
  return { kind: env.program.hasDeleteScope ? 'updatedInstead' : 'deleted', link };
}

/**
 * The plan may be older than what is known now: another target's confirmation has found the entity, or something waits to be written. A
 * mark *out of scope* says something only of an entity that was planned because of it.
 */
function isDeletionWanted(work: Work, candidate: PlannedDeletion, outOfScope: boolean): boolean {
  if (work.pair.presence !== 'present') return true;
  return candidate.cause === 'outOfScope' && outOfScope && !candidate.pending;
}

/**
 * DEL-20: a create of a present entity whose outcome is not known, and that could not be looked for in its own turn, may have met this very
 * target entity. The target is asked for what was sent; without a clear answer nothing is deleted. There is hardly ever such a create; where
 * there are many, asking takes longer than a claim lasts, so it is prolonged with each.
 */
async function askForCreates(
  env: DrainEnvironment,
  work: Work,
  link: LinkedLink,
  hold: () => Promise<boolean>,
): Promise<'claimedByCreate' | 'busy' | 'asked' | 'none'> {
  const creates = await listUnresolvedCreates(
    env.services.pool,
    { targetNo: env.targetNo, type: env.typeCode },
    work.row.entityNo,
  );
  for (const create of creates) {
    if (await mayHaveMet(env, work, link, create)) return 'claimedByCreate';
    if (!(await hold())) return 'busy';
  }
  return creates.length > 0 ? 'asked' : 'none';
}

async function mayHaveMet(
  env: DrainEnvironment,
  work: Work,
  link: LinkedLink,
  create: UnresolvedCreate,
): Promise<boolean> {
  try {
    const found = await send(env, work, 'read', (options) =>
      env.connector.resolveExisting(env.type, openIntent(env, create), env.connector.uniqueKeys(env.type), options),
    );
    if (found.outcome === 'one') return found.entity.id === link.targetKey;
    return found.outcome === 'many' && found.ids.includes(link.targetKey);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return true;
  }
}

/** What the application allows on a group, by what was written last and by what the source says of it now; a ban of either counts. */
function groupOf(env: DrainEnvironment, work: Work, link: LinkedLink): ApplicationGroup | undefined {
  const place = linkPlace(env.targetNo, work.row.entityNo);
  const written = link.body === null ? undefined : applicationGroupOf(env.services.linkBodies.open(link.body, place));
  const common = work.pair.commonBody === null ? {} : openCommon(env.tools, env.type, work.pair);
  const said = applicationGroupOf(common);
  return said === 'readOnly' ? said : (written ?? said);
}
