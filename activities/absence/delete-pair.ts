import type { LogLine } from '../../state/drain/entity-log.js';
import type { Settlement } from '../../state/drain/settle.js';
import { afterPrecondition } from '../drain/execute.js';
import { settlement, tagOf } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { done, failedDelete, unlinked } from './candidate-end.js';
import type { CandidateEnd } from './candidate-end.js';
import { emptyGroup, unassignMembers } from './empty-group.js';
import type { Judgement, LinkedLink } from './judge-candidate.js';
import { letGo, updateInstead } from './let-go.js';

/** Does with a candidate what DEL-6 says. */
export function deletePair(
  env: DrainEnvironment,
  work: Work,
  judgement: Judgement,
): CandidateEnd | Promise<CandidateEnd> {
  switch (judgement.kind) {
    case 'unlinked':
      return { settlement: settlement(work, { kind: 'settled' }), outcome: 'kept' };
    case 'rejoined':
      return { settlement: settlement(work, { kind: 'released' }), outcome: 'rejoined' };
    case 'busy':
      return { settlement: settlement(work, { kind: 'released' }), outcome: null };
    case 'claimedByCreate':
      return { settlement: settlement(work, { kind: 'waiting' }), outcome: 'shared' };
    case 'shared':
      return share(work, judgement);
    case 'kept':
      return keep(env, work, judgement.link, judgement.reason);
    case 'released':
      return letGo(env, work, judgement.link.targetKey);
    case 'emptied':
      return emptyGroup(env, work, judgement.link, judgement.group);
    case 'unassigned':
      return unassignMembers(env, work, judgement.link);
    case 'updatedInstead':
      return updateInstead(env, work, judgement.link.targetKey);
    case 'deleted':
      return deleteTarget(env, work, judgement.link);
  }
}

function share(work: Work, { link, heirs }: Extract<Judgement, { kind: 'shared' }>): CandidateEnd {
  return {
    settlement: settlement(work, unlinked(work), { link: { kind: 'removed' } }),
    outcome: 'shared',
    ...(link.origin === 'created' && { heirs: { targetKey: link.targetKey, entityNos: heirs } }),
  };
}

/** The link stays, and the entity is a candidate of every full run (SKP-8). */
function keep(env: DrainEnvironment, work: Work, link: LinkedLink, reason: string): CandidateEnd {
  const log: LogLine = { operation: 'delete', result: 'skipped', code: null, message: reason, durationMs: 0 };
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
    const remove = (etag: string | null): ReturnType<typeof env.connector.delete> =>
      send(env, work, 'idempotent-write', (options) =>
        env.connector.delete(env.type, link.targetKey, { ...options, ...(etag !== null && { etag }) }),
      );
    await remove(tagOf(work, link)).catch((error: unknown) =>
      afterPrecondition(env, work, link.targetKey, error, remove),
    );
  } catch (error) {
    const end = failedDelete(work, error);
    if (end !== undefined) return end;
  }
  return { ...done(work, Date.now() - startedMs, null), deletedKey: link.targetKey };
}
