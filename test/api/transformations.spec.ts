import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let path: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate system, pair_sweep, backlog, run cascade');
  path = `/api/v1/systems/${await createSource(api, 'HR')}/transformation`;
});

/** Keys in an order that no sorting gives. */
const document = {
  user: {
    mappings: [
      { sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' },
      { targetPath: '$.userName', sourcePath: '$.userName' },
    ],
    condition: `$.active == true`,
  },
  group: { ignore: true, mappings: [{ sourcePath: '$.id', targetVariable: 'entityIdSourceSystem' }] },
};

describe('saving', () => {
  it('stores the next version with author and reason, in the order of keys it was written in', async () => {
    const saved = await api.send('put', path, { transformation: document, description: 'Only active people' });
    expect(saved.body).toMatchObject({
      version: 2,
      description: 'Only active people',
      modifiedBy: 'admin',
      warnings: [],
    });
    const read = await api.send('get', path);
    expect(JSON.stringify(read.body.transformation)).toBe(JSON.stringify(document));
    const { body } = await api.send('get', `${path}/versions`);
    expect(body).toMatchObject({ total: 2, items: [{ version: 2 }, { version: 1, modifiedBy: 'system' }] });
    expect((await api.send('get', `${path}/versions/2`)).body).toEqual(read.body);
    expect((await api.send('get', `${path}/versions/1`)).body.transformation).not.toEqual(document);
  });

  it('VAR-5: warns of ids from elsewhere while somebody is linked, and names the reset', async () => {
    const moved = { user: { mappings: [{ sourcePath: '$.uid', targetVariable: 'entityIdSourceSystem' }] } };
    expect((await api.send('put', path, { transformation: document })).body.warnings).toEqual([]);
    expect((await api.send('post', `${path}/check`, { transformation: moved })).body.issues).toEqual([]);
    await api.sql(`
      with e as (insert into entity (source_id, type, source_key, presence, read_seq)
                 select no, 1, 'p', 1, 1 from system where name = 'HR' returning entity_no)
      insert into link (target_id, entity_no, type, state) select 99, entity_no, 1, 1 from e`);
    const warning = expect.objectContaining({
      severity: 'warning',
      code: 'idChanged',
      pointer: '/user/mappings/0',
      message: expect.stringContaining('Reset the system right after saving'),
    });
    expect((await api.send('post', `${path}/check`, { transformation: moved })).body.issues).toEqual([warning]);
    expect((await api.send('put', path, { transformation: moved })).body.warnings).toEqual([warning]);
    const renamed = { user: { mappings: [...moved.user.mappings, { constant: 'x', targetPath: '$.title' }] } };
    expect((await api.send('put', path, { transformation: renamed })).body.warnings).toEqual([]);
  });

  it.each([
    ['/transformation/user/mappings', { user: {} }],
    ['/transformation/user/mappings/0', { user: { mappings: [{ sourcePath: '$.a' }] } }],
    ['/transformation/user/condition', { user: { ...document.user, condition: '$.a ===' } }],
  ])('ERR-3: refuses with a pointer to %s and saves nothing', async (pointer, transformation) => {
    const response = await api.send('put', path, { transformation });
    expect(response.body).toMatchObject({ status: 422, type: 'urn:muster:problem:invalid-transformation' });
    const pointers = response.body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers.some((found: string) => found.startsWith(pointer))).toBe(true);
    expect((await api.send('get', path)).body.version).toBe(1);
  });

  it.each([
    ['/transformation', { transformation: [] }],
    ['/transformation', {}],
    ['/baseVersion', { transformation: document, baseVersion: 0 }],
    ['/colour', { transformation: document, colour: 'red' }],
  ])('names %s when the form is wrong', async (pointer, body) => {
    expect((await api.send('put', path, body)).body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  it('of two editors that began with the same version the second is told', async () => {
    const save = () => api.send('put', path, { transformation: document, baseVersion: 1 });
    const answers = await Promise.all([save(), save()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      type: 'urn:muster:problem:version-moved',
      errors: [{ pointer: '/baseVersion' }],
    });
  });

  it('names a version that does not exist, or is no number', async () => {
    expect((await api.send('get', `${path}/versions/9`)).status).toBe(404);
    expect((await api.send('get', `${path}/versions/last`)).body).toMatchObject({
      status: 400,
      errors: [{ parameter: 'version' }],
    });
  });
});

describe('checking', () => {
  it('ERR-3: tells errors and saves nothing', async () => {
    const good = await api.send('post', `${path}/check`, { transformation: document });
    expect(good.body).toEqual({ ok: true, issues: [] });
    const bad = await api.send('post', `${path}/check`, {
      transformation: { user: { mappings: [{ sourcePath: '$.a' }] } },
    });
    expect(bad.body).toMatchObject({
      ok: false,
      issues: expect.arrayContaining([expect.objectContaining({ severity: 'error', pointer: '/user/mappings/0' })]),
    });
    expect((await api.send('get', `${path}/versions`)).body.total).toBe(1);
  });

  it('TRF-1: a source needs entityIdSourceSystem, a target does not', async () => {
    const transformation = { user: { mappings: [{ sourcePath: '$', targetPath: '$' }] } };
    expect((await api.send('post', `${path}/check`, { transformation })).body.ok).toBe(false);
    const crm = await createTarget(api, 'CRM', 'all');
    const asTarget = await api.send('post', `/api/v1/systems/${crm}/transformation/check`, { transformation });
    expect(asTarget.body.ok).toBe(true);
  });
});

describe('program numbers (engine.md §6)', () => {
  it('a changed write transformation sweeps the pairs, a description alone does not', async () => {
    const crm = `/api/v1/systems/${await createTarget(api, 'CRM', 'all')}/transformation`;
    const { body } = await api.send('get', crm);
    await api.sql('delete from pair_sweep');
    await api.send('put', crm, { transformation: body.transformation, description: 'the same again' });
    expect(await api.sql('select from pair_sweep')).toHaveLength(0);
    const mappings = [...body.transformation.user.mappings, { constant: 'x', targetPath: '$.nickName' }];
    await api.send('put', crm, {
      transformation: { ...body.transformation, user: { ...body.transformation.user, mappings } },
    });
    expect(await api.sql('select from pair_sweep')).toHaveLength(3);
  });
});
