import type { AbsenceOutcome } from '../../state/absence/candidates.js';
import { approvedChanges } from '../../state/plans/approved.js';
import type { DecidedChange } from '../../state/plans/approved.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { CandidateEnd } from '../absence/candidate-end.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';

/** The approved change of a pair ends with the settlement of the pair; every other run has none. */
export function withApproved(work: Work, result: Settlement): Settlement {
  const { approved } = work;
  if (approved === null || result.decided !== null) return result;
  const decide = (to: DecidedChange['to'], reason: string | null): Settlement => ({
    ...result,
    decided: { changeNo: approved.changeNo, to, reason },
  });
  switch (result.end.kind) {
    case 'settled':
      return decide('applied', null);
    case 'failed':
      return result.log?.code === '412' || result.log?.code === 'precondition'
        ? { ...notApplied(work, 'drifted', 'somebody has changed the account since it was written'), link: result.link }
        : decide('failed', result.log?.message ?? result.end.errorClass);
    case 'parked':
      return decide('obsolete', result.end.reason);
    default:
      // Not tried to the end: it stays approved, and is offered again.
      return result;
  }
}

/** The approved change is not executed: the pair is left to the next run, nothing is written. */
export function notApplied(work: Work, to: 'drifted' | 'obsolete', reason: string): Settlement {
  const changeNo = work.approved?.changeNo;
  return settlement(work, { kind: 'waiting' }, { decided: changeNo === undefined ? null : { changeNo, to, reason } });
}

const REASON_OF: Partial<Record<AbsenceOutcome, string>> = {
  unknownFound: 'the source still has the entity',
  unknownFailed: 'the source could not say whether it still has the entity',
  rejoined: 'the entity is back in the source',
  kept: 'deletion is skipped, or there is no link any more',
  released: 'the account existed before and is not managed any more',
  shared: 'another entity has the same account',
};

/** The same for a deletion. */
export function withApprovedEnd(work: Work, end: CandidateEnd): CandidateEnd {
  const { approved } = work;
  if (approved === null || end.outcome === null || end.settlement.decided !== null) return end;
  const { changeNo } = approved;
  const decided = ((): DecidedChange => {
    if (end.outcome === 'deleted') return { changeNo, to: 'applied', reason: null };
    if (end.outcome === 'failed') return { changeNo, to: 'failed', reason: end.settlement.log?.message ?? null };
    const isDrift = end.outcome === 'unknownFound' || end.outcome === 'unknownFailed' || end.outcome === 'rejoined';
    return { changeNo, to: isDrift ? 'drifted' : 'obsolete', reason: REASON_OF[end.outcome] ?? end.outcome };
  })();
  return { ...end, settlement: { ...end.settlement, decided } };
}

/** What was approved for these pairs; nothing in a run that applies no plan. */
export async function approvedAmong(
  env: DrainEnvironment,
  entityNos: readonly number[],
): ReturnType<typeof approvedChanges> {
  if (env.planNo === undefined) return new Map();
  return approvedChanges(env.services.pool, env.planNo, env.targetNo, entityNos);
}
