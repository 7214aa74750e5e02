import { claimTargetKey, otherLinks } from '../../state/drain/claims.js';
import type { Candidate } from '../../state/absence/candidates.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { StoredLink } from '../../state/drain/pair-facts.js';
import type { Settlement } from '../../state/drain/settle.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { done, failedDelete } from './candidate-end.js';
import type { CandidateEnd } from './candidate-end.js';
import { letGo, updateInstead } from './let-go.js';
import { deletesExistedBefore } from './plan-absence.js';

/** A candidate with what its lease has shown. */
export interface PlannedDeletion extends Candidate {
  /** The source was asked recently enough, for this or another target of the run. */
  readonly confirmed: boolean;
  /** Something else than the absence waits to be written for the pair. */
  readonly pending: boolean;
}

type LinkedLink = StoredLink & { readonly targetKey: string };

/** Steps 1 to 6 of DEL-6 for a pair under lease whose absence is confirmed where it has to be. */
export async function deletePair(env: DrainEnvironment, work: Work, candidate: PlannedDeletion): Promise<CandidateEnd> {
  const link = work.pair.link;
  if (link?.state !== 'linked' || link.targetKey === null)
    return { settlement: settlement(work, { kind: 'settled' }), outcome: 'kept' };
  if (!isDeletionWanted(work, candidate, link.outOfScope)) return rejoined(work);
  const linked: LinkedLink = { ...link, targetKey: link.targetKey };
  const key = { targetNo: env.targetNo, type: env.typeCode, targetKey: link.targetKey };
  if (!(await claimTargetKey(env.services.pool, key, work.token, env.tools.target.capabilities.requestTimeoutMs * 2))) {
    return { settlement: settlement(work, { kind: 'released' }), outcome: null };
  }
  const survivors = await otherLinks(env.services.pool, key, work.row.entityNo);
  if (survivors.some((other) => other.presence === 'present')) return shared(work);
  if (env.program.skipOperations.has('delete')) return kept(env, work, linked);
  if (linked.origin !== 'created' && !deletesExistedBefore(env.tools.target)) return letGo(env, work, linked.targetKey);
  return env.program.hasDeleteScope ? updateInstead(env, work, linked.targetKey) : deleteTarget(env, work, linked);
}

/**
 * The plan may be older than what is known now: another target's confirmation has found the entity, or something waits to be written. A
 * mark *out of scope* says something only of an entity that was planned because of it.
 */
function isDeletionWanted(work: Work, candidate: PlannedDeletion, outOfScope: boolean): boolean {
  if (work.pair.presence !== 'present') return true;
  return candidate.cause === 'outOfScope' && outOfScope && !candidate.pending;
}

/** The entity came back, or came into scope, after the plan: nothing happens to it. */
function rejoined(work: Work): CandidateEnd {
  return { settlement: settlement(work, { kind: 'released' }), outcome: 'rejoined' };
}

/** Step 1 (DEL-20): somebody present has the same target entity; only this link goes. */
function shared(work: Work): CandidateEnd {
  return { settlement: settlement(work, { kind: 'settled' }, { link: { kind: 'removed' } }), outcome: 'shared' };
}

/** Step 2 (SKP-8): the link stays, and the entity is a candidate of every full run. */
function kept(env: DrainEnvironment, work: Work, link: LinkedLink): CandidateEnd {
  const log: LogLine = {
    operation: 'delete',
    result: 'skipped',
    code: null,
    message: 'Operation [delete] is skipped in target transformation',
    durationMs: 0,
  };
  return {
    settlement: settlement(work, { kind: 'settled' }, { link: outOfScope(env, work, link), log }),
    outcome: 'kept',
  };
}

function outOfScope(env: DrainEnvironment, work: Work, link: LinkedLink): Settlement['link'] {
  return {
    kind: 'linked',
    targetKey: link.targetKey,
    origin: link.origin ?? 'existedBefore',
    commonHash: work.pair.presence === 'present' ? work.pair.commonHash : link.commonHash,
    targetHash: link.targetHash,
    program: env.tools.target.snapshot.programNumber,
    outOfScope: true,
    etag: link.etag,
    body: null,
    groupsDue: link.groupsDue,
  };
}

/** Step 6. An entity that is gone already counts as deleted (DEL-7). */
async function deleteTarget(env: DrainEnvironment, work: Work, link: LinkedLink): Promise<CandidateEnd> {
  const startedMs = Date.now();
  try {
    await send(env, work, 'idempotent-write', (options) =>
      env.connector.delete(env.type, link.targetKey, { ...options, ...(link.etag !== null && { etag: link.etag }) }),
    );
  } catch (error) {
    const end = failedDelete(work, error);
    if (end !== undefined) return end;
  }
  return { ...done(work, Date.now() - startedMs, null), deletedKey: link.targetKey };
}
