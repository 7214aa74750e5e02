import { describe, expect, it } from '@jest/globals';
import { CHANGE_STATES, mayMove, OPEN_STATES, statesBefore } from '../../../core/plan/states.js';
import type { ChangeState } from '../../../core/plan/states.js';

/** PLN-2 as it is written, once more. */
const ALLOWED: readonly (readonly [ChangeState, ChangeState])[] = [
  ['planned', 'approved'],
  ['planned', 'rejected'],
  ['planned', 'expired'],
  ['planned', 'superseded'],
  ['held', 'approved'],
  ['held', 'rejected'],
  ['held', 'expired'],
  ['held', 'superseded'],
  ['approved', 'applied'],
  ['approved', 'drifted'],
  ['approved', 'failed'],
  ['approved', 'obsolete'],
];

describe('PLN-2: states of a change', () => {
  const isAllowed = (from: ChangeState, to: ChangeState): boolean => ALLOWED.some(([a, b]) => a === from && b === to);

  for (const from of CHANGE_STATES) {
    for (const to of CHANGE_STATES) {
      const word = isAllowed(from, to) ? 'may become' : 'never becomes';
      it(`PLN-2: ${from} ${word} ${to}`, () => {
        expect(mayMove(from, to)).toBe(isAllowed(from, to));
        expect(statesBefore(to).includes(from)).toBe(isAllowed(from, to));
      });
    }
  }

  it('PLN-12: a pair is open while something can still become of its change', () => {
    expect([...OPEN_STATES].sort()).toEqual(['approved', 'held', 'planned']);
  });
});
