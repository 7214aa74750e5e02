import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

const RULES = [
  { name: 'titles', verbs: ['update'], attributes: ['title'], atMost: 1_000 },
  { name: 'leavers', verbs: ['delete'], facets: ['Works'], atMost: 2 },
];

let api: TestApi;
let hr: string;
let crm: string;
beforeAll(async () => {
  api = await startTestApi({ launcher: new FakeLauncher() });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate system, run, plan, change cascade');
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
  const mappings = ['userName', 'title', 'phoneNumbers'].map((name) => ({
    sourcePath: `$.${name}`,
    targetPath: `$.${name}`,
  }));
  const written = await api.send('put', `/api/v1/systems/${crm}/transformation`, {
    transformation: { user: { mappings } },
    description: 'three attributes',
  });
  expect(written.status).toBe(200);
  const set = { properties: { 'ips.plan.facet': 'department', 'ips.plan.first': 'true' }, credentials: {} };
  expect((await api.send('patch', `/api/v1/systems/${hr}/properties`, set)).status).toBe(200);
});

const path = (rest = ''): string => `/api/v1/systems/${hr}/approval-rules${rest}`;

/** A complete plan: of 1,260 changes every twentieth is a delete, every 45th update changes a phone number, too. */
async function storePlan(): Promise<void> {
  await api.sql(`
    with s as (select no from system where name = 'HR'), t as (select no from system where name = 'CRM'),
    r as (insert into run (source_id, source_name, kind, state, job_ids, trigger_type)
          select no, 'HR', 'readPlan', 'finished', array[gen_random_uuid()::text], 'IMMEDIATE' from s returning run_key),
    p as (insert into plan (run_key, source_id, source_name, kind, completed_at, hash)
          select r.run_key, s.no, 'HR', 'plan', now(), decode(repeat('ab', 32), 'hex') from r, s returning plan_no)
    insert into change (plan_no, run_key, source_id, target_id, type, entity_no, source_key, verb, class, attributes, facet, state, presence,
                        source_program, target_program, digest)
    select p.plan_no, r.run_key, s.no, t.no, 1, n, 'p' || n, case when n % 20 = 0 then 'delete' else 'update' end, 'update',
           case when n % 20 = 0 then '{}'::text[] when n % 45 = 7 then '{phoneNumbers,title}' else '{title}' end,
           case when n % 40 = 0 then 'Works' else 'Sales' end, case when n % 3 = 0 then 'rejected' else 'planned' end, 1, 1, 1, '\\x00'
      from p, r, s, t, generate_series(1, 1260) n`);
}

describe('approval rules over the API', () => {
  it('PLN-13: are saved as versions, each of which stays; a change on an older one is refused', async () => {
    expect((await api.send('get', path())).body).toMatchObject({ version: 0, rules: [], savedBy: null, inForce: true });
    const saved = await api.send('put', path(), { rules: RULES, comment: 'first', baseVersion: 0 });
    expect(saved.body).toMatchObject({ version: 1, rules: RULES, comment: 'first', savedBy: 'admin' });
    const moved = await api.send('put', path(), { rules: [], baseVersion: 0 });
    expect(moved.body).toMatchObject({ status: 409, errors: [{ pointer: '/baseVersion' }] });
    expect((await api.send('put', path(), { rules: [] })).body).toMatchObject({ version: 2, rules: [] });
    expect((await api.send('get', path('/versions/1'))).body.rules).toEqual(RULES);
    expect((await api.send('get', path('/versions/3'))).status).toBe(404);
    expect((await api.send('get', path().replace(hr, crm))).status).toBe(404);
  });

  it.each([
    [{ ...RULES[0], atMost: 0 }, 400, '/rules/0/atMost'],
    [{ ...RULES[0], atMost: undefined }, 400, '/rules/0/atMost'],
    [{ ...RULES[0], verbs: [] }, 400, '/rules/0/verbs'],
    [{ ...RULES[0], verbs: ['rename'] }, 400, '/rules/0/verbs/0'],
    [{ ...RULES[0], nonsense: 1 }, 400, '/rules/0/nonsense'],
    [{ ...RULES[0], attributes: ['titel'] }, 422, '/rules/0/attributes/0'],
    [{ ...RULES[1], attributes: ['title'] }, 422, '/rules/0/verbs/0'],
    [{ ...RULES[0], targets: ['00000000-0000-4000-8000-000000000000'] }, 422, '/rules/0/targets/0'],
  ])('PLN-13: %j is refused with its place, and nothing is saved', async (rule, status, pointer) => {
    const { body } = await api.send('put', path(), { rules: [rule] });
    expect(body).toMatchObject({ status, errors: [{ pointer, message: expect.any(String) }] });
    expect((await api.send('get', path())).body.version).toBe(0);
  });

  it('PLN-13: a dry run says what would have been approved of the last plan, by verb, and what stopped the rest', async () => {
    expect((await api.send('post', path('/dry-run'), { rules: RULES })).body.type).toContain('no-plan');
    await storePlan();
    const { body } = await api.send('post', path('/dry-run'), { rules: RULES });
    expect(body).toMatchObject({
      total: 1260,
      approved: 0,
      byVerb: { delete: { total: 63, approved: 0 }, update: { total: 1197, approved: 0 } },
    });
    const [titles = {}, leavers = {}] = RULES;
    await api.send('put', path(), { rules: [{ ...titles, atMost: 1_200 }, leavers] });
    const again = (await api.send('post', path('/dry-run'), {})).body;
    expect(again).toMatchObject({
      approved: 1169,
      byVerb: { update: { total: 1197, approved: 1169 } },
      byRule: [
        { rule: 'titles', fitting: 1169, approved: 1169 },
        { rule: 'leavers', fitting: 31, approved: 0 },
      ],
      stopped: [
        { reason: 'facet', rule: 'leavers', count: 32, message: 'rule leavers: their facet is not named' },
        { reason: 'atMost', rule: 'leavers', count: 31 },
        { reason: 'attributes', rule: 'titles', count: 28 },
      ],
    });
    const other = await createSource(api, 'Other');
    const strange = await api.send('post', path('/dry-run').replace(hr, other), { planId: again.planId });
    expect(strange.status).toBe(404);
  });
});
