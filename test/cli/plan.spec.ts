import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf } from '../../cli/commands/approve.js';
import { collectFilter } from '../../cli/plan/filter.js';
import { printChanges, printCounts } from '../../cli/plan/print-plan.js';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { FakeLauncher } from '../api/support/fake-launcher.js';
import { createSource, createTarget } from '../api/support/fixtures.js';
import { runAgainst } from './support/against-api.js';

/** Each command is a process of its own. */
const LIMIT_MS = 90_000;

const PLAN = {
  id: 'x',
  kind: 'plan',
  sourceName: 'HR',
  author: 'anna',
  createdAt: '2026-11-28T10:00:00Z',
  completedAt: '2026-11-28T10:01:00Z',
  expiresAt: '2026-12-05T10:00:00Z',
  hash: 'ab',
  counts: {
    total: 1204,
    byState: { planned: 1204 },
    byVerb: { update: 1200, delete: 4 },
    byTarget: { CRM: 1204 },
    byType: { user: 1204 },
    byAttribute: Object.fromEntries('abcdefgh'.split('').map((name, index) => [name, index + 1])),
    byFacet: {},
    byRisk: { deletes: 4 },
    byMatch: {},
  },
  decisions: [
    { decision: 'approve', by: 'bert', rule: null, comment: 'seen', changes: 3 },
    { decision: 'approve', by: null, rule: { name: 'titles', version: 2 }, comment: '', changes: 1000 },
  ],
};

const CHANGE = {
  id: '1',
  state: 'planned',
  type: 'user',
  targetName: 'CRM',
  targetKey: null,
  facet: null,
  reason: null,
  risks: [],
  match: null,
  decidedBy: null,
  decidedByRule: null,
};

describe('muster plan, show, approve, apply', () => {
  it('PLN-5: counts come first, the largest of each dimension, and how many more there are', () => {
    const text = printCounts(PLAN);
    expect(text).toContain('Plan x of HR: 1,204 changes');
    expect(text).toContain('verbs       delete 4, update 1,200');
    expect(text).toContain('look twice  deletes 4');
    expect(text).toContain('h 8, g 7, f 6, e 5, d 4, c 3, and 2 more');
    expect(text).toContain('made 2026-11-28 10:00 by anna, to be decided until 2026-12-05 10:00');
    expect(text).toContain('bert approved 3: seen');
    expect(text).toContain('rule titles (version 2) approved 1,000');
    expect(text).not.toContain('facets');
  });

  it('PLN-6: changes are grouped by verb, one line for each value that moves, and nothing of a directory steers the terminal', () => {
    const attributes = [
      { name: 'title', before: 'a\u001b[2J', after: 'b' },
      { name: 'phoneNumbers', after: [{ value: '1', type: 'work' }] },
      { name: 'name', before: { givenName: 'A', familyName: 'B' }, after: { givenName: 'A', familyName: 'C' } },
      { name: 'nickName', before: 'x' },
    ];
    const members = {
      before: ['1', '2', '3', '4', '5'].map((value) => ({ value })),
      after: [{ value: '1' }, { value: '9' }],
    };
    const was = [
      { name: 'schemas', before: ['s'] },
      { name: 'userName', before: 'q' },
      { name: 'active', before: true },
    ];
    const groups = [
      {
        verb: 'delete',
        items: [{ ...CHANGE, id: '2', verb: 'delete', sourceKey: 'Q', risks: ['deletes'], attributes: was }],
      },
      {
        verb: 'removeMember',
        items: [
          {
            ...CHANGE,
            verb: 'removeMember',
            type: 'group',
            sourceKey: 'G',
            attributes: [{ name: 'members', ...members }],
          },
        ],
      },
      { verb: 'update', items: [{ ...CHANGE, verb: 'update', sourceKey: 'P', attributes }] },
    ].map((group) => ({
      ...group,
      next: group.verb === 'update' ? '7' : null,
      total: group.verb === 'update' ? 1200 : 1,
    }));
    const text = printChanges(groups, () => '  … more');
    expect(text.split('\n')).toEqual([
      'delete: 1',
      '  2  user Q  userName q, active true  ! deletes',
      '',
      'removeMember: 1',
      '  1  group G  members 5 → 2: +1 (9), −4 (2, 3, 4 and 1 more)',
      '',
      'update: 1 of 1,200',
      '  1  user P  title: a [2J → b',
      '             phoneNumbers: 1',
      '             name.familyName: B → C',
      '             nickName: x → removed',
      '  … more',
    ]);
    expect(printChanges([], () => '')).toBe('No change fits.');
  });

  it('PLN-2, PLN-13, PLN-14: columns that differ are shown: target, state with who decided, and what a match report has found', () => {
    const match = { outcome: 'adopt', by: ['userName'], note: null };
    const items = [
      {
        ...CHANGE,
        verb: 'update',
        sourceKey: 'P',
        targetKey: 'k1',
        match,
        risks: ['adopts'],
        attributes: [{ name: 'title', before: 'a', after: 'b' }],
      },
      {
        ...CHANGE,
        id: '2',
        verb: 'update',
        sourceKey: 'Q',
        targetName: 'ERP',
        state: 'applied',
        decidedByRule: { name: 'titles', version: 2 },
        attributes: [],
      },
      { ...CHANGE, id: '3', verb: 'update', sourceKey: 'R', state: 'drifted', reason: 'moved', attributes: [] },
      {
        ...CHANGE,
        id: '4',
        verb: 'update',
        sourceKey: 'S',
        match: { ...match, outcome: 'ambiguous', note: 'several accounts' },
      },
    ];
    const text = printChanges([{ verb: 'update', items, next: null, total: undefined }], () => '');
    expect(text.split('\n')).toEqual([
      'update: 4',
      '  1  user P  CRM  planned                takes over k1, found by userName  ! adopts',
      '                                         title: a → b',
      '  2  user Q  ERP  applied (rule titles)',
      '  3  user R  CRM  drifted: moved',
      '  4  user S  CRM  planned                ambiguous: several accounts',
    ]);
  });

  it('PLN-8: exactly one way to choose changes, and only filters that the API knows', () => {
    const none = { filter: {}, id: [], comment: 'c' };
    expect(bodyOf({ ...none, all: true })).toEqual({ all: true, comment: 'c' });
    expect(bodyOf({ ...none, filter: collectFilter('facet=Sales', collectFilter('verb=delete', {})) })).toEqual({
      filter: { verb: 'delete', facet: 'Sales' },
      comment: 'c',
    });
    expect(() => bodyOf(none)).toThrow('exactly one of');
    expect(() => bodyOf({ ...none, all: true, id: ['1'] })).toThrow('exactly one of');
    expect(() => collectFilter('colour=red', {})).toThrow('names are');
  });

  describe('against an API', () => {
    let api: TestApi;
    beforeAll(async () => {
      api = await startTestApi({ launcher: new FakeLauncher() });
    });
    afterAll(() => api.stop());

    const muster = (...args: string[]): Promise<string> => runAgainst(api, ...args);

    it(
      'PLN-7, PLN-8: shows a plan, approves a part of it, and says what the API refuses',
      async () => {
        const hr = await createSource(api, 'HR');
        await createTarget(api, 'CRM', [hr]);
        await api.sql(`
        with s as (select no from system where name = 'HR'), t as (select no from system where name = 'CRM'),
        r as (insert into run (source_id, source_name, kind, state, job_ids, trigger_type)
              select no, 'HR', 'readPlan', 'finished', array[gen_random_uuid()::text], 'IMMEDIATE' from s returning run_key),
        p as (insert into plan (run_key, source_id, source_name, kind, completed_at, hash)
              select r.run_key, s.no, 'HR', 'plan', now(), decode(repeat('ab', 32), 'hex') from r, s returning plan_no)
        insert into change (plan_no, run_key, source_id, target_id, type, entity_no, source_key, verb, class, attributes, state, presence,
                            source_program, target_program, digest)
        select p.plan_no, r.run_key, s.no, t.no, 1, n, 'p' || n, case n when 1 then 'disable' else 'update' end, 'update', '{title}', 'planned', 1, 1, 1, '\\x00'
          from p, r, s, t, generate_series(1, 3) n`);
        const [plan] = await api.sql('select id from plan');
        const id = String(Object(plan).id);
        const [shown, refused, first] = await Promise.all([
          muster('show', id, '--filter', 'verb=update'),
          muster('show', id, '--after', '1'),
          muster('show', id, '--filter', 'verb=update', '--limit', '1'),
        ]);
        expect(shown).toContain('3 changes');
        expect(shown).toContain('update: 2');
        expect(refused).toContain('name it, for example --filter verb=update');
        expect(first).toMatch(/more: muster show \S+ --filter verb=update --after \d+/);
        expect(await muster('approve', id, '--filter', 'verb=disable', '--comment', 'seen')).toContain('1 approved');
        expect(await muster('reject', id, '--filter', 'verb=disable')).toContain('1 approved');
        expect(await muster('apply', id, '--hash', 'cd'.repeat(32))).toContain('not the hash');
      },
      LIMIT_MS,
    );

    it(
      'PLN-13: shows rules, tries them on the last plan, and saves them',
      async () => {
        const file = join(await mkdtemp(join(tmpdir(), 'muster-rules-')), 'rules.json');
        await writeFile(
          file,
          JSON.stringify({ rules: [{ name: 'titles', verbs: ['update'], attributes: ['title'], atMost: 2 }] }),
        );
        const [tried, none, unreadable] = await Promise.all([
          muster('rules', 'HR', '--dry-run', file),
          muster('rules', 'HR'),
          muster('rules', 'HR', '--save', '/nowhere.json'),
        ]);
        expect(tried).toContain('Would have approved 2 of 3 changes');
        expect(tried).toContain('1 left: no rule names their verb');
        expect(none).toContain('nothing is approved without a person');
        const saved = await muster('rules', 'HR', '--save', file);
        expect(saved).toContain('1. titles: at most 2 update, that change only title');
        expect(saved).toContain('does not plan first');
        expect(unreadable).toContain('cannot be used');
      },
      LIMIT_MS,
    );
  });
});
