import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { CONNECTION } from './support/fixtures.js';

const TYPE = 'SAP BTP XS Advanced UAA (Cloud Foundry)';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function create(
  name: string,
  role: 'source' | 'target',
  properties: Readonly<Record<string, string>>,
): ReturnType<TestApi['send']> {
  const { properties: connection, ...rest } = CONNECTION;
  const sources = role === 'target' ? { sources: { selection: 'all' } } : {};
  const all = { ...connection, ...properties };
  return api.send('post', '/api/v1/systems', { role, type: TYPE, name, properties: all, ...rest, ...sources });
}

const SEVERAL = { 'xsuaa.origin': 'idp1;idp2', 'xsuaa.user.unique.attribute': 'userName,origin' };

describe('origins of users (PRP-172)', () => {
  it('LNK-3, PRP-172: several origins need users that are unique by name and origin', async () => {
    const refused = await create('By name', 'target', { ...SEVERAL, 'xsuaa.user.unique.attribute': 'userName' });
    expect(refused.body).toMatchObject({
      status: 422,
      errors: [
        {
          pointer: '/properties/xsuaa.user.unique.attribute',
          message:
            'xsuaa.origin names several, so that users are unique by userName and origin; set it to userName,origin',
        },
      ],
    });
    expect((await create('By both', 'target', SEVERAL)).status).toBe(201);
  });

  it('PRP-173: a filter by origins without an origin is refused', async () => {
    const refused = await create('Filter', 'source', { 'xsuaa.origin.filter.enabled': 'true' });
    expect(refused.body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/properties/xsuaa.origin.filter.enabled' }],
    });
  });

  it('RST-4, LNK-3: while users are linked several origins stay as they are, in whatever order; after a reset they can be changed', async () => {
    const { body } = await create('Linked', 'target', SEVERAL);
    const path = `/api/v1/systems/${String(body.id)}/properties`;
    await api.sql(
      `insert into link (target_id, entity_no, type, state, target_key, origin, part)
       select no, 1, 1, 1, 't1', 1, 'idp1' from system where id = '${String(body.id)}'`,
    );
    const change = (origins: string): ReturnType<TestApi['send']> =>
      api.send('patch', path, { properties: { 'xsuaa.origin': origins } });
    for (const origins of ['idp1', 'idp1;idp3', 'idp1;idp2;idp3']) {
      expect((await change(origins)).body).toMatchObject({
        status: 422,
        errors: [
          {
            pointer: '/properties/xsuaa.origin',
            message: `xsuaa.origin cannot be changed from idp1;idp2 to ${origins} while users are linked: reset the target system first`,
          },
        ],
      });
    }
    expect((await change('idp2;idp1')).status).toBe(200);
    await api.sql('delete from link');
    expect((await change('idp3')).status).toBe(200);
  });
});
