import { describe, expect, it } from '@jest/globals';
import type { Job } from '../../cli/demo/api-client.js';
import { differencesBetween } from '../../cli/demo/compare-content.js';
import { checkStatistics, DemoFailure, expectedSteps, NO_CHANGES, stepsOf } from '../../cli/demo/expectation.js';
import { resultTable } from '../../cli/demo/result-table.js';

const ZEROS = { systemId: null, read: 0, created: 0, updated: 0, deleted: 0, skipped: 0, failed: 0, held: 0 };
const NAMES = { source: 'HR', targets: ['Cloud'] };
const EXPECTED = {
  read: { user: 3, group: 0 },
  user: { created: 2, updated: 1, deleted: 0 },
  group: NO_CHANGES,
};

function jobWith(changes: Partial<Job['statistics'][number]>): Job {
  return {
    id: '1',
    type: 'READ',
    status: 'Success',
    readMode: 'Full Read',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.500Z',
    errorMessage: null,
    planId: null,
    endedTargets: [],
    outcome: [],
    statistics: [
      { ...ZEROS, entity: 'user', systemName: 'HR', action: 'Read', read: 3 },
      { ...ZEROS, entity: 'user', systemName: 'Cloud', action: 'Write', created: 2, updated: 1, ...changes },
    ],
  };
}

describe('the check of statistics', () => {
  it('STA-9: takes rows of zeros for granted', () => {
    expect(() => checkStatistics(jobWith({}), EXPECTED, NAMES)).not.toThrow();
  });

  it.each(['created', 'updated', 'deleted', 'skipped', 'failed', 'held'] as const)('names a wrong %s', (column) => {
    const wrong = jobWith({ [column]: 7 });
    expect(() => checkStatistics(wrong, EXPECTED, NAMES)).toThrow(DemoFailure);
    expect(() => checkStatistics(wrong, EXPECTED, NAMES)).toThrow(`Cloud, users ${column}: 7 instead of`);
  });

  it('counts the steps of progress up to what is expected', () => {
    expect(stepsOf(jobWith({}))).toBe(expectedSteps(EXPECTED, 1));
  });
});

describe('the comparison of contents', () => {
  const person = { id: 's1', userName: 'ann', title: 'Boss', emails: [{ value: 'ann@example.com' }] };
  const group = { id: 'sg', displayName: 'Staff', members: [{ value: 's1' }] };
  const source = { users: [person], groups: [group] };
  const copy = { ...person, id: 't1' };
  const groupCopy = { ...group, id: 'tg', members: [{ value: 't1' }] };

  it('finds the same people under other ids', () => {
    expect(differencesBetween(source, { users: [copy], groups: [groupCopy] })).toEqual([]);
  });

  it.each([
    ['somebody who is missing', { users: [], groups: [groupCopy] }, 'person ann is missing'],
    [
      'somebody too many',
      { users: [copy, { ...copy, userName: 'bob' }], groups: [groupCopy] },
      'person bob is not in the source',
    ],
    [
      'somebody who is there twice',
      { users: [copy, { ...copy, id: 't2' }], groups: [groupCopy] },
      'person ann is there 2 times',
    ],
    [
      'another title',
      { users: [{ ...copy, title: 'Clerk' }], groups: [groupCopy] },
      'person ann is {"emails":["ann@example.com"],"title":"Clerk"',
    ],
    [
      'a group without its member',
      { users: [copy], groups: [{ ...groupCopy, members: [] }] },
      'group Staff is [] instead of ["ann"]',
    ],
    [
      'a member who is nobody',
      { users: [copy], groups: [{ ...groupCopy, members: [{ value: 's1' }] }] },
      'unknown member s1',
    ],
  ])('tells %s', (_name, target, told) => {
    expect(differencesBetween(source, target).join('\n')).toContain(told);
  });
});

describe('the table of results', () => {
  it('shows each job with its people and groups', () => {
    const lines = resultTable([{ title: 'First load', job: jobWith({}) }], 'HR', 'Cloud').split('\n');
    expect(lines[3]).toMatch(/First load.*Success.*1\.5 s.*people.* 3 .* 2 .* 1 /);
    expect(lines[4]).toMatch(/groups/);
  });
});
