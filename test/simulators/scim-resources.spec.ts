import { afterEach, describe, expect, it } from '@jest/globals';
import { requestScim, resourcesOf } from '../support/scim-client.js';
import { startScimSimulator, type ScimSimulator, type ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from '../../simulators/scim/scim-model.js';

let sim: ScimSimulator;

async function start(options: ScimSimulatorOptions = {}): Promise<void> {
  sim = await startScimSimulator(options);
}

afterEach(() => sim.stop());

const PERSON = {
  schemas: [USER_SCHEMA],
  userName: 'zoe.meyer',
  displayName: 'Zoë Meyer',
  active: true,
  emails: [{ value: 'zoe.meyer@example.com', type: 'work', primary: true }],
};

describe('resources of the SCIM simulator', () => {
  it('RFC 7644 §3.3: POST answers 201 with id, meta and Location; what the server owns is not taken from the client', async () => {
    await start();
    const answer = await requestScim('POST', `${sim.url}/Users`, { ...PERSON, id: 'mine', meta: { created: 'never' } });
    expect(answer.status).toBe(201);
    expect(answer.json['id']).toBe('id-00000001');
    expect(answer.headers.get('location')).toBe(`${sim.url}/Users/id-00000001`);
    expect(answer.headers.get('content-type')).toContain('application/scim+json');
    const again = await requestScim('GET', `${sim.url}/Users/id-00000001`);
    expect(again.json).toEqual(answer.json);
    expect(again.json).toMatchObject({ ...PERSON, meta: { resourceType: 'User' } });
    expect(Date.parse((again.json['meta'] as { created: string }).created)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('RFC 7643 §4.1.1: userName is unique regardless of case, group displayName too', async () => {
    await start();
    await requestScim('POST', `${sim.url}/Users`, PERSON);
    const user = await requestScim('POST', `${sim.url}/Users`, { ...PERSON, userName: 'ZOE.Meyer' });
    expect([user.status, user.json['scimType']]).toEqual([409, 'uniqueness']);
    await requestScim('POST', `${sim.url}/Groups`, { displayName: 'Sales' });
    expect((await requestScim('POST', `${sim.url}/Groups`, { displayName: 'sales' })).status).toBe(409);
    expect(sim.store.size('User')).toBe(1);
    expect(sim.journal.since(0).map((record) => record.applied)).toEqual([true, false, true, false]);
  });

  it('a renamed entity frees its old name and takes the new one', async () => {
    await start();
    const id = sim.store.add('User', PERSON);
    await requestScim('PUT', `${sim.url}/Users/${id}`, { ...PERSON, userName: 'zoe.berg' });
    expect((await requestScim('POST', `${sim.url}/Users`, PERSON)).status).toBe(201);
    expect((await requestScim('POST', `${sim.url}/Users`, { ...PERSON, userName: 'zoe.berg' })).status).toBe(409);
  });

  it('RFC 7644 §3.5.1: PUT clears what is absent, unless the dialect keeps it', async () => {
    await start();
    const id = sim.store.add('User', PERSON);
    await requestScim('PUT', `${sim.url}/Users/${id}`, { userName: 'zoe.meyer' });
    expect(sim.store.get('User', id)).not.toHaveProperty('emails');
    await sim.stop();
    await start({ dialect: 'put-keeps-absent' });
    const kept = sim.store.add('User', PERSON);
    await requestScim('PUT', `${sim.url}/Users/${kept}`, { userName: 'zoe.meyer', title: 'Expert' });
    expect(sim.store.get('User', kept)).toMatchObject({ title: 'Expert', emails: PERSON.emails });
  });

  it('DELETE answers 204, takes the user out of groups, and 404 the second time', async () => {
    await start();
    const id = sim.store.add('User', PERSON);
    const group = sim.store.add('Group', { displayName: 'Sales', members: [{ value: id }] });
    expect((await requestScim('DELETE', `${sim.url}/Users/${id}`)).status).toBe(204);
    expect((await requestScim('DELETE', `${sim.url}/Users/${id}`)).status).toBe(404);
    expect((await requestScim('GET', `${sim.url}/Groups/${group}`)).json).not.toHaveProperty('members');
  });

  it('a group with an unknown member is refused and nothing is created', async () => {
    await start();
    const answer = await requestScim('POST', `${sim.url}/Groups`, {
      displayName: 'Sales',
      members: [{ value: 'nobody' }],
    });
    expect([answer.status, answer.json['scimType']]).toEqual([400, 'invalidValue']);
    expect(sim.store.size('Group')).toBe(0);
  });

  it('RFC 7644 §3.9: attributes and excludedAttributes, also of extensions', async () => {
    await start();
    const id = sim.store.add('User', { ...PERSON, [ENTERPRISE_SCHEMA]: { department: 'Sales', costCenter: '1' } });
    const some = await requestScim(
      'GET',
      `${sim.url}/Users/${id}?attributes=username,emails.value,${ENTERPRISE_SCHEMA}:department`,
    );
    expect(some.json).toEqual({
      schemas: [USER_SCHEMA],
      id,
      userName: 'zoe.meyer',
      emails: [{ value: 'zoe.meyer@example.com' }],
      [ENTERPRISE_SCHEMA]: { department: 'Sales' },
    });
    const rest = await requestScim('GET', `${sim.url}/Users?excludedAttributes=emails,id,meta.location`);
    expect(resourcesOf(rest)[0]).not.toHaveProperty('emails');
    expect(resourcesOf(rest)[0]).toHaveProperty('id', id);
    expect(resourcesOf(rest)[0]?.['meta']).not.toHaveProperty('location');
  });

  it('RFC 7644 §3.14: entity tags are checked where the dialect has them', async () => {
    await start({ dialect: 'etags-required' });
    const id = sim.store.add('User', PERSON);
    const url = `${sim.url}/Users/${id}`;
    const tag = (await requestScim('GET', url)).headers.get('etag') ?? '';
    expect((await requestScim('PUT', url, PERSON)).status).toBe(428);
    expect((await requestScim('PUT', url, PERSON, { 'if-match': 'W/"99"' })).status).toBe(412);
    expect((await requestScim('PUT', url, PERSON, { 'if-match': tag })).status).toBe(200);
    expect((await requestScim('PUT', url, PERSON, { 'if-match': tag })).status).toBe(412);
    expect((await requestScim('DELETE', url, undefined, { 'if-match': '*' })).status).toBe(204);
  });

  it('answers 400 to a body that is no JSON object, 404 outside, 405 for a wrong method, 415 for a wrong type', async () => {
    await start({ dialect: 'json-only' });
    const json = { 'content-type': 'application/json' };
    expect((await requestScim('POST', `${sim.url}/Users`, [], json)).json['scimType']).toBe('invalidSyntax');
    expect((await requestScim('GET', `${sim.url}/People`)).status).toBe(404);
    expect((await requestScim('GET', `http://127.0.0.1:${sim.port}/other/Users`)).status).toBe(404);
    expect((await requestScim('PUT', `${sim.url}/Users`, {}, json)).status).toBe(405);
    expect((await requestScim('POST', `${sim.url}/Users`, PERSON)).status).toBe(415);
    expect((await requestScim('POST', `${sim.url}/Users`, {}, json)).json['scimType']).toBe('invalidValue');
  });

  it('"__proto__" in a body changes no prototype', async () => {
    await start();
    await fetch(`${sim.url}/Users`, {
      method: 'POST',
      headers: { 'content-type': 'application/scim+json' },
      body: '{"userName":"a","__proto__":{"polluted":true},"name":{"__proto__":{"polluted":true}}}',
    });
    expect(sim.store.size('User')).toBe(1);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('authentication', () => {
  it('basic and bearer: 401 without the right header, and nothing is applied', async () => {
    await start({ auth: { kind: 'basic', user: 'muster', password: 'secret' } });
    expect((await requestScim('POST', `${sim.url}/Users`, PERSON)).status).toBe(401);
    const header = { authorization: `Basic ${Buffer.from('muster:secret').toString('base64')}` };
    expect((await requestScim('POST', `${sim.url}/Users`, PERSON, header)).status).toBe(201);
    await sim.stop();
    await start({ auth: { kind: 'bearer', token: 't' } });
    expect((await requestScim('GET', `${sim.url}/Users`, undefined, { authorization: 'Bearer x' })).status).toBe(401);
    expect((await requestScim('GET', `${sim.url}/Users`, undefined, { authorization: 'Bearer t' })).status).toBe(200);
  });

  it('CONN-SCIM-03, CONN-SCIM-06: OAuth client credentials in header or body; expired tokens are 401', async () => {
    await start({ auth: { kind: 'oauth', clientId: 'id', clientSecret: 'secret', expiresInSeconds: 60 } });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const ask = async (body: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(sim.tokenUrl, { method: 'POST', body, headers: { ...form, ...headers } });
    expect((await ask('grant_type=client_credentials&client_id=id&client_secret=wrong')).status).toBe(401);
    const inBody = (await (
      await ask('grant_type=client_credentials&client_id=id&client_secret=secret')
    ).json()) as Record<string, unknown>;
    expect(inBody).toMatchObject({ token_type: 'Bearer', expires_in: 60 });
    const basic = { authorization: `Basic ${Buffer.from('id:secret').toString('base64')}` };
    expect((await ask('grant_type=client_credentials', basic)).status).toBe(200);
    const bearer = { authorization: `Bearer ${String(inBody['access_token'])}` };
    expect((await requestScim('GET', `${sim.url}/Users`, undefined, bearer)).status).toBe(200);
    sim.expireTokens();
    expect((await requestScim('GET', `${sim.url}/Users`, undefined, bearer)).status).toBe(401);
    expect(sim.statistics().tokensIssued).toBe(2);
  });
});
