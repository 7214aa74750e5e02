/** Names of {@link ChangeState}. */
export const CHANGE_STATES = [
  'planned',
  'held',
  'approved',
  'rejected',
  'expired',
  'superseded',
  'applied',
  'drifted',
  'failed',
  'obsolete',
] as const;
/** State of a stored change (PLN-2). */
export type ChangeState = (typeof CHANGE_STATES)[number];

const DECIDED = ['approved', 'rejected', 'expired', 'superseded'] as const;
const NONE = [] as const;

/** Which state may follow which (PLN-2); whatever is not listed is refused with the current state. */
export const TRANSITIONS: Readonly<Record<ChangeState, readonly ChangeState[]>> = {
  planned: DECIDED,
  held: DECIDED,
  approved: ['applied', 'drifted', 'failed', 'obsolete'],
  rejected: NONE,
  expired: NONE,
  superseded: NONE,
  applied: NONE,
  drifted: NONE,
  failed: NONE,
  obsolete: NONE,
};

/** True when a change may go from one state to the other. */
export function mayMove(from: ChangeState, to: ChangeState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** States from which a change may come into this one. */
export function statesBefore(to: ChangeState): ChangeState[] {
  return CHANGE_STATES.filter((from) => mayMove(from, to));
}

/** States in which a pair has an open change; at most one of its changes is in one of them (PLN-12). */
export const OPEN_STATES: readonly ChangeState[] = CHANGE_STATES.filter((state) => TRANSITIONS[state].length > 0);
