/** HEA-1: what kind of failure a pair carries. The class decides what happens next. */
export type ErrorClass =
  'throttled' | 'unreachable' | 'auth' | 'conflict' | 'validation' | 'missingReference' | 'targetFault' | 'internal';

/** How a row of a class goes on after a failure. */
export type Patience =
  /** The attempt is not counted: the gate of the target decides (HEA-3). */
  | 'gate'
  /** Nothing happens by the clock: somebody has to do something first (HEA-3). */
  | 'event'
  /** The ladder of HEA-2. */
  | 'ladder';

/** What a row of this class waits for. */
export function patienceOf(errorClass: ErrorClass): Patience {
  switch (errorClass) {
    case 'throttled':
    case 'unreachable':
      return 'gate';
    case 'auth':
      return 'event';
    case 'missingReference':
    case 'conflict':
    case 'validation':
    case 'targetFault':
    case 'internal':
      return 'ladder';
  }
}
