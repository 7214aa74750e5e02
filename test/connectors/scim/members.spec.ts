import { describe, expect, it } from '@jest/globals';
import { memberChange, membersOf, patchRequests } from '../../../connectors/scim/members.js';

const members = (from: number, count: number) => ({
  members: Array.from({ length: count }, (_, n) => ({ value: `m${from + n}` })),
});
const of = (from: number, count: number) => membersOf(members(from, count)) ?? new Map();
const limits = { additions: 900, removals: 50, removal: 'filter', mixed: true } as const;
const sizes = (requests: ReturnType<typeof patchRequests>): unknown =>
  requests.map((operations) =>
    operations.map((operation) =>
      operation.op === 'add' && Array.isArray(operation.value) ? operation.value.length : operation.op,
    ),
  );

describe('members in slices', () => {
  it('CONN-SCIM-70, WRT-4: 700 members and 1 200 more above T = 900 are two requests of 900 and 300', () => {
    const change = memberChange(of(0, 700), of(0, 1_900));
    expect(sizes(patchRequests([], change, limits))).toEqual([[900], [300]]);
  });

  it('CONN-SCIM-70: a new group of 1 000 members and T = 500 is two requests of 500', () => {
    const change = memberChange(new Map(), of(0, 1_000));
    expect(sizes(patchRequests([], change, { ...limits, additions: 500 }))).toEqual([[500], [500]]);
  });

  it('scim.md §15: 25 001 members with T = 20 000 are two requests; 120 removals with R = 50 are three', () => {
    const added = memberChange(new Map(), of(0, 25_001));
    expect(patchRequests([], added, { ...limits, additions: 20_000 })).toHaveLength(2);
    const removed = memberChange(of(0, 200), of(120, 80));
    expect(patchRequests([], removed, limits).map((operations) => operations.length)).toEqual([50, 50, 20]);
  });

  it('CONN-SCIM-72: removals are value paths, one operation each, identifiers escaped', () => {
    const change = memberChange(membersOf({ members: [{ value: 'a"b\\c' }] }) ?? new Map(), new Map());
    expect(patchRequests([], change, limits)).toEqual([[{ op: 'remove', path: 'members[value eq "a\\"b\\\\c"]' }]]);
  });

  it('one request if all fits and the server takes mixed ones; else attributes, additions, removals in this order', () => {
    const change = memberChange(of(0, 2), of(1, 2));
    const rename = { op: 'replace', path: 'displayName', value: 'x' } as const;
    expect(sizes(patchRequests([rename], change, limits))).toEqual([['replace', 1, 'remove']]);
    expect(sizes(patchRequests([rename], change, { ...limits, mixed: false }))).toEqual([['replace'], [1], ['remove']]);
  });

  it('an absent attribute is not the same as no members; entries without identifier do not count', () => {
    expect(membersOf({})).toBeUndefined();
    expect(membersOf({ members: [{}, { value: '' }, 'x', { value: 'a' }, { value: 'a' }] })?.size).toBe(1);
    expect(membersOf({ members: null })?.size).toBe(0);
  });
});
