import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideByRules, fitting, reportOf } from '../../../core/plan/approval-rules.js';
import type { ApprovalRule, ChangeGroup } from '../../../core/plan/approval-rules.js';
import { CHANGE_VERBS } from '../../../core/plan/change.js';
import { checkRules } from '../../../core/plan/check-rules.js';
import type { RuleSurroundings } from '../../../core/plan/check-rules.js';
import { secondPersonFor } from '../../../core/plan/second-person.js';
import { writtenAttributes } from '../../../core/plan/written-attributes.js';

const RULE: ApprovalRule = { name: 'titles', verbs: ['update'], atMost: 100, attributes: ['title'] };
const GROUP: ChangeGroup = {
  verb: 'update',
  attributes: ['title'],
  removesMembers: false,
  touchesExisting: false,
  facet: 'Sales',
  target: 'cloud',
  type: 'user',
  count: 10,
};

const verdict = (rule: Partial<ApprovalRule>, group: Partial<ChangeGroup>, twoPeople: readonly string[] = []) => {
  const [one] = decideByRules([{ ...RULE, ...rule }], [{ ...GROUP, ...group }], twoPeople);
  return one?.kind === 'approved' ? `approved by ${one.rule}` : `${one?.reason} of ${one?.rule}`;
};

describe('approval rules', () => {
  it.each([
    ['all conditions hold', {}, {}, 'approved by titles'],
    ['exactly as many as may be', { atMost: 10 }, {}, 'approved by titles'],
    ['one more than may be', { atMost: 9 }, {}, 'atMost of titles'],
    ['another verb', {}, { verb: 'delete' as const }, 'verb of null'],
    ['another attribute, too', {}, { attributes: ['active', 'title'] }, 'attributes of titles'],
    ['no attribute is named', { attributes: undefined }, { attributes: ['active'] }, 'approved by titles'],
    ['another facet', { facets: ['Works'] }, {}, 'facet of titles'],
    ['no facet', { facets: ['Works'] }, { facet: null }, 'facet of titles'],
    ['another target', { targets: ['crm'] }, {}, 'target of titles'],
    ['a target that is gone', { targets: ['crm'] }, { target: null }, 'target of titles'],
    ['another type', { types: ['group' as const] }, {}, 'type of titles'],
    [
      'members go with it',
      { attributes: undefined },
      { attributes: ['displayName', 'members'], removesMembers: true },
      'verb of null',
    ],
    [
      'members may go with it',
      { attributes: undefined, verbs: ['update' as const, 'removeMember' as const] },
      { removesMembers: true },
      'approved by titles',
    ],
    ['an account that exists', {}, { touchesExisting: true }, 'existingAccount of null'],
  ])('PLN-13: %s', (_name, rule, group, expected) => {
    expect(verdict(rule, group)).toBe(expected);
  });

  it('PLN-13, PLN-8: a rule is no second person', () => {
    expect(verdict({}, {}, ['update'])).toBe('twoPeople of null');
    expect(verdict({ verbs: ['update', 'removeMember'] }, { removesMembers: true }, ['removeMember'])).toBe(
      'twoPeople of null',
    );
    expect(secondPersonFor({ 'ips.plan.second.person': ' delete, disable ,' })).toEqual(['delete', 'disable']);
  });

  it('PLN-13: the count of a rule is that of the whole plan, also of what an earlier rule approves; the first that fits approves', () => {
    const rules: ApprovalRule[] = [
      { name: 'sales', verbs: ['update'], atMost: 10, facets: ['Sales'] },
      { name: 'all', verbs: ['update'], atMost: 15 },
    ];
    const groups = [GROUP, { ...GROUP, facet: 'Works' }];
    const verdicts = decideByRules(rules, groups, []);
    expect(verdicts).toEqual([
      { kind: 'approved', rule: 'sales' },
      { kind: 'stopped', reason: 'atMost', rule: 'all' },
    ]);
    expect(reportOf(rules, groups, verdicts, [])).toEqual({
      total: 20,
      approved: 10,
      byVerb: { update: { total: 20, approved: 10 } },
      byRule: [
        { rule: 'sales', fitting: 10, atMost: 10, approved: 10 },
        { rule: 'all', fitting: 20, atMost: 15, approved: 0 },
      ],
      stopped: [{ reason: 'atMost', rule: 'all', count: 10 }],
    });
  });

  const words = fc.constantFrom('a', 'b', 'c');
  const some = fc.option(fc.uniqueArray(words, { minLength: 1 }), { nil: undefined });
  const anyRules = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('r1', 'r2', 'r3'),
      verbs: fc.uniqueArray(fc.constantFrom(...CHANGE_VERBS), { minLength: 1 }),
      atMost: fc.integer({ min: 1, max: 40 }),
      attributes: some,
      facets: some,
    }),
    { selector: (rule) => rule.name },
  );
  const anyGroups = fc.array(
    fc.record({
      verb: fc.constantFrom(...CHANGE_VERBS),
      attributes: fc.uniqueArray(words),
      removesMembers: fc.boolean(),
      touchesExisting: fc.boolean(),
      facet: fc.option(words),
      target: fc.constant('t'),
      type: fc.constantFrom('user' as const, 'group' as const),
      count: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 12 },
  );

  it('PLN-13: of any plan and rules: no rule approves more than it may, nothing it does not name, and what it says adds up', () => {
    fc.assert(
      fc.property(anyRules, anyGroups, fc.uniqueArray(fc.constantFrom(...CHANGE_VERBS)), (rules, groups, twoPeople) => {
        const verdicts = decideByRules(rules, groups, twoPeople);
        for (const rule of rules) {
          const own = groups.filter((_, index) => {
            const one = verdicts[index];
            return one?.kind === 'approved' && one.rule === rule.name;
          });
          const sum = own.reduce((all, group) => all + group.count, 0);
          expect(sum).toBeLessThanOrEqual(rule.atMost);
          if (fitting(rule, groups, twoPeople) > rule.atMost) expect(sum).toBe(0);
          for (const group of own) {
            expect(rule.verbs).toContain(group.verb);
            if (group.removesMembers) expect(rule.verbs).toContain('removeMember');
            expect(twoPeople).not.toContain(group.verb);
            expect(group.touchesExisting).toBe(false);
            if (rule.attributes)
              expect(group.attributes.filter((name) => !rule.attributes?.includes(name))).toEqual([]);
            if (rule.facets) expect(rule.facets).toContain(group.facet);
          }
        }
        const report = reportOf(rules, groups, verdicts, twoPeople);
        const stopped = report.stopped.reduce((all, one) => all + one.count, 0);
        expect(report.total).toBe(groups.reduce((all, group) => all + group.count, 0));
        expect(report.approved + stopped).toBe(report.total);
      }),
      { numRuns: 300 },
    );
  });
});

describe('checking approval rules', () => {
  const around: RuleSurroundings = {
    sourceName: 'HR',
    twoPeopleFor: ['disable'],
    hasFacet: false,
    targets: [{ id: 'c', name: 'Cloud', attributes: new Map([['user', new Set(['title', 'active'])]]) }],
  };

  it.each([
    ['what is right', RULE, []],
    ['a verb twice', { ...RULE, verbs: ['update', 'update'] as const }, ['/rules/0/verbs/1: update is named twice']],
    [
      'a verb for two people',
      { ...RULE, verbs: ['disable'] as const },
      ['/rules/0/verbs/0: disable needs two people on HR'],
    ],
    [
      'attributes of a deletion',
      { ...RULE, verbs: ['delete'] as const },
      ['/rules/0/verbs/0: a deletion is not limited'],
    ],
    [
      'facets without one',
      { ...RULE, facets: ['Sales'] },
      ['/rules/0/facets: no change of HR has a facet: set ips.plan.facet'],
    ],
    [
      'a strange target',
      { ...RULE, targets: ['x'] },
      ['/rules/0/targets/0: HR does not feed this target: choose from Cloud (c)'],
    ],
    [
      'a misspelt attribute',
      { ...RULE, attributes: ['title', 'titel'] },
      ['/rules/0/attributes/1: no transformation of a target writes titel: written are active, title'],
    ],
  ])('PLN-13: %s', (_name, rule, expected) => {
    const problems = checkRules([rule], around).map(({ pointer, message }) => `${pointer}: ${message}`);
    expect(problems.map((problem, index) => problem.slice(0, expected[index]?.length))).toEqual(expected);
  });

  it('PLN-13: two rules of one name, whatever its case', () => {
    const [problem] = checkRules([RULE, { ...RULE, name: ' Titles ' }], around);
    expect(problem).toMatchObject({ pointer: '/rules/1/name' });
  });

  it('PLN-13: attributes that a transformation writes are the first names of its target paths', () => {
    const mapping = (targetPath: string) => ({ constant: 'x', targetPath });
    const written = writtenAttributes({
      user: { mappings: ['$.name.givenName', "$['urn:a']['b']", 'title', '$.emails[0].value'].map(mapping) },
      group: { mappings: [mapping('$')] },
      role: { ignore: true, mappings: [mapping('$.a')] },
    });
    expect([...(written.get('user') ?? [])].sort()).toEqual(['emails', 'name', 'title', 'urn:a']);
    expect(written.get('group')).toBeUndefined();
    expect([...written.keys()]).toEqual(['user', 'group']);
  });
});
