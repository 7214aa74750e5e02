import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { operations } from './support/openapi.js';
import type { Operation } from './support/openapi.js';

let api: TestApi;
let all: Operation[];

beforeAll(async () => {
  api = await startTestApi();
  all = await operations(api);
});
afterAll(() => api.stop());

/** What may be called without a token: issuing one, and health. */
const PUBLIC = ['POST /api/v1/auth/tokens', 'GET /api/v1/health/live', 'GET /api/v1/health/ready'];

const without = (operation: Operation) => request(api.running.url)[operation.method](operation.samplePath);

describe('default deny', () => {
  it('knows every route of the issue', () => {
    expect(all.length).toBeGreaterThanOrEqual(28);
  });

  it('answers 401 with a problem on every route but the public ones', async () => {
    const open: string[] = [];
    for (const operation of all) {
      const response = await without(operation);
      if (response.status !== 401) open.push(operation.name);
      else expect(response.body).toMatchObject({ type: 'urn:muster:problem:unauthorized', status: 401 });
    }
    expect(open.sort()).toEqual([...PUBLIC.filter((name) => !name.startsWith('POST'))].sort());
  });

  it.each(['/api/v1/nothing', '/api/v1/systems/1/2/3', '/api/v1'])(
    'does not tell without a token that %s is unknown',
    async (path) => {
      expect((await request(api.running.url).get(path)).status).toBe(401);
      expect((await api.send('get', path)).status).toBe(404);
    },
  );

  it.each([
    ['nothing', ''],
    ['another scheme', 'Token abc'],
    ['a token nobody issued', `Bearer mst_${'A'.repeat(43)}`],
    ['an empty token', 'Bearer '],
    ['Basic', `Basic ${Buffer.from('admin:x').toString('base64')}`],
  ])('refuses %s as authorization', async (_name, header) => {
    const response = await request(api.running.url).get('/api/v1/systems').set('Authorization', header);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="muster"');
  });
});

describe('tokens', () => {
  const login = (body: object) => request(api.running.url).post('/api/v1/auth/tokens').send(body);
  const password = () => api.running.bootstrapPassword ?? '';

  it('are issued for HTTP Basic as well', async () => {
    const response = await request(api.running.url).post('/api/v1/auth/tokens').auth('admin', password());
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      user: 'admin',
      tokenType: 'Bearer',
      token: expect.stringMatching(/^mst_.{43}$/),
    });
  });

  it('are listed without the token itself and end at once when revoked', async () => {
    const made = (await login({ user: 'admin', password: password(), description: 'for a script' })).body;
    const use = () => request(api.running.url).get('/api/v1/systems').set('Authorization', `Bearer ${made.token}`);
    expect((await use()).status).toBe(200);
    const list = await api.send('get', '/api/v1/auth/tokens');
    expect(list.body.items).toContainEqual(expect.objectContaining({ id: made.id, description: 'for a script' }));
    expect(list.text).not.toContain(made.token);
    expect((await api.send('delete', `/api/v1/auth/tokens/${made.id}`)).status).toBe(204);
    expect((await use()).status).toBe(401);
    expect((await api.send('delete', `/api/v1/auth/tokens/${made.id}`)).status).toBe(404);
  });

  it('end when they expire', async () => {
    const made = (await login({ user: 'admin', password: password(), expiresInSeconds: 60 })).body;
    expect(Date.parse(made.expiresAt) - Date.parse(made.createdAt)).toBeLessThanOrEqual(61_000);
    await api.sql(`update api_token set expires_at = now() where id = '${made.id}'`);
    const response = await request(api.running.url).get('/api/v1/systems').set('Authorization', `Bearer ${made.token}`);
    expect(response.status).toBe(401);
  });

  it.each([
    ['/expiresInSeconds', { user: 'admin', password: 'x', expiresInSeconds: 5 }],
    ['/expiresInSeconds', { user: 'admin', password: 'x', expiresInSeconds: 90 * 86_400 + 1 }],
    ['/password', { user: 'admin' }],
    ['/role', { user: 'admin', password: 'x', role: 'admin' }],
  ])('names %s when it is wrong', async (pointer, body) => {
    const response = await login(body);
    expect(response.status).toBe(400);
    expect(response.body.errors).toEqual([expect.objectContaining({ pointer })]);
  });

  it('store neither passwords nor tokens in clear', async () => {
    const stored = JSON.stringify(await api.sql('select * from admin_user, api_token'));
    expect(stored).toContain('scrypt$15$');
    expect(stored).not.toContain(password());
    expect(stored).not.toContain(api.token);
  });

  it('a second start of the installation makes no second administrator and prints no password', async () => {
    const again = await api.startAgain();
    expect(again.bootstrapPassword).toBeUndefined();
    await again.stop();
    expect(await api.sql('select name from admin_user')).toEqual([{ name: 'admin' }]);
  });

  // The last one: from here on this address is locked out.
  it('ten wrong passwords from one address lock further attempts out, right ones too, and say for how long', async () => {
    const wrong = { user: 'admin', password: 'wrong' };
    const unknown = { user: 'nobody', password: 'wrong' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => login(index % 2 === 0 ? wrong : unknown)),
    );
    const bodies = new Set(answers.map(({ body: { requestId: _requestId, ...body } }) => JSON.stringify(body)));
    expect(bodies.size).toBe(1);
    expect(answers.every(({ status }) => status === 401)).toBe(true);
    const locked = await login({ user: 'admin', password: password() });
    expect(locked.status).toBe(429);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
  });
});
