import { describe, expect, it } from '@jest/globals';
import { createdTwice, createRate, lastAnswerAt, lastRequestAfter } from '../../bench/measure/journal-facts.js';
import { familyCpuMicros, processUsage } from '../../bench/measure/process-usage.js';
import { median } from '../../bench/measure/rss-sampler.js';
import { jsonLine, NO_MEASURES, table } from '../../bench/result.js';
import type { BenchResult } from '../../bench/result.js';
import type { JournalRecord } from '../../simulators/scim/journal.js';

function create(seq: number, key: string, applied: boolean): JournalRecord {
  const times = { receivedAtMs: 1_000 + seq * 10, endedAtMs: 1_004 + seq * 10 };
  return { seq, method: 'POST', path: '/Users', query: '', operation: 'create', key, applied, ...times };
}

describe('facts from a journal', () => {
  const records = [create(1, 'a', true), create(2, 'b', false), create(3, 'b', true), create(4, 'a', false)];

  it('a create that arrives after an applied one of the same key counts, one after a refused one does not', () => {
    expect(createdTwice(records)).toBe(1);
    expect(createdTwice(records.slice(0, 3))).toBe(0);
  });

  it('the rate of creates counts the applied ones, from the first arrival to the last answer', () => {
    expect(createRate(records)).toBeCloseTo((2 / 24) * 1_000, 6);
    expect(createRate(records.slice(0, 1))).toBe(0);
  });

  it('the last request after a moment, and the last answer', () => {
    expect(lastRequestAfter(1_015, records)).toBe(25);
    expect(lastRequestAfter(2_000, records)).toBe(0);
    expect(lastAnswerAt(records)).toBe(1_044);
    expect(() => lastAnswerAt([])).toThrow('no request was answered');
  });
});

describe('usage of processes', () => {
  it('CPU time grows with work, and memory is that of this process', () => {
    const before = processUsage(process.pid);
    const until = process.cpuUsage().user + 60_000;
    while (process.cpuUsage().user < until) Math.sqrt(2);
    const after = processUsage(process.pid);
    expect(after.cpuMicros - before.cpuMicros).toBeGreaterThanOrEqual(40_000);
    expect(after.rssMb).toBeGreaterThan((process.memoryUsage.rss() / 1024 / 1024) * 0.5);
    expect(after.peakRssMb).toBeGreaterThanOrEqual(after.rssMb * 0.9);
    expect(familyCpuMicros(process.pid)).toBeGreaterThanOrEqual(after.cpuMicros);
  });

  it('median', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([])).toBe(0);
  });
});

describe('output', () => {
  const result: BenchResult = {
    scenario: 'initial-load',
    options: { entities: 1_000, latencyMs: 50, targets: 1, pageSizeEntities: 100 },
    machine: {
      cpu: 'x',
      cores: 2,
      memoryMb: 1,
      node: '20',
      postgres: '18',
      temporal: '1',
      loadBefore: 0,
      loadAfter: 0,
    },
    measures: { ...NO_MEASURES, entitiesPerSecond: 612.345, ratioR0: 0.95678, walBytesPerEntity: 4243.2 },
    invalidBecause: ['R0 was slow'],
  };

  it('JSON is one line with the measures at the top level; what was not measured is null', () => {
    const line = jsonLine(result);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({
      scenario: 'initial-load',
      entities: 1_000,
      latencyMs: 50,
      entitiesPerSecond: 612.3,
      ratioR0: 0.957,
      walBytesPerEntity: 4243,
      r1: null,
      valid: false,
      invalidBecause: ['R0 was slow'],
    });
  });

  it('the table shows what was measured and why it is void', () => {
    const text = table(result);
    expect(text).toMatch(/entitiesPerSecond +612\.3/);
    expect(text).toContain('VOID: R0 was slow');
    expect(text).not.toContain('temporalEvents');
  });
});
