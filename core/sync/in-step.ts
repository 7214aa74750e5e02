import type { Presence, LinkState } from './facts.js';

/** What is known of a pair (target, entity) beside its documents. */
export interface PairFacts {
  readonly presence: Presence;
  /** Result of the write condition; irrelevant unless present. */
  readonly accepted: boolean;
  readonly link: LinkState | 'none';
  readonly outOfScope: boolean;
  /** Link and entity carry the same hash of the common JSON. */
  readonly sameCommon: boolean;
  /** Link was written under the program number of this run, or a higher one. */
  readonly sameProgram: boolean;
  /** The target JSON that an update would send has the hash of the one last written (CHG-4); irrelevant unless accepted and linked. */
  readonly sameTarget: boolean;
  readonly forced: boolean;
  /** The target has returned something that the source does not have (ORD-12); irrelevant unless accepted and linked. */
  readonly writeBackDue: boolean;
}

/** What a drain does with a pair; the rows of the table in engine.md §2. */
export type PairAction =
  /** In step: the backlog row goes. */
  | 'none'
  | 'update'
  /** In step but for what the target returned: it goes to the source, and nothing to the target. */
  | 'writeBack'
  /** Create, or adopt what is there. */
  | 'create'
  /** A create of unknown outcome: look for it by the keys as sent, then go on as `then` says. */
  | 'resolve'
  /** Note that the write condition is not met: a link row without a target entity. */
  | 'markSkipped'
  /** Note that the linked entity is a candidate for deletion. Never a request (engine invariant 6). */
  | 'markOutOfScope'
  /** Nothing is wanted and nothing is there: the backlog row and a skipped link go. */
  | 'drop';

/** The action for a pair; total over all facts. */
export function decidePair(facts: PairFacts): PairAction {
  if (facts.link === 'creating') return 'resolve';
  if (facts.presence !== 'present') return decideUnwanted(facts);
  return facts.accepted ? decideWanted(facts) : decideRejected(facts);
}

function decideUnwanted(facts: PairFacts): PairAction {
  if (facts.link !== 'linked') return 'drop';
  return facts.outOfScope ? 'none' : 'markOutOfScope';
}

function decideWanted(facts: PairFacts): PairAction {
  if (facts.link !== 'linked') return 'create';
  const inStep = facts.sameCommon && facts.sameTarget && !facts.outOfScope && !facts.forced;
  if (!inStep) return 'update';
  return facts.writeBackDue ? 'writeBack' : 'none';
}

function decideRejected(facts: PairFacts): PairAction {
  const noted = facts.sameCommon && facts.sameProgram;
  if (facts.link === 'linked') return facts.outOfScope && noted ? 'none' : 'markOutOfScope';
  return facts.link === 'skipped' && noted ? 'none' : 'markSkipped';
}
