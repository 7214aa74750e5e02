import { describe, expect, it } from '@jest/globals';
import { arithmeticLimit, reasonsAgainst, servedPerSecond } from '../../bench/measure/validity.js';

const RATES = { engine: 600, r0: 620, r1: 610, simulator: 5_000, limit: 640 };

describe('what voids a benchmark run', () => {
  it('nothing, when the simulators are fast enough and R0 is near the limit', () => {
    expect(reasonsAgainst(RATES)).toEqual([]);
  });

  it('simulators that alone are not 5 times as fast as the best result, whoever reached it', () => {
    for (const best of ['engine', 'r0', 'r1'] as const) {
      const reasons = reasonsAgainst({ ...RATES, limit: null, [best]: 1_001 });
      expect(reasons).toEqual(['the simulators alone reach 5000/s, less than 5 times the best result (1001/s)']);
    }
    expect(reasonsAgainst({ ...RATES, limit: null, r0: 1_000 })).toEqual([]);
  });

  it('R0 below 0.9 of the arithmetic limit', () => {
    expect(reasonsAgainst({ ...RATES, r0: 575 })).toEqual([
      'R0 reaches 575/s, less than 0.9 of the arithmetic limit (640/s)',
    ]);
    expect(reasonsAgainst({ ...RATES, r0: 576 })).toEqual([]);
  });

  it('not what was not measured', () => {
    expect(reasonsAgainst({ engine: 100, r0: null, r1: null, simulator: null, limit: null })).toEqual([]);
  });
});

describe('the arithmetic limit', () => {
  const load = { entities: 100_000, pageSizeEntities: 100, latencyMs: 50, writes: 100_000, concurrency: 32 };

  it('of a first load is that of the writes: 32 at a time, 50 ms each, are 640 a second', () => {
    expect(arithmeticLimit(load)).toBeCloseTo(640, 6);
  });

  it('of an unchanged read is that of the pages, one after the other', () => {
    expect(arithmeticLimit({ ...load, writes: 0 })).toBeCloseTo(2_000, 6);
    expect(arithmeticLimit({ ...load, writes: 0, latencyMs: 10 })).toBeCloseTo(10_000, 6);
  });

  it('counts a page that is not full as a page', () => {
    expect(arithmeticLimit({ ...load, entities: 101, writes: 0, latencyMs: 10 })).toBeCloseTo(5_050, 6);
  });

  it('does not exist without latency', () => {
    expect(arithmeticLimit({ ...load, latencyMs: 0 })).toBeNull();
  });
});

describe('what the simulators serve', () => {
  const capacity = { reading: 50_000, writing: 6_000 };

  it('is the pages alone where nothing is written, else the slower of both, in source entities', () => {
    expect(servedPerSecond(capacity, 20_000, 0)).toBe(50_000);
    expect(servedPerSecond(capacity, 20_000, 20_000)).toBe(6_000);
    expect(servedPerSecond(capacity, 20_000, 200)).toBe(50_000);
    expect(servedPerSecond(capacity, 20_000, 4_000)).toBe(30_000);
  });
});
