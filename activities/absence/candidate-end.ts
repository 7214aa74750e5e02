import { isConnectorError } from '../../connectors/errors.js';
import type { AbsenceOutcome } from '../../state/absence/candidates.js';
import type { LogLine } from '../../state/drain/entity-log.js';
import type { RowEnd, Settlement } from '../../state/drain/settle.js';
import { failed } from '../drain/outcomes.js';
import { settlement } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { withContents } from '../logs/pair-contents.js';

/** What became of a candidate; without outcome it is tried again in this run. */
export interface CandidateEnd {
  readonly settlement: Settlement;
  readonly outcome: AbsenceOutcome | null;
  /** The target entity that is not there any more. */
  readonly deletedKey?: string;
  /** The target entity that is not managed any more (DEL-22). */
  readonly releasedKey?: string;
  /** Which of several target entities of the entity it was (LNK-3). */
  readonly releasedPart?: string | null;
  /** Of an entity that is several target entities: how each of them ended (LNK-3). */
  readonly parts?: readonly CandidateEnd[];
  /** Who has created the target entity from now on (DEL-20). */
  readonly heirs?: { readonly targetKey: string; readonly entityNos: readonly number[] };
}

/** A present entity without link is not in step: its row stays, so that the next run notes that nothing is wanted (engine.md §2). */
export function unlinked(work: Work): RowEnd {
  return { kind: work.pair.presence === 'present' ? 'waiting' : 'settled' };
}

/** Counted as Deleted; the link goes. */
export function done(work: Work, durationMs: number, message: string | null): CandidateEnd {
  const targetKey = work.pair.link?.targetKey ?? null;
  const log: LogLine = { operation: 'delete', result: 'deleted', code: null, message, durationMs, targetKey };
  return {
    settlement: settlement(work, unlinked(work), { link: { kind: 'removed' }, targetKeyChanged: true, log }),
    outcome: 'deleted',
  };
}

/** Undefined: the entity is not there any more, which is what was wanted. A delete cut off by a stop may be repeated at any time. */
export function failedDelete(work: Work, error: unknown): CandidateEnd | undefined {
  if (!isConnectorError(error)) throw error;
  return error.kind === 'notFound' ? undefined : { settlement: failed(work, 'delete', error), outcome: 'failed' };
}

/** The link stays, and the next run that may delete tries again (DEL-7). */
export function failedCandidate(work: Work, failure: Parameters<typeof failed>[2]): CandidateEnd {
  return { settlement: failed(work, 'delete', failure), outcome: 'failed' };
}

/** Nothing was done: it is tried again in this run. */
export function untouched(work: Work): CandidateEnd {
  return { settlement: settlement(work, { kind: 'released' }), outcome: null };
}

/** The end with the contents that its run traces (TRC-9). */
export function tracedEnd(env: DrainEnvironment, work: Work, end: CandidateEnd): CandidateEnd {
  return { ...end, settlement: withContents(env, work, end.settlement) };
}
