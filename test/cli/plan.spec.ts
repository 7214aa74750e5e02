import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bodyOf } from '../../cli/commands/approve.js';
import { collectFilter } from '../../cli/plan/filter.js';
import { printChanges, printCounts } from '../../cli/plan/print-plan.js';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { FakeLauncher } from '../api/support/fake-launcher.js';
import { createSource, createTarget } from '../api/support/fixtures.js';

const PLAN = {
  id: 'x',
  kind: 'plan',
  sourceName: 'HR',
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
  },
};

describe('muster plan, show, approve, apply', () => {
  it('PLN-5: counts come first, the largest of each dimension, and how many more there are', () => {
    const text = printCounts(PLAN);
    expect(text).toContain('Plan x of HR: 1,204 changes');
    expect(text).toContain('update 1,200, delete 4');
    expect(text).toContain('h 8, g 7, f 6, e 5, d 4, c 3, and 2 more');
    expect(text).not.toContain('facets');
  });

  it('PLN-6: changes are grouped by verb, one line for each attribute, and nothing of a directory steers the terminal', () => {
    const change = { id: '1', state: 'planned', type: 'user', targetName: 'CRM', facet: null, reason: null, risks: [] };
    const text = printChanges([
      {
        ...change,
        verb: 'update',
        sourceKey: 'P',
        attributes: [
          { name: 'title', before: 'a\u001b[2J', after: 'b' },
          { name: 'phone', after: [{ value: '1' }] },
        ],
      },
      { ...change, id: '2', verb: 'delete', sourceKey: 'Q', risks: ['deletes'], reason: 'moved', state: 'obsolete' },
    ]);
    expect(text).toContain('update (1)');
    expect(text).toContain('a [2J → b');
    expect(text).toContain('– → [{"value":"1"}]');
    expect(text).toContain('delete (1)');
    expect(text).toContain('obsolete: moved');
    expect(text).not.toContain('\u001b[2J');
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

    const muster = (...args: string[]): Promise<string> =>
      new Promise((resolve) => {
        const remote = ['--url', api.running.url, '--token', api.token];
        execFile(process.execPath, ['dist/cli/main.js', ...args, ...remote], (_error, stdout, stderr) => {
          resolve(stdout + stderr);
        });
      });

    it('PLN-7, PLN-8: shows a plan, approves a part of it, and says what the API refuses', async () => {
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
      const shown = await muster('show', id, '--filter', 'verb=update');
      expect(shown).toContain('3 changes');
      expect(shown).toContain('update (2)');
      expect(await muster('approve', id, '--filter', 'verb=disable', '--comment', 'seen')).toContain('1 approved');
      expect(await muster('reject', id, '--filter', 'verb=disable')).toContain('1 approved');
      expect(await muster('apply', id, '--hash', 'cd'.repeat(32))).toContain('not the hash');
    });
  });
});
