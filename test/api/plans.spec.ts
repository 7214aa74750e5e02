import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonOf } from '../../api/common/export.js';
import { csvOf } from '../../api/plans/export-changes.js';
import { toChangeBody, withFound, withLive } from '../../api/plans/plan-view.js';
import type { ChangeView } from '../../state/plans/index.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let launcher: FakeLauncher;
let hr: string;
let crm: string;
let planId: string;
const HASH = 'ab'.repeat(32);

beforeAll(async () => {
  launcher = new FakeLauncher();
  api = await startTestApi({ launcher });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate system, run, plan, change, plan_decision, backlog cascade');
  Object.assign(launcher, { started: [], away: false });
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
  planId = await storePlan(40);
});

/** A complete plan: every fourth change a delete, else an update, in two departments. */
async function storePlan(changes: number): Promise<string> {
  const [source] = await api.sql(`select no from system where name = 'HR'`);
  const [target] = await api.sql(`select no from system where name = 'CRM'`);
  const [run] = await api.sql(
    `insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type)
     values ($1, 'HR', 'readPlan', 'finished', 'Success', array[gen_random_uuid()::text], 'IMMEDIATE') returning run_key`,
    [Object(source).no],
  );
  const [plan] = await api.sql(
    `insert into plan (run_key, source_id, source_name, kind, author, completed_at, hash)
     values ($1, $2, 'HR', 'plan', 'admin', now(), decode($3, 'hex')) returning id, plan_no`,
    [Object(run).run_key, Object(source).no, HASH],
  );
  await api.sql(
    `insert into change (plan_no, run_key, source_id, target_id, type, entity_no, source_key, verb, class, attributes, risks, facet, state,
                         presence, source_program, target_program, cause, digest)
     select $1, $2, $3, $4, 1, n, 'p' || n, case when n % 4 = 0 then 'delete' else 'update' end,
            case when n % 4 = 0 then 'delete' else 'update' end, case when n % 4 = 0 then '{}'::text[] else '{title}' end,
            case when n % 4 = 0 then '{deletes}'::text[] else '{}' end, case when n % 2 = 0 then 'Sales' else 'Works' end, 'planned',
            1, 1, 1, case when n % 4 = 0 then 'notSeen' end, '\\x00'
       from generate_series(1, $5::int) n`,
    [Object(plan).plan_no, Object(run).run_key, Object(source).no, Object(target).no, changes],
  );
  return String(Object(plan).id);
}

const path = (rest = ''): string => `/api/v1/plans/${planId}${rest}`;

describe('plans over the API', () => {
  it('PLN-5, PLN-7: counts, pages, filters and samples', async () => {
    const plan = await api.send('get', path());
    expect(plan.body).toMatchObject({
      id: planId,
      kind: 'plan',
      sourceId: hr,
      hash: HASH,
      counts: {
        total: 40,
        byVerb: { update: 30, delete: 10 },
        byTarget: { CRM: 40 },
        byType: { user: 40 },
        byFacet: { Sales: 20, Works: 20 },
        byAttribute: { title: 30 },
      },
      decisions: [],
    });
    const first = await api.send('get', path('/changes?verb=delete&limit=6'));
    expect(first.body.items).toHaveLength(6);
    const second = await api.send('get', path(`/changes?verb=delete&limit=6&after=${first.body.next}`));
    expect(second.body).toMatchObject({ next: null });
    expect(second.body.items).toHaveLength(4);
    const counts = await Promise.all(
      [`target=${crm}&facet=Works`, 'risk=deletes', 'attribute=title', 'text=P39', 'state=approved'].map(
        async (filter) => (await api.send('get', path(`/changes?limit=100&${filter}`))).body.items.length,
      ),
    );
    expect(counts).toEqual([20, 10, 30, 1, 0]);
    const sample = await api.send('get', path('/sample?perVerb=3'));
    expect(sample.body.items.map((item: { verb: string }) => item.verb)).toEqual(
      ['delete', 'update'].flatMap((verb) => [verb, verb, verb]),
    );
    expect((await api.send('get', '/api/v1/plans')).body.items).toMatchObject([{ id: planId }]);
  });

  it('PLN-8: by filter, by ids, all; who decided and why is kept; what was decided before is refused with its state', async () => {
    const approved = await api.send('post', path('/approve'), { filter: { facet: 'Sales' }, comment: 'seen' });
    expect(approved.body).toEqual({ decided: 20, waitingForSecond: 0, ownApproval: 0, refused: {} });
    const again = await api.send('post', path('/approve'), { filter: { facet: 'Sales' } });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ type: 'urn:muster:problem:nothing-to-decide' });
    expect(again.body.detail).toContain('20 approved');
    const rest = await api.send('post', path('/reject'), { all: true, comment: 'not now' });
    expect(rest.body).toMatchObject({ decided: 20, refused: { approved: 20 } });
    const { decisions } = (await api.send('get', path())).body;
    expect(decisions).toMatchObject([
      { decision: 'approve', by: 'admin', comment: 'seen', changes: 20 },
      { decision: 'reject', by: 'admin', comment: 'not now', changes: 20 },
    ]);
    const both = await api.send('post', path('/approve'), { all: true, ids: ['1'] });
    expect(both.status).toBe(400);
  });

  it('PLN-9: apply wants the hash and something approved, and starts one job of the source', async () => {
    expect((await api.send('post', path('/apply'), { hash: HASH })).body.type).toContain('nothing-approved');
    await api.send('post', path('/approve'), { filter: { verb: 'update' } });
    expect((await api.send('post', path('/apply'), { hash: 'cd'.repeat(32) })).body.type).toContain('plan-moved');
    const job = await api.send('post', path('/apply'), { hash: HASH });
    expect(job.status).toBe(201);
    expect(job.body).toMatchObject({ type: 'APPLY', isPlan: false, planId, status: 'Running' });
    expect(launcher.started).toEqual(['HR']);
    const waiting = await api.send('post', path('/apply'), { hash: HASH });
    expect(waiting.status).toBe(202);
    expect((await api.send('post', path('/apply'), { hash: HASH })).body.id).toBe(waiting.body.id);
  });

  it('PLN-2, PLN-5: a plan that has expired, or whose job still runs, can be neither decided nor applied', async () => {
    await api.sql(`update plan set expires_at = now() - interval '1 minute'`);
    const expired = await api.send('post', path('/approve'), { all: true });
    expect(expired.body).toMatchObject({ status: 409, type: 'urn:muster:problem:plan-expired' });
    expect((await api.send('post', path('/apply'), { hash: HASH })).body.type).toContain('plan-expired');
    await api.sql(`update plan set expires_at = now() + interval '1 day', completed_at = null`);
    expect((await api.send('post', path('/approve'), { all: true })).body.type).toContain('plan-incomplete');
  });

  it('PLN-3: a job is asked for as a plan; of a source that plans first every job is one', async () => {
    const asked = await api.send('post', `/api/v1/systems/${hr}/jobs`, { type: 'READ', plan: true });
    expect(asked.body).toMatchObject({ type: 'READ', isPlan: true });
    await api.sql(`update run set state = 'finished'`);
    await api.sql(
      `insert into system_property (system_no, name, value) select no, 'ips.plan.first', 'true' from system where name = 'HR'`,
    );
    const forced = await api.send('post', `/api/v1/systems/${hr}/jobs`, { type: 'RESYNC' });
    expect(forced.body).toMatchObject({ type: 'RESYNC', isPlan: true });
  });

  it('PLN-7: a large plan stays usable', async () => {
    await api.sql('truncate plan cascade');
    planId = await storePlan(100_000);
    await api.sql('analyze change');
    const startedMs = Date.now();
    expect((await api.send('get', path())).body.counts.total).toBe(100_000);
    const countedMs = Date.now() - startedMs;
    await api.send('get', path('/changes?facet=Sales&limit=100'));
    expect((await api.send('post', path('/approve'), { filter: { verb: 'update' } })).body.decided).toBe(75_000);
    expect(countedMs).toBeLessThan(5_000);
  });
});

describe('a change as it is shown', () => {
  const change: ChangeView = {
    changeNo: 7,
    state: 'planned',
    verb: 'update',
    class: 'update',
    type: 'user',
    targetNo: 2,
    targetId: null,
    targetName: 'CRM',
    entityNo: 1,
    sourceKey: 'P',
    targetKey: 'k',
    attributes: ['emails', 'title'],
    risks: [],
    facet: null,
    cause: null,
    reason: null,
    firstApprovedBy: null,
    decidedBy: null,
    decidedByRule: null,
    match: null,
    matchBy: [],
    matchNote: null,
    decidedAt: null,
    endedAt: null,
    content: null,
    basis: null,
  };
  const content = {
    before: { title: 'a', emails: [] },
    after: { title: '=b', emails: [{ value: 'x' }] },
    mappings: { '/title': '/user/mappings/3', '/emails/0/value': '/user/mappings/4' },
  };

  it('PLN-6: before, after and the mapping that decides; live values are marked where they differ', () => {
    const { attributes = [] } = toChangeBody(change, content);
    expect(attributes).toEqual([
      { name: 'emails', before: [], after: [{ value: 'x' }], mapping: '/user/mappings/4' },
      { name: 'title', before: 'a', after: '=b', mapping: '/user/mappings/3' },
    ]);
    expect(withLive(attributes, { title: 'c', emails: [] })).toMatchObject([
      { name: 'emails', drifted: false },
      { name: 'title', live: 'c', drifted: true },
    ]);
    expect(toChangeBody(change).attributes).toBeUndefined();
  });

  it('PLN-6, PLN-10: what an earlier drift has found stands in place of what was last written', () => {
    const found = withFound(content, { title: 'c', emails: null });
    expect(toChangeBody(change, found).attributes).toEqual([
      { name: 'emails', after: [{ value: 'x' }], mapping: '/user/mappings/4' },
      { name: 'title', before: 'c', after: '=b', mapping: '/user/mappings/3' },
    ]);
  });

  it('PLN-7: exports have one line for each attribute, and no cell that a spreadsheet would run', async () => {
    const portions = async function* () {
      yield [toChangeBody({ ...change, sourceKey: '=cmd' }, content)];
    };
    const csv = (await collect(csvOf(portions()))).split('\r\n');
    expect(csv).toHaveLength(4);
    expect(csv[1]).toContain(`"'=cmd"`);
    expect(csv[2]).toContain(`"title","""a""","""=b"""`);
    expect(JSON.parse(await collect(jsonOf(portions())))).toMatchObject([{ id: '7', sourceKey: '=cmd' }]);
  });
});

async function collect(texts: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const text of texts) all += text;
  return all;
}
