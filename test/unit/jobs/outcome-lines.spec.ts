import { describe, expect, it } from '@jest/globals';
import { deletionLines } from '../../../core/run/deletion-lines.js';
import type { AbsenceOutcome } from '../../../state/absence/candidates.js';
import { jobTime } from '../../../core/job-time.js';

type Outcome = AbsenceOutcome;

function lines(
  blockedBy: string | null,
  counts: Partial<Record<NonNullable<Outcome>, number>>,
  postponed = 0,
): string[] {
  const rows = Object.entries(counts).map(([outcome, count]) => ({
    targetNo: 1,
    type: 1,
    outcome: outcome as Outcome,
    count,
    weight: count,
    postponed: outcome === 'deleted' ? postponed : 0,
  }));
  return deletionLines({ targetName: 'Cloud', type: 'user', blockedBy, counts: rows, threshold: '10' }).map((line) => {
    expect(line.startsWith('Cloud, user: ')).toBe(true);
    return line.slice('Cloud, user: '.length);
  });
}

describe('STA-12: the lines of the Job Execution Outcome are exactly those of the rule', () => {
  it.each([
    [null, { deleted: 3 }, 0, ['Deletion executed: 3']],
    ['delta read', {}, 0, ['Deletion not executed: delta read']],
    [
      '2 entities failed in the source system',
      {},
      0,
      ['Deletion not executed: 2 entities failed in the source system'],
    ],
    [
      'reading from the source system was not completed',
      {},
      0,
      ['Deletion not executed: reading from the source system was not completed'],
    ],
    ['target system not available', {}, 0, ['Deletion not executed: target system not available']],
    [null, { threshold: 12 }, 0, ['Deletion not executed: threshold 10 exceeded (12)']],
    ['source system returned no entities', {}, 0, ['Deletion not executed: source system returned no entities']],
    [null, { released: 4 }, 0, ['4 entities kept because they existed before']],
    [null, { kept: 5 }, 0, ['5 deletions skipped by skipOperations']],
    [null, { deleted: 2 }, 1, ['Deletion executed: 2', '1 deletions postponed from earlier jobs']],
    [null, {}, 0, []],
    [
      'target system not available',
      { deleted: 1 },
      0,
      ['Deletion not executed: target system not available', 'Deletion executed: 1'],
    ],
  ] as const)('%s %j', (blockedBy, counts, postponed, expected) => {
    expect(lines(blockedBy, counts, postponed)).toEqual(expected);
  });
});

describe('STA-5: start and end of a job', () => {
  it.each([
    ['2026-03-04T07:15:00Z', '04/Mar/2026 07:15:00 +00'],
    ['2026-12-31T23:59:59.999Z', '31/Dec/2026 23:59:59 +00'],
    ['2027-01-01T00:00:00+02:00', '31/Dec/2026 22:00:00 +00'],
  ])('%s is shown as %s', (instant, shown) => {
    expect(jobTime(new Date(instant))).toBe(shown);
  });
});
