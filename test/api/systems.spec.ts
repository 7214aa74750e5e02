import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { CONNECTION, createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
beforeEach(() => api.sql('truncate system, pair_sweep, backlog, run cascade'));

const source = { role: 'source', type: 'SCIM System', name: 'HR', ...CONNECTION };
const target = { role: 'target', type: 'SCIM System', name: 'CRM', ...CONNECTION };
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('system types', () => {
  it('CONN-CORE-81: describe properties, predefined values, secrets and default transformations', async () => {
    const { body } = await api.send('get', '/api/v1/system-types');
    const scim = body.items.find((type: { typeName: string }) => type.typeName === 'SCIM System');
    expect(scim).toMatchObject({ prefix: 'scim', roles: ['source', 'target'] });
    expect(scim.properties).toContainEqual(expect.objectContaining({ name: 'Password', kind: 'secret' }));
    expect(scim.properties).toContainEqual(expect.objectContaining({ name: 'Type', predefinedValue: 'HTTP' }));
    expect(Object.keys(scim.defaultTransformations)).toEqual(['read', 'write']);
    expect((await api.send('get', '/api/v1/system-types/SCIM%20System')).body).toEqual(scim);
    expect((await api.send('get', '/api/v1/system-types/Abacus')).status).toBe(404);
  });
});

describe('creating', () => {
  it('SYS-5, SYS-6: starts enabled, with a UUID, predefined properties and the default transformation', async () => {
    const response = await api.send('post', '/api/v1/systems', source);
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      role: 'source',
      type: 'SCIM System',
      name: 'HR',
      enabled: true,
      warnings: [],
    });
    expect(response.headers['location']).toBe(`/api/v1/systems/${response.body.id}`);
    const { body } = await api.send('get', `/api/v1/systems/${response.body.id}/properties`);
    expect(body.properties).toMatchObject({
      ...CONNECTION.properties,
      Type: 'HTTP',
      Authentication: 'BasicAuthentication',
    });
    const transformation = await api.send('get', `/api/v1/systems/${response.body.id}/transformation`);
    expect(transformation.body).toMatchObject({ version: 1, modifiedBy: 'system' });
    expect(Object.keys(transformation.body.transformation)).toEqual(['user', 'group']);
    expect(await api.sql('select number from program')).toEqual([{ number: 1 }]);
  });

  it.each([
    ['SYS-3', '/name', 400, { ...source, name: '' }],
    ['SYS-3', '/name', 400, { ...source, name: 'x'.repeat(101) }],
    ['SYS-3', '/name', 400, { ...source, name: 'Größe' }],
    ['SYS-3', '/name', 400, { ...source, name: 'a/b' }],
    ['SYS-1', '/role', 400, { ...source, role: 'proxy' }],
    ['SYS-1', '/type', 422, { ...source, type: 'Abacus' }],
    ['SYS-13', '/sources', 400, target],
    ['SYS-13', '/sources/selection', 400, { ...target, sources: { selection: 'some' } }],
    ['SYS-13', '/sources/sourceIds', 400, { ...target, sources: { selection: 'list', sourceIds: [] } }],
    ['SYS-13', '/sources/sourceIds/0', 422, { ...target, sources: { selection: 'list', sourceIds: [UNKNOWN] } }],
    ['SYS-13', '/sources', 400, { ...source, sources: { selection: 'all' } }],
    ['SYS-2', '/colour', 400, { ...source, colour: 'red' }],
    ['PRP-7', '/properties/TrustAll', 422, { ...source, properties: { ...source.properties, TrustAll: 'yes' } }],
    ['PRP-2', '/properties/ProxyType', 422, { ...source, properties: { ...source.properties, ProxyType: 'internet' } }],
    [
      'RDM-3',
      '/properties/ips.delta.read',
      422,
      { ...source, properties: { ...source.properties, 'ips.delta.read': 'maybe' } },
    ],
    [
      'RDM-11',
      '/properties/ips.full.read.force.count',
      422,
      { ...source, properties: { ...source.properties, 'ips.full.read.force.count': '0' } },
    ],
    ['PRP-21', '/properties/URL', 422, { ...source, properties: { ...source.properties, URL: 'hr.example' } }],
    ['PRP-7', '/properties/TrustAll', 400, { ...source, properties: { ...source.properties, TrustAll: true } }],
  ])('%s: names %s when it is wrong (%i)', async (_rule, pointer, status, body) => {
    const response = await api.send('post', '/api/v1/systems', body);
    expect(response.body).toMatchObject({ status, errors: [{ pointer }] });
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body.detail).not.toBe('');
    expect(await api.sql('select name from system')).toEqual([]);
  });

  it('SYS-4: refuses a name in use, whatever its case, blanks and role', async () => {
    await createSource(api, 'HR');
    const response = await api.send('post', '/api/v1/systems', {
      ...target,
      name: ' hr ',
      sources: { selection: 'all' },
    });
    expect(response.body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:name-taken',
      errors: [{ pointer: '/name' }],
    });
    expect(response.body.detail).toBe('a system with the name "hr" exists');
  });

  it('PRP-6: warns about a property without effect in this role, and keeps it', async () => {
    const properties = { ...source.properties, 'ips.delete.existedbefore.entities': 'true' };
    const response = await api.send('post', '/api/v1/systems', { ...source, properties });
    expect(response.status).toBe(201);
    expect(response.body.warnings).toEqual([
      expect.objectContaining({
        property: 'ips.delete.existedbefore.entities',
        message: expect.stringContaining('no effect'),
      }),
    ]);
  });
});

describe('changing', () => {
  it('SYS-1: role and type cannot be changed', async () => {
    const id = await createSource(api, 'HR');
    for (const body of [{ role: 'target' }, { type: 'SCIM System' }]) {
      const response = await api.send('patch', `/api/v1/systems/${id}`, body);
      expect(response.body).toMatchObject({ status: 400 });
      expect(response.body.errors).toContainEqual({
        pointer: `/${Object.keys(body)[0]}`,
        message: 'is not known here',
      });
    }
  });

  it('changes name and description, keeps the id, and accepts its own name in another spelling', async () => {
    const id = await createSource(api, 'HR');
    const response = await api.send('patch', `/api/v1/systems/${id}`, { name: 'hr', description: 'People' });
    expect(response.body).toMatchObject({ id, name: 'hr', description: 'People' });
  });

  it('SYS-13: changes the choice of sources of a target; a source has none', async () => {
    const hr = await createSource(api, 'HR');
    const crm = await createTarget(api, 'CRM', 'all');
    const choose = (sources: object) => api.send('patch', `/api/v1/systems/${crm}`, { sources });
    expect((await choose({ selection: 'list', sourceIds: [hr] })).body.sources).toEqual({
      selection: 'list',
      sourceIds: [hr],
      lostAt: null,
    });
    expect((await choose({ selection: 'none' })).body.sources.selection).toBe('none');
    const wrong = await api.send('patch', `/api/v1/systems/${hr}`, { sources: { selection: 'all' } });
    expect(wrong.body).toMatchObject({ status: 422, errors: [{ pointer: '/sources' }] });
  });

  it('SYS-19: enables and disables; repeating changes nothing', async () => {
    const id = await createSource(api, 'HR');
    for (const [verb, enabled] of [
      ['disable', false],
      ['disable', false],
      ['enable', true],
    ] as const) {
      expect((await api.send('post', `/api/v1/systems/${id}/${verb}`)).body.enabled).toBe(enabled);
    }
  });
});

describe('pausing', () => {
  it('a target is paused since a moment that does not move, and resumed; a source cannot be', async () => {
    const source = await createSource(api, 'HR');
    const target = await createTarget(api, 'CRM', 'all');
    const first = await api.send('post', `/api/v1/systems/${target}/pause`);
    expect(first).toMatchObject({ status: 200, body: { enabled: true, pausedAt: expect.stringMatching(/Z$/) } });
    const again = await api.send('post', `/api/v1/systems/${target}/pause`);
    expect(again.body.pausedAt).toBe(first.body.pausedAt);
    expect((await api.send('post', `/api/v1/systems/${target}/resume`)).body.pausedAt).toBeNull();
    expect(await api.send('post', `/api/v1/systems/${source}/pause`)).toMatchObject({
      status: 422,
      body: { detail: expect.stringMatching(/HR is not a target: disable it/) },
    });
  });
});

describe('listing', () => {
  it('SYS-16: enabled first, by name, with filters and pages', async () => {
    const beta = await createSource(api, 'beta');
    await createSource(api, 'Alpha');
    await createTarget(api, 'Gamma', 'all');
    await api.send('post', `/api/v1/systems/${beta}/disable`);
    const names = async (query: string) => {
      const { body } = await api.send('get', `/api/v1/systems?${query}`);
      return [body.items.map((system: { name: string }) => system.name), body.total];
    };
    expect(await names('')).toEqual([['Alpha', 'Gamma', 'beta'], 3]);
    expect(await names('role=source')).toEqual([['Alpha', 'beta'], 2]);
    expect(await names('enabled=false')).toEqual([['beta'], 1]);
    expect(await names('search=A&limit=1&offset=1')).toEqual([['Gamma'], 3]);
    expect(await names('type=Abacus')).toEqual([[], 0]);
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=many'],
    ['offset', 'offset=-1'],
    ['role', 'role=proxy'],
    ['enabled', 'enabled=1'],
    ['colour', 'colour=red'],
    ['search', 'search=a&search=b'],
  ])('names the parameter %s when it is wrong: %s', async (parameter, query) => {
    const response = await api.send('get', `/api/v1/systems?${query}`);
    expect(response.body).toMatchObject({ status: 400, errors: [{ parameter }] });
  });

  it('names the parameter of an address that is no id, and what does not exist', async () => {
    expect((await api.send('get', '/api/v1/systems/HR')).body.errors).toEqual([
      { parameter: 'systemId', message: 'must be the id (UUID) of a system' },
    ]);
    expect((await api.send('get', `/api/v1/systems/${UNKNOWN}`)).body).toMatchObject({
      status: 404,
      detail: `there is no system ${UNKNOWN}`,
    });
  });
});

describe('deleting', () => {
  it('SYS-14: tells before which targets a source feeds, and after which lost their last source', async () => {
    const hr = await createSource(api, 'HR');
    const other = await createSource(api, 'Other');
    const crm = await createTarget(api, 'CRM', [hr]);
    const mail = await createTarget(api, 'Mail', [hr, other]);
    const all = await createTarget(api, 'Archive', 'all');
    const before = await api.send('get', `/api/v1/systems/${hr}/targets`);
    expect(before.body.items.map((system: { id: string }) => system.id)).toEqual([all, crm, mail]);
    const deleted = await api.send('delete', `/api/v1/systems/${hr}`);
    expect(deleted.body).toEqual({ targetsWithoutSources: [crm] });
    expect((await api.send('get', `/api/v1/systems/${hr}`)).status).toBe(404);
    expect((await api.send('get', `/api/v1/systems/${crm}`)).body.sources).toEqual({
      selection: 'none',
      sourceIds: [],
      lostAt: expect.any(String),
    });
    expect((await api.send('get', `/api/v1/systems/${mail}`)).body.sources).toMatchObject({
      sourceIds: [other],
      lostAt: null,
    });
    await api.send('patch', `/api/v1/systems/${crm}`, { sources: { selection: 'all' } });
    expect((await api.send('get', `/api/v1/systems/${crm}`)).body.sources.lostAt).toBeNull();
  });

  it('RST-9: is refused while a job runs, for the source and for its targets', async () => {
    const hr = await createSource(api, 'HR');
    const crm = await createTarget(api, 'CRM', [hr]);
    await api.sql(
      `insert into run (source_id, source_name, kind, state, job_ids, trigger_type)
       select no, name, 'read', 'running', '{x}', 'IMMEDIATE' from system where role = 'source'`,
    );
    for (const id of [hr, crm]) {
      expect((await api.send('delete', `/api/v1/systems/${id}`)).body).toMatchObject({
        status: 409,
        type: 'urn:muster:problem:job-running',
      });
    }
    await api.sql(`update run set state = 'finished'`);
    expect((await api.send('delete', `/api/v1/systems/${crm}`)).status).toBe(200);
    expect((await api.send('delete', `/api/v1/systems/${hr}`)).status).toBe(200);
  });

  it('lists targets of sources only', async () => {
    const crm = await createTarget(api, 'CRM', 'all');
    expect((await api.send('get', `/api/v1/systems/${crm}/targets`)).body).toMatchObject({ status: 422 });
  });
});

describe('testing the connection', () => {
  it('PRP-11: reports an unreachable back end as a failed check, without the credentials', async () => {
    const id = await createSource(api, 'HR');
    await api.send('patch', `/api/v1/systems/${id}/properties`, {
      properties: { URL: 'http://127.0.0.1:1' },
      credentials: CONNECTION.credentials,
    });
    const response = await api.send('post', `/api/v1/systems/${id}/test-connection`);
    expect(response.status).toBe(200);
    expect(response.body.ok).toBe(false);
    expect(response.body.checks.length).toBeGreaterThan(0);
    expect(response.text).not.toContain(CONNECTION.credentials.Password);
  });
});
