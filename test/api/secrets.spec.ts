import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { operations } from './support/openapi.js';

/** Marks that occur nowhere by accident. */
const CANARY = 'canary-5d2f9c';
const secrets = {
  Password: `${CANARY}-password`,
  'initial.password': `${CANARY}-initial`,
  'ips.http.header.authorization': `Bearer ${CANARY}-header`,
};

let api: TestApi;
const answers: string[] = [];

beforeAll(async () => {
  api = await startTestApi({ launcher: new FakeLauncher() });
});
afterAll(() => api.stop());

describe('CRD-2: a credential never comes back', () => {
  it('in no answer of any route, right or wrong', async () => {
    const keep = async (...call: Parameters<TestApi['send']>) => {
      const response = await api.send(...call);
      answers.push(`${response.text} ${JSON.stringify(response.headers)}`);
      return response;
    };
    const connection = { properties: { URL: 'http://127.0.0.1:1', User: 'svc' }, credentials: secrets };
    const hr = await keep('post', '/api/v1/systems', {
      role: 'source',
      type: 'SCIM System',
      name: 'HR',
      ...connection,
    });
    await keep('post', '/api/v1/systems', {
      role: 'target',
      type: 'SCIM System',
      name: 'CRM',
      sources: { selection: 'all' },
      ...connection,
    });
    const system = `/api/v1/systems/${hr.body.id}`;
    const job = await keep('post', `${system}/jobs`, { type: 'READ' });
    expect(job.status).toBe(201);

    // Refused requests are the ones that like to repeat what they were sent.
    await keep('put', `${system}/properties`, { properties: { URL: 'nowhere' }, credentials: secrets });
    await keep('patch', `${system}/properties`, { properties: { TrustAll: 'x' }, credentials: secrets });
    await keep('patch', `${system}/properties`, { credentials: { Password: { deep: `${CANARY}` } } });
    await keep('patch', `${system}/properties`, { properties: { Password: secrets.Password, Type: 'FTP' } });
    await keep('put', `${system}/transformation`, {
      transformation: { user: { mappings: [{ constant: '%Password%', targetPath: '$.[' }] } },
    });
    await keep('post', `${system}/transformation/check`, {
      transformation: {
        user: {
          mappings: [{ constant: '%Password%', targetVariable: 'entityIdSourceSystem', functions: [{ type: 'nope' }] }],
        },
      },
    });
    await keep('post', `${system}/test-connection`);

    for (const operation of await operations(api)) {
      if (operation.method !== 'get' || operation.name.endsWith('/events')) continue;
      const filled = operation.name
        .replace('GET ', '')
        .replace('{systemId}', hr.body.id)
        .replace('{jobId}', job.body.id);
      await keep('get', filled.replace('{version}', '1').replace('{typeName}', 'SCIM%20System'));
    }
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((answer) => answer.includes(CANARY))).toEqual([]);
  });

  it('in no line of the log', () => {
    expect(api.logged()).toContain('"status":422');
    expect(api.logged()).not.toContain(CANARY);
  });

  it('in clear in no table of the database', async () => {
    const tables = await api.sql(`select tablename as name from pg_tables where schemaname = 'public'`);
    for (const table of tables) {
      const name = 'name' in table ? String(table.name) : '';
      const rows = await api.sql(
        `select t::text as text, encode(convert_to(t::text, 'UTF8'), 'escape') as bytes from "${name}" t`,
      );
      expect([name, JSON.stringify(rows).includes(CANARY)]).toEqual([name, false]);
      // bytea is shown in hexadecimal digits.
      expect([name, JSON.stringify(rows).includes(Buffer.from(CANARY).toString('hex'))]).toEqual([name, false]);
    }
    expect(tables.length).toBeGreaterThan(20);
  });

  it('and is there for the connector: the sealed value opens with the master key', async () => {
    const { loadKeyring } = await import('../../runtime/secrets.js');
    const { loadSecrets } = await import('../../state/config/index.js');
    const keyring = await loadKeyring(api.config.masterKeyFile, { create: false });
    const loaded = await loadSecrets({ query: (text, params) => api.sql(text, params) }, keyring, 1);
    expect(loaded).toEqual(secrets);
    expect(await readFile(api.config.masterKeyFile, 'utf8')).not.toContain(CANARY);
  });
});
