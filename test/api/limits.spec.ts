import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { CONNECTION, createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let source = '';
let target = '';
beforeAll(async () => {
  api = await startTestApi({ maxSystems: { source: 2, target: 1 } });
  source = await createSource(api, 'HR');
  target = await createTarget(api, 'CRM', 'all');
});
afterAll(() => api.stop());

describe('LIM-1: systems', () => {
  const create = (role: 'source' | 'target', name: string) =>
    api.send('post', '/api/v1/systems', {
      role,
      type: 'SCIM System',
      name,
      ...(role === 'target' && { sources: { selection: 'all' } }),
      ...CONNECTION,
    });

  it('says that the maximum number is reached, for each role on its own, and makes none', async () => {
    const answers = await Promise.all(['One', 'Two', 'Three'].map((name) => create('source', name)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409]);
    expect(answers.find((answer) => answer.status === 409)?.body).toMatchObject({
      type: expect.stringMatching(/too-many-systems$/),
      title: 'The maximum number of systems is reached',
      detail: expect.stringMatching(/^the maximum number of 2 source systems is reached: .*MUSTER_MAX_SOURCES/),
    });
    expect(await create('target', 'Four')).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/maximum number of 1 target systems/) },
    });
    expect((await api.send('get', '/api/v1/systems')).body.total).toBe(3);
  });

  it('a system that is deleted makes room', async () => {
    const { body } = await api.send('get', '/api/v1/systems?role=source');
    const spare = body.items.find((system: { name: string }) => system.name !== 'HR');
    expect((await api.send('delete', `/api/v1/systems/${spare.id}`)).status).toBe(200);
    expect((await create('source', 'Five')).status).toBe(201);
  });
});

describe('LIM-6: retries and bulk operations', () => {
  it.each([
    ['source', 'ips.failed.request.retry.attempts', '4', 'must be a whole number from 0 to 3'],
    ['source', 'ips.failed.request.retry.attempts.interval', '61', /must be a whole number from \d to 60/],
    ['target', 'scim.bulk.operations.max.count', '101', 'must be a whole number from 1 to 100'],
  ])('of a %s: %s = %s is refused on save', async (role, name, value, message) => {
    const id = role === 'source' ? source : target;
    const saved = await api.send('patch', `/api/v1/systems/${id}/properties`, { properties: { [name]: value } });
    expect(saved).toMatchObject({ status: 422, body: { errors: [{ pointer: `/properties/${name}` }] } });
    expect(saved.body.errors[0].message).toMatch(message);
  });

  it('a bulk request has 20 operations if nothing else is said', async () => {
    const { body } = await api.send('get', '/api/v1/system-types');
    const scim = body.items.find((type: { typeName: string }) => type.typeName === 'SCIM System');
    const bulk = scim.properties.find(
      (property: { name: string }) => property.name === 'scim.bulk.operations.max.count',
    );
    expect(bulk).toMatchObject({ defaultValue: '20', max: 100 });
  });
});

describe('LIM-9: what is shown at first', () => {
  it('any number of versions of a transformation, 20 of them at first', async () => {
    const [{ document }] = (await api.sql(
      `select document from transformation_version v join system s on s.no = v.system_no where s.id = $1`,
      [target],
    )) as [{ document: object }];
    await api.sql(
      `insert into transformation_version (system_no, version, document, description, modified_by)
       select s.no, n, $2::json, 'n', 'test' from system s cross join generate_series(2, 30) n where s.id = $1`,
      [target, JSON.stringify(document)],
    );
    const { body } = await api.send('get', `/api/v1/systems/${target}/transformation/versions`);
    expect([body.items.length, body.total, body.items[0].version]).toEqual([20, 30, 30]);
  });
});
