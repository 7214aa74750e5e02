import { describe, expect, it } from '@jest/globals';
import { HeldValues } from '../../activities/drain/held-values.js';

describe('CNF-10: who waits for whose unique value', () => {
  function waiting(pairs: Readonly<Record<number, readonly number[]>>): HeldValues {
    const held = new HeldValues();
    for (const [entityNo, holders] of Object.entries(pairs)) held.note(Number(entityNo), holders);
    return held;
  }
  const rings = (held: HeldValues, entityNos: readonly number[]): number[][] =>
    entityNos.map((no) => [...held.ringOf(no)].sort());

  it('a chain is no ring, two and three that wait for each other are, and whoever waits for a ring is not in it', () => {
    expect(rings(waiting({ 1: [2], 2: [3] }), [1, 2, 3])).toEqual([[], [], []]);
    expect(rings(waiting({ 1: [2], 2: [1], 5: [1] }), [1, 2, 5])).toEqual([[1, 2], [1, 2], []]);
    expect(rings(waiting({ 7: [9], 9: [8], 8: [7] }), [7, 8, 9])).toEqual([
      [7, 8, 9],
      [7, 8, 9],
      [7, 8, 9],
    ]);
  });

  it('who waits for several is in a ring with those that wait for it', () => {
    const held = waiting({ 1: [2, 4], 2: [1], 4: [5] });
    expect(rings(held, [1, 2, 4])).toEqual([[1, 2], [1, 2], []]);
  });

  it('who has stepped aside is waited for by nobody, and waits for nobody', () => {
    const held = waiting({ 1: [2, 3], 2: [1], 3: [1] });
    held.freed(1);
    expect(rings(held, [1, 2, 3])).toEqual([[], [], []]);
  });

  it('a value that nobody has is tried again three times', () => {
    const held = new HeldValues();
    expect([1, 2, 3, 4].map(() => held.mayRepeat(1))).toEqual([true, true, true, false]);
    expect(held.mayRepeat(2)).toBe(true);
  });
});
