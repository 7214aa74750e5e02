import { describe, expect, it } from '@jest/globals';
import { ReadNumbers } from '../../activities/intake/read-numbers.js';
import type { Sql } from '../../state/database.js';

/** Draws 1, 2, 3 … and says what the highest one is. */
class Sequence implements Sql {
  drawn = 0;

  query<T extends object>(): Promise<T[]> {
    this.drawn += 1;
    return Promise.resolve([{ seq: this.drawn } as T]);
  }
}

describe('numbers of answers', () => {
  it('engine.md §5: are drawn when the source is asked', async () => {
    const sequence = new Sequence();
    const numbers = new ReadNumbers(sequence, false);
    expect([await numbers.next(), sequence.drawn]).toEqual([1, 1]);
    expect([await numbers.next(), sequence.drawn]).toEqual([2, 2]);
  });

  it('engine.md §5: of a connection are drawn before the pages before, while which the connector asks ahead', async () => {
    const sequence = new Sequence();
    const numbers = new ReadNumbers(sequence, true);
    const first = await numbers.next();
    const whileFirstIsRead = sequence.drawn;
    const second = await numbers.next();
    const whileSecondIsRead = sequence.drawn;
    const third = await numbers.next();
    expect([first, second, third]).toEqual([1, 2, 3]);
    expect(second).toBeLessThanOrEqual(whileFirstIsRead);
    expect(third).toBeLessThanOrEqual(whileSecondIsRead);
  });
});
