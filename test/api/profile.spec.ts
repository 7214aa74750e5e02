import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createTarget } from './support/fixtures.js';

let api: TestApi;
let simulator: ScimSimulator;
let id = '';
beforeAll(async () => {
  api = await startTestApi();
  simulator = await startScimSimulator({ dialect: 'put-keeps-absent' });
});
afterAll(async () => {
  await api.stop();
  await simulator.stop();
});
beforeEach(async () => {
  await api.sql('truncate system, run cascade');
  id = await createTarget(api, 'CRM', 'all');
});

const path = (rest: string): string => `/api/v1/systems/${id}/${rest}`;

async function connect(properties: Record<string, string>): Promise<void> {
  const changes = {
    properties: { Authentication: 'NoAuthentication', User: null, ...properties },
    credentials: { Password: null },
  };
  expect((await api.send('patch', path('properties'), changes)).status).toBe(200);
}

describe('the profile of a system', () => {
  it('CONN-PRESET-04: is that of its type until something is said; differences are stored and shown', async () => {
    const before = await api.send('get', path('profile'));
    expect(before.body).toMatchObject({ differences: {}, inForce: { filter: 'full', members: { mixed: true } } });
    const differences = { filter: 'eq-only', members: { mixed: false } };
    const saved = await api.send('put', path('profile'), differences);
    expect(saved.body).toMatchObject({ differences, inForce: { filter: 'eq-only', members: { mixed: false } } });
    expect((await api.send('get', path('profile'))).body).toEqual(saved.body);
    const { body } = await api.send('get', path('properties'));
    expect(JSON.parse(body.properties['scim.profile'])).toEqual(differences);
    expect((await api.send('put', path('profile'), {})).body).toEqual(before.body);
  });

  it.each([
    [{ filter: 'some' }, '/filter'],
    [{ members: { removalsPerRequest: 0 } }, '/members/removalsPerRequest'],
    [{ nonsense: 1 }, ''],
  ])('a wrong value is refused with its place: %j', async (differences, pointer) => {
    const { body } = await api.send('put', path('profile'), differences);
    expect(body).toMatchObject({ type: 'urn:muster:problem:invalid-properties', errors: [{ pointer }] });
    expect((await api.send('get', path('profile'))).body.differences).toEqual({});
  });

  it('PRP-7: a broken text in the property itself is refused when it is saved', async () => {
    const changes = { properties: { 'scim.profile': '{"filter":"some"}' }, credentials: {} };
    const { body } = await api.send('patch', path('properties'), changes);
    expect(body).toMatchObject({ status: 422, errors: [{ pointer: '/properties/scim.profile' }] });
  });
});

describe('POST /systems/{id}/probe', () => {
  it('finds what differs and suggests a profile that can be saved; nothing stays in the back end', async () => {
    await connect({ URL: simulator.url });
    const { status, body } = await api.send('post', path('probe'), { write: true });
    expect(status).toBe(200);
    expect(body.findings).toContainEqual(
      expect.objectContaining({ name: 'PUT: what is absent', verdict: 'differs', found: 'stays, unless null is sent' }),
    );
    expect(body).toMatchObject({ suggestedProfile: { putAbsent: 'keeps' }, leftBehind: [] });
    expect((await api.send('put', path('profile'), body.suggestedProfile)).status).toBe(200);
    expect(simulator.statistics()).toMatchObject({ users: 0, groups: 0 });
  });

  it('writes nothing unless it is asked to', async () => {
    await connect({ URL: simulator.url });
    const before = simulator.journal.writesSince(0).length;
    expect((await api.send('post', path('probe'), {})).status).toBe(200);
    expect(simulator.journal.writesSince(0)).toHaveLength(before);
  });

  it('a back end that is away is 502, with the reason', async () => {
    await connect({ URL: 'http://127.0.0.1:1' });
    const { body } = await api.send('post', path('probe'), {});
    expect(body).toMatchObject({ status: 502, type: 'urn:muster:problem:back-end-failed' });
    expect(body.detail).not.toBe('');
  });

  it('an unknown system is 404', async () => {
    id = '00000000-0000-4000-8000-000000000000';
    for (const [method, rest] of [
      ['get', 'profile'],
      ['post', 'probe'],
    ] as const)
      expect((await api.send(method, path(rest), method === 'post' ? {} : undefined)).status).toBe(404);
  });
});
