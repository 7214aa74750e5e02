import type { NewChange } from '../../state/plans/store-changes.js';
import type { Settlement } from '../../state/drain/settle.js';
import type { NewResult } from '../../state/simulation/results.js';

/** The entity that a result is about. */
export interface ResultSubject {
  readonly sourceKey: string;
  readonly placeNo: number;
  readonly targetKey: string | null;
  /** Which of several target entities of the entity (LNK-3). */
  readonly part?: string;
}

/** A result without a change: nothing would be sent. */
export function plainResult(
  subject: ResultSubject,
  rest: Pick<NewResult, 'result' | 'operation' | 'reason'> & { readonly code?: string | null },
): NewResult {
  return { ...subject, class: null, attributes: [], risks: [], facet: null, content: null, code: null, ...rest };
}

/** What would be sent, as a result. */
export function resultOfChange(subject: ResultSubject, change: NewChange): NewResult {
  const isDeletion = change.verb === 'delete' || change.cause !== null;
  return {
    ...subject,
    result: change.verb === 'create' ? 'created' : isDeletion ? 'deleted' : 'updated',
    operation: change.verb,
    class: change.class,
    code: null,
    reason: change.cause === null ? null : (REASON_OF_CAUSE[change.cause] ?? change.cause),
    attributes: change.attributes,
    risks: change.risks,
    facet: change.facet,
    content: change.content,
  };
}

/** Why an entity is deleted. */
const REASON_OF_CAUSE: Readonly<Record<string, string>> = {
  notSeen: 'the source has it no longer',
  skipped: 'the condition of the source is not met any more',
  outOfScope: 'the condition of the target is not met any more',
};

/** What a drain would have settled, as a result; undefined: it counts nowhere. */
export function resultOfSettlement(subject: ResultSubject, settled: Settlement): NewResult | undefined {
  const { change, log, end } = settled;
  if (change !== null) return resultOfChange(subject, change);
  if (end.kind === 'parked') return plainResult(subject, { result: 'skipped', operation: 'skip', reason: end.reason });
  if (log === null) return undefined;
  return plainResult(subject, { result: log.result, operation: log.operation, code: log.code, reason: log.message });
}
