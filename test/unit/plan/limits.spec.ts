import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowance, dependsOnLinks, governorProblem, governorRules, tripsGroup } from '../../../core/plan/limits.js';

/** GOV-2 word for word: exceeds 50, or exceeds 10 and 10 % of the live links. */
function tripsByTheRule(count: number, links: number): boolean {
  return count > 50 || (count > 10 && count > links / 10);
}

describe('limits of the governor', () => {
  it('GOV-2: trips above 50, or above 10 and 10 % of the live links', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 2_000 }), (count, links) => {
        expect(count > allowance({ kind: 'standard' }, links)).toBe(tripsByTheRule(count, links));
      }),
    );
  });

  it('GOV-2: the links are asked for only where they decide', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), (count) => {
        const answers = new Set([0, 100, 300, 5_000].map((links) => tripsByTheRule(count, links)));
        if (answers.size > 1) expect(dependsOnLinks({ kind: 'standard' }, count)).toBe(true);
      }),
    );
  });

  it('GOV-2, GOV-6: the documented examples delete: 1 of 4, 10 of 12', () => {
    expect(allowance({ kind: 'standard' }, 4)).toBeGreaterThanOrEqual(1);
    expect(allowance({ kind: 'standard' }, 12)).toBeGreaterThanOrEqual(10);
  });

  it('GOV-1, GOV-2: delete, disable and recreate are on by default, everything else when it is asked for', () => {
    expect([...governorRules({}, false).limits.keys()]).toEqual(['delete', 'disable', 'recreate']);
    const rules = governorRules(
      {
        'ips.governor.delete': 'off',
        'ips.governor.create': '500',
        'ips.governor.attributes': 'manager=20, department',
      },
      false,
    );
    expect(Object.fromEntries(rules.limits)).toEqual({
      disable: { kind: 'standard' },
      recreate: { kind: 'standard' },
      create: { kind: 'fixed', count: 500 },
      'attribute:manager': { kind: 'fixed', count: 20 },
      'attribute:department': { kind: 'standard' },
    });
  });

  it('GOV-10: a source that follows the reference has no governor', () => {
    const rules = governorRules({ 'ips.governor.create': '5' }, true);
    expect(rules.limits.size).toBe(0);
    expect(tripsGroup(rules, 100, 100)).toBe(false);
  });

  it('GOV-4: more than 30 % of at least 10 members', () => {
    const rules = governorRules({}, false);
    const trips = [
      [9, 9],
      [10, 3],
      [10, 4],
      [100, 30],
      [100, 31],
    ].map(([members, removed]) => tripsGroup(rules, members ?? 0, removed ?? 0));
    expect(trips).toEqual([false, false, true, false, true]);
    expect(tripsGroup(governorRules({ 'ips.governor.group.members.percent': 'off' }, false), 10, 10)).toBe(false);
    expect(tripsGroup(governorRules({ 'ips.governor.group.members.percent': '50' }, false), 10, 5)).toBe(false);
  });

  it('GOV-1: a property that is not understood is refused and named, not ignored', () => {
    expect(governorProblem('ips.governor.delete', 'many')).toContain('on, off');
    expect(governorProblem('ips.governor.delete', '20')).toBeUndefined();
    expect(governorProblem('ips.governor.group.members.percent', '300')).toContain('percentage');
    expect(governorProblem('ips.governor.attributes', 'manager=many')).toContain('list of attributes');
    expect(governorProblem('ips.governor.attributes', 'manager=20, department')).toBeUndefined();
    expect(governorProblem('URL', 'many')).toBeUndefined();
  });
});
