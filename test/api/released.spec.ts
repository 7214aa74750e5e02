import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { person } from '../support/world.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

const USER = 1;
const PRESENT = 1;
const LINKED = 1;
const CREATING = 3;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

let source: ScimSimulator;
let target: ScimSimulator;
let hr = '';
let crm = '';
beforeEach(async () => {
  await api.sql('truncate system, run, released_entity, entity, link, backlog, target_claim, target_gate cascade');
  source = await startScimSimulator({ users: [person('W')] });
  target = await startScimSimulator({ users: ['P', 'Q', 'R'].map((id) => person(id, { id: `old-${id}` })) });
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
  for (const [id, { url }] of [[hr, source] as const, [crm, target] as const]) {
    const properties = { Type: 'HTTP', URL: url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
    const saved = await api.send('put', `/api/v1/systems/${id}/properties`, { properties, credentials: {} });
    if (saved.status !== 200) throw new Error(saved.text);
  }
  for (const id of ['P', 'Q', 'R'])
    await api.sql(
      `insert into released_entity (target_id, type, target_key, source_id, source_key)
       select t.no, ${USER}, $1, s.no, $2 from system s, system t where s.role = 'source' and t.role = 'target'`,
      [`old-${id}`, id],
    );
});
afterEach(async () => {
  await source.stop();
  await target.stop();
});

interface Entry {
  readonly id: number;
  readonly sourceKey: string;
}

const listed = async (query = ''): Promise<{ items: Entry[]; next: number | null }> =>
  (await api.send('get', `/api/v1/systems/${crm}/released${query}`)).body as { items: Entry[]; next: number | null };
const keys = async (): Promise<string[]> => (await listed()).items.map(({ sourceKey }) => sourceKey);
async function idOf(key: string): Promise<number> {
  return (await listed()).items.find(({ sourceKey }) => sourceKey === key)?.id ?? 4_711;
}
const remove = async (key: string): Promise<{ status: number; body: object }> =>
  api.send('delete', `/api/v1/systems/${crm}/released/${await idOf(key)}`);
const adopt = async (key: string): Promise<{ status: number; body: object }> =>
  api.send('post', `/api/v1/systems/${crm}/released/${await idOf(key)}/adopt`);
const entity = (key: string, presence: number): Promise<object[]> =>
  api.sql(
    `insert into entity (source_id, type, source_key, presence, read_seq) select no, ${USER}, $1, $2, 1 from system where role = 'source'`,
    [key, presence],
  );
const link = (key: string, state: number, targetKey: string | null): Promise<object[]> =>
  api.sql(
    `insert into link (target_id, entity_no, type, state, origin, target_key)
     select t.no, e.entity_no, ${USER}, $2, 2, $3 from entity e, system t where e.source_key = $1 and t.role = 'target'`,
    [key, state, targetKey],
  );
const deletes = (): number => target.journal.writesSince(0).length;

describe('entities that are no longer managed', () => {
  it('CONN-CORE-12: of a group that others have made only those go whom the platform has put in', async () => {
    const userIds = ['P', 'Q', 'R'].map((id) => `old-${id}`);
    const members = userIds.map((value) => ({ value, type: 'User' }));
    target.store.add('Group', { id: 'team', displayName: 'Team', members });
    const properties = { Type: 'HTTP', URL: target.url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
    const profile = { 'scim.profile': '{"groups":"members-only"}' };
    await api.send('put', `/api/v1/systems/${crm}/properties`, {
      properties: { ...properties, ...profile },
      credentials: {},
    });
    await api.sql(
      `insert into released_entity (target_id, type, target_key, source_id, source_key)
       select t.no, 2, 'team', s.no, 'T' from system s, system t where s.role = 'source' and t.role = 'target'`,
      [],
    );
    await api.sql(
      `insert into assigned_member select no, 'team', k from system, unnest($1::text[]) k where role = 'target'`,
      [['old-P', 'old-Q']],
    );
    expect((await remove('T')).status).toBe(204);
    expect(target.store.get('Group', 'team')?.['members']).toEqual([{ value: 'old-R', type: 'User' }]);
    expect(await api.sql('select 1 from assigned_member', [])).toEqual([]);
    expect(await keys()).not.toContain('T');
  });

  it('DEL-22: are listed by target with date and source id, newest first, by pages', async () => {
    const first = await listed('?limit=2');
    expect(first.items).toEqual([
      expect.objectContaining({ type: 'user', targetKey: 'old-R', sourceKey: 'R', sourceId: hr, sourceName: 'HR' }),
      expect.objectContaining({ sourceKey: 'Q', releasedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) }),
    ]);
    const second = await listed(`?limit=2&before=${first.next}`);
    expect(second.items.map(({ sourceKey }) => sourceKey)).toEqual(['P']);
    expect(second.next).toBeNull();
    expect((await api.send('get', `/api/v1/systems/${hr}/released`)).body).toMatchObject({ status: 404 });
  });

  it('DEL-22: deleting removes the entity from target and list; one that is gone already leaves the list', async () => {
    expect((await remove('P')).status).toBe(204);
    expect(target.store.get('User', 'old-P')).toBeUndefined();
    target.store.remove('User', 'old-Q');
    expect((await remove('Q')).status).toBe(204);
    expect(await keys()).toEqual(['R']);
    expect((await remove('P')).body).toMatchObject({ status: 404 });
    expect(await api.sql('select 1 from target_claim')).toEqual([]);
  });

  it('DEL-22: adopting links it as existing before, out of scope, and takes it off the list', async () => {
    expect((await adopt('P')).body).toMatchObject({ targetKey: 'old-P', sourceKey: 'P' });
    expect(await api.sql('select state, origin, target_key, out_of_scope from link')).toEqual([
      { state: LINKED, origin: 2, target_key: 'old-P', out_of_scope: true },
    ]);
    expect(await keys()).toEqual(['R', 'Q']);
    expect(deletes()).toBe(0);
  });

  it.each([
    [
      'entity-managed: another entity has a link on it',
      'entity-managed',
      async () => {
        await entity('P2', PRESENT);
        await link('P2', LINKED, 'old-P');
        // It is not listed any more, so the address is that of before.
      },
    ],
    [
      'entity-busy: a run has the pair',
      'entity-busy',
      async () => {
        await entity('P', 3);
        await api.sql(
          `insert into backlog (target_id, entity_no, source_id, type, reason, lease_token, lease_until)
           select t.no, e.entity_no, e.source_id, ${USER}, 'changed', 1, now() + interval '1 minute'
             from entity e, system t where t.role = 'target'`,
        );
      },
    ],
    [
      'entity-busy: a run has claimed the target entity',
      'entity-busy',
      async () => {
        await api.sql(
          `insert into target_claim (target_id, type, target_key, token, until)
           select no, ${USER}, 'old-P', 1, now() + interval '1 minute' from system where role = 'target'`,
        );
      },
    ],
    [
      'entity-busy: a create of unknown outcome may have met it',
      'entity-busy',
      async () => {
        await entity('N', PRESENT);
        await link('N', CREATING, null);
      },
    ],
    ['still-in-source: the source had it again in the last job', 'still-in-source', () => entity('P', PRESENT)],
  ])('DEL-22: %s: neither deleted nor adopted', async (_name, problem, prepare) => {
    const id = await idOf('P');
    await prepare();
    const address = `/api/v1/systems/${crm}/released/${id}`;
    for (const response of [await api.send('delete', address), await api.send('post', `${address}/adopt`)])
      expect(response.body).toMatchObject({ status: 409, type: `urn:muster:problem:${problem}` });
    expect(deletes()).toBe(0);
    expect(await api.sql(`select 1 from released_entity where source_key = 'P'`)).toHaveLength(1);
  });

  it('DEL-22, DEL-23: the source is asked once more: who is back since the last job keeps the account', async () => {
    source.store.add('User', person('P'));
    expect((await remove('P')).body).toMatchObject({ status: 409, type: 'urn:muster:problem:still-in-source' });
    source.faults.arm({ effect: { kind: 'status', status: 500 } });
    expect((await remove('Q')).body).toMatchObject({ status: 502, type: 'urn:muster:problem:back-end-failed' });
    expect(deletes()).toBe(0);
    expect(await keys()).toEqual(['R', 'Q', 'P']);
  });

  it('DEL-22: a refusal of the target is told, and the entry stays free for another try', async () => {
    const refusal = target.faults.arm({ effect: { kind: 'status', status: 403 }, match: { methods: ['DELETE'] } });
    expect((await remove('P')).body).toMatchObject({ status: 502, type: 'urn:muster:problem:back-end-failed' });
    target.faults.disarm(refusal);
    expect((await remove('P')).status).toBe(204);
  });

  it('DEL-22: nothing is sent to a target that is disabled or has to be left alone', async () => {
    await api.sql(
      `insert into target_gate (target_id, closed_until) select no, now() + interval '1 minute' from system where role = 'target'`,
    );
    expect((await remove('P')).body).toMatchObject({ status: 503 });
    await api.sql('delete from target_gate');
    await api.send('post', `/api/v1/systems/${crm}/disable`);
    expect((await remove('P')).body).toMatchObject({ status: 409, type: 'urn:muster:problem:system-disabled' });
    expect(deletes()).toBe(0);
  });

  it('DEL-22: not-connected: an entity of a source that does not feed the target is not managed by anybody', async () => {
    await api.send('patch', `/api/v1/systems/${crm}`, { sources: { selection: 'none' } });
    expect((await adopt('P')).body).toMatchObject({ status: 409, type: 'urn:muster:problem:not-connected' });
  });
});
