import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { perSecond, remainingSeconds } from '../../../core/progress/estimate.js';
import type { ReadProgress, WriteProgress } from '../../../core/progress/estimate.js';

const read = (change: Partial<ReadProgress> = {}): ReadProgress => ({
  type: 'user',
  done: 100,
  total: 1_000,
  seconds: 10,
  isOver: false,
  ...change,
});

const write = (change: Partial<WriteProgress> = {}): WriteProgress => ({
  target: 'Cloud',
  type: 'user',
  done: 50,
  waiting: 50,
  seconds: 10,
  isOver: false,
  ...change,
});

describe('LOG-7, LOG-8: the estimate of the rest of a job', () => {
  it.each([
    ['reading alone: 900 left at 10 a second', [read()], [], 90],
    ['a type that is over takes no more time', [read({ isOver: true })], [], 0],
    ['types are read one after the other', [read(), read({ type: 'group', done: 0, total: 100, seconds: 0 })], [], 100],
    ['without a total nobody knows', [read({ total: null })], [], null],
    ['a source that has more than it told', [read({ done: 2_000 })], [], 0],
    ['writing: 50 wait at 5 a second', [read({ isOver: true })], [write()], 10],
    ['of what is still to be read the same share needs writing', [read()], [write()], 190],
    ['the slowest target decides', [read({ isOver: true })], [write(), write({ target: 'Wiki', waiting: 500 })], 100],
    ['nothing was written yet', [read({ isOver: true })], [write({ done: 0 })], null],
    [
      'a type that has not begun goes at the speed of the target',
      [read({ isOver: true })],
      [write(), write({ type: 'group', done: 0, waiting: 20, seconds: 0 })],
      14,
    ],
    ['nothing to do', [read({ isOver: true })], [write({ waiting: 0 })], 0],
  ] as const)('%s', (_what, reads, writes, expected) => {
    expect(remainingSeconds(reads, writes)).toBe(expected);
  });

  it('a rate needs a second and something done', () => {
    expect([
      perSecond({ done: 5, seconds: 0.5 }),
      perSecond({ done: 0, seconds: 9 }),
      perSecond({ done: 5, seconds: 2 }),
    ]).toEqual([null, null, 2.5]);
  });

  it('is never negative, never infinite, and less when more is done', () => {
    const n = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(n, n, n, n, (done, total, waiting, seconds) => {
        const rest = remainingSeconds([read({ done, total, seconds })], [write({ waiting, seconds })]);
        if (rest === null) return;
        expect(Number.isSafeInteger(rest) && rest >= 0).toBe(true);
        const later = remainingSeconds(
          [read({ done, total, seconds })],
          [write({ waiting: Math.floor(waiting / 2), seconds })],
        );
        expect(later ?? 0).toBeLessThanOrEqual(rest);
      }),
    );
  });
});
