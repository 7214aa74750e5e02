import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withDefaults } from '../../activities/support/run-context.js';
import { scimSystemFactory } from '../../connectors/scim/scim.factory.js';
import { compileTransformation } from '../../core/transform/index.js';
import { loadKeyring } from '../../runtime/secrets.js';
import {
  ensureProgram,
  fingerprintHash,
  loadInstallationKeys,
  loadSecrets,
  loadSystem,
} from '../../state/config/index.js';
import { createDataSource } from '../../state/data-source.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { CONNECTION, MASK, createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let path: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate system, pair_sweep, backlog, run cascade');
  path = `/api/v1/systems/${await createSource(api, 'HR')}/properties`;
});

const sealed = async () => {
  const rows = await api.sql(
    `select name, encode(sealed, 'hex') as sealed from system_property where sealed is not null order by name`,
  );
  return JSON.stringify(rows);
};

describe('credentials', () => {
  it('CRD-1, CRD-3: are masked with 40 characters whatever their length', async () => {
    const { body } = await api.send('get', path);
    expect(body.credentials).toEqual({ Password: MASK });
    expect(body.properties).not.toHaveProperty('Password');
  });

  it('CRD-3: the mask sent back leaves the stored value as it is', async () => {
    const before = await sealed();
    const { body } = await api.send('get', path);
    const { properties, credentials } = body;
    const response = await api.send('put', path, {
      properties: { ...properties, 'ips.application.id': 'x' },
      credentials,
    });
    expect(response.status).toBe(200);
    expect(await sealed()).toBe(before);
  });

  it('CRD-3: a mask for a credential that is not stored is refused', async () => {
    const response = await api.send('patch', path, { credentials: { 'initial.password': MASK } });
    expect(response.body).toMatchObject({ status: 422, errors: [{ pointer: '/credentials/initial.password' }] });
  });

  it.each(['Password', 'ldap.password', 'initial.password', 'ips.http.header.Authorization', 'X-ConsumerKey'])(
    'CRD-1: %s is stored as credential even when it is sent as a plain property',
    async (name) => {
      const response = await api.send('patch', path, { properties: { [name]: 'canary-7f3a' } });
      expect(response.body.credentials).toMatchObject({ [name]: MASK });
      const stored = JSON.stringify(await api.sql('select name, value from system_property where value is not null'));
      expect(stored).not.toContain('canary-7f3a');
    },
  );

  it('CRD-1: what an administrator declared a credential stays one', async () => {
    await api.send('patch', path, { credentials: { 'my.key': 'one' } });
    const response = await api.send('patch', path, { properties: { 'my.key': 'two' } });
    expect(response.body.credentials).toHaveProperty(['my.key'], MASK);
    expect(response.body.properties).not.toHaveProperty(['my.key']);
    const properties = { ...CONNECTION.properties, 'my.key': 'three' };
    const whole = await api.send('put', path, { properties, credentials: { Password: MASK } });
    expect(whole.body.credentials).toEqual({ Password: MASK, 'my.key': MASK });
  });

  it('a plain property becomes a credential when it is entered as one', async () => {
    await api.send('patch', path, { properties: { 'my.key': 'plain' } });
    const response = await api.send('patch', path, { credentials: { 'my.key': 'secret' } });
    expect(response.body.properties).not.toHaveProperty(['my.key']);
    expect(response.body.credentials).toHaveProperty(['my.key'], MASK);
  });

  it('a name that is given twice is refused', async () => {
    const body = { properties: { ...CONNECTION.properties, Password: 'a' }, credentials: { Password: 'b' } };
    expect((await api.send('put', path, body)).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/properties/Password' }],
    });
  });

  it('PRP-8: what a PUT does not name is removed, credentials too', async () => {
    const properties = { ...CONNECTION.properties, Authentication: 'NoAuthentication' };
    const response = await api.send('put', path, { properties });
    expect(response.body).toMatchObject({ properties, credentials: {} });
    expect(Object.keys(response.body.properties).sort()).toEqual(Object.keys(properties).sort());
  });
});

describe('changed places (SYS-18, CRD-4)', () => {
  const change = (properties: object, credentials: object = {}) => api.send('patch', path, { properties, credentials });

  it.each([
    ['URL', 'https://evil.example'],
    ['OAuth2TokenServiceURL', 'https://evil.example/token'],
    ['ldap.url', 'ldap://evil.example'],
    ['smtp.host', 'evil.example'],
  ])('SYS-18: changing %s demands every credential again', async (name, value) => {
    await api.send('patch', path, { credentials: { 'initial.password': 'x' } });
    const refused = await change({ [name]: value });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '/credentials/Password',
      '/credentials/initial.password',
    ]);
    const half = await change({ [name]: value }, { Password: 'again' });
    expect(half.body.errors).toEqual([expect.objectContaining({ pointer: '/credentials/initial.password' })]);
    const masked = await change({ [name]: value }, { Password: MASK, 'initial.password': 'again' });
    expect(masked.body.errors).toEqual([expect.objectContaining({ pointer: '/credentials/Password' })]);
    expect((await change({ [name]: value }, { Password: 'again', 'initial.password': 'again' })).status).toBe(200);
  });

  it('SYS-18: removing the credentials in the same save is as good', async () => {
    const response = await change(
      { URL: 'https://new.example', Authentication: 'NoAuthentication' },
      { Password: null },
    );
    expect(response.status).toBe(200);
    expect(response.body.credentials).toEqual({});
  });

  it('SYS-18: a URL cannot be moved in two steps, by removing it first', async () => {
    expect((await change({ URL: null })).status).toBe(422);
  });

  it('SYS-18: writing a default down or leaving it out again moves nothing, another network does', async () => {
    expect((await change({ ProxyType: null })).status).toBe(200);
    expect((await change({ ProxyType: 'Internet' })).status).toBe(200);
    expect((await change({ ProxyType: 'OnPremise' })).body.errors).toContainEqual(
      expect.objectContaining({ pointer: '/credentials/Password', message: expect.stringContaining('ProxyType') }),
    );
  });

  it('other properties do not demand them', async () => {
    expect((await change({ 'ips.application.id': 'x' })).status).toBe(200);
  });
});

describe('checks', () => {
  it.each([
    ['PRP-7', '/properties/TrustAll', { TrustAll: 'TRUE' }],
    ['PRP-2', '/properties/Authentication', { Authentication: 'basicAuthentication' }],
    ['RDM-3', '/properties/ips.delta.read', { 'ips.delta.read': 'on' }],
    ['RTY-2', '/properties/ips.failed.request.retry.attempts', { 'ips.failed.request.retry.attempts': '4' }],
  ])('%s: refuses and names %s, and saves nothing of the request', async (_rule, pointer, properties) => {
    const response = await api.send('patch', path, { properties: { ...properties, 'my.other': 'x' } });
    expect(response.body).toMatchObject({ status: 422, errors: [{ pointer }] });
    expect((await api.send('get', path)).body.properties).not.toHaveProperty(['my.other']);
  });

  it.each([
    ['/properties/x', { properties: { x: 1 } }],
    ['/properties/ x', { properties: { ' x': 'y' } }],
    ['/colour', { colour: 'red' }],
    ['/credentials/Password', { credentials: { Password: ['a'] } }],
  ])('names %s when its form is wrong', async (pointer, body) => {
    expect((await api.send('patch', path, body)).body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  it('PRP-6: any further property may be added for use as placeholder', async () => {
    const response = await api.send('patch', path, { properties: { 'my.company': 'Example' } });
    expect(response.body).toMatchObject({ properties: { 'my.company': 'Example' }, warnings: [] });
  });
});

describe('program numbers (engine.md §6)', () => {
  it('opening a run finds the number that saving gave: both compile with the same properties', async () => {
    const keyring = await loadKeyring(api.config.masterKeyFile, { create: false });
    const dataSource = createDataSource(api.database.url);
    await dataSource.initialize();
    try {
      await createTarget(api, 'CRM', 'all');
      const keys = await loadInstallationKeys(dataSource, keyring);
      const systems = await api.sql(`select no from system`);
      const numbers = systems.map((row) => ('no' in row ? Number(row.no) : 0));
      expect(numbers).toHaveLength(2);
      for (const no of numbers) {
        const system = await loadSystem(dataSource, no);
        const properties = {
          ...withDefaults(scimSystemFactory, system?.properties ?? {}),
          ...(await loadSecrets(dataSource, keyring, no)),
        };
        const direction = system?.role === 'source' ? 'read' : 'write';
        const compiled = compileTransformation(system?.transformation ?? {}, { direction, properties });
        if (!compiled.ok) throw new Error('the default transformation does not compile');
        const hash = fingerprintHash(compiled.program, keys.deriveKey('fingerprint'));
        const opened = await dataSource.transaction((manager) => ensureProgram(manager, no, hash));
        expect(opened).toEqual({ number: 1, changed: false });
      }
    } finally {
      await dataSource.destroy();
    }
  });

  it('a property that a write transformation uses raises the number and sweeps; one that it does not use changes nothing', async () => {
    const target = await createTarget(api, 'CRM', 'all');
    const document = {
      user: {
        mappings: [
          { sourcePath: '$', targetPath: '$' },
          { constant: '%my.company%', targetPath: '$.organization' },
        ],
      },
    };
    await api.send('patch', `/api/v1/systems/${target}/properties`, { properties: { 'my.company': 'A' } });
    expect(
      (await api.send('put', `/api/v1/systems/${target}/transformation`, { transformation: document })).status,
    ).toBe(200);
    const number = async () => {
      const rows = await api.sql(
        `select max(number) as number from program p join system s on s.no = p.system_no where s.name = 'CRM'`,
      );
      return rows[0];
    };
    const before = await number();
    await api.sql('delete from pair_sweep');
    await api.send('patch', `/api/v1/systems/${target}/properties`, { properties: { 'my.unused': 'x' } });
    expect(await number()).toEqual(before);
    expect(await api.sql('select from pair_sweep')).toHaveLength(0);
    await api.send('patch', `/api/v1/systems/${target}/properties`, { properties: { 'my.company': 'B' } });
    expect(await number()).not.toEqual(before);
    expect(await api.sql('select from pair_sweep')).toHaveLength(3);
  });
});

describe('content properties', () => {
  const FAILED = 'ips.trace.failed.entity.content';
  const CREATED = 'ips.trace.created.entity.content';
  const settings = (): Promise<Record<string, unknown>[]> =>
    api.sql('select name, version::text from content_switch order by name') as never;

  it('TRC-2: a request that names a content property sets it anew, one that does not leaves the setting as it is', async () => {
    const patch = (properties: Record<string, string | null>) => api.send('patch', path, { properties });
    await patch({ [FAILED]: 'true' });
    const first = await settings();
    expect(first).toEqual([{ name: FAILED, version: expect.anything() }]);
    await patch({ 'ips.trace.deleted.entity': 'true' });
    expect(await settings()).toEqual(first);
    await patch({ [CREATED]: 'true' });
    expect(await settings()).toEqual([{ name: CREATED, version: expect.anything() }, ...first]);
    await patch({ [CREATED]: null, [FAILED]: 'true' });
    const second = await settings();
    expect(second).toEqual([{ name: FAILED, version: expect.anything() }]);
    expect(second).not.toEqual(first);
    // All are named by a request that gives the whole set.
    const { properties, credentials } = (await api.send('get', path)).body;
    expect((await api.send('put', path, { properties, credentials })).status).toBe(200);
    expect(await settings()).toHaveLength(1);
    expect(await settings()).not.toEqual(second);
    await patch({ [FAILED]: 'false' });
    expect(await settings()).toEqual([]);
  });

  it('TRC-3, TRC-5: what has no effect is saved with a warning that names both sides', async () => {
    const { status, body } = await api.send('patch', path, { properties: { [CREATED]: 'true' } });
    expect([status, body.properties[CREATED], body.warnings]).toEqual([
      200,
      'true',
      [{ property: CREATED, message: `${CREATED} has no effect while ips.trace.created.entity is not true` }],
    ]);
    expect((await api.send('patch', path, { properties: { [CREATED]: 'yes' } })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: `/properties/${CREATED}` }],
    });
  });
});
