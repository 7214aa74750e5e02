import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { PROBLEM_TYPES } from '../../api/common/problem.js';
import { toProblem } from '../../api/common/translate-error.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';

const SYSTEM = '00000000-0000-4000-8000-000000000000';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const post = (path = '/api/v1/systems') =>
  request(api.running.url).post(path).set('Authorization', `Bearer ${api.token}`);

describe('bodies', () => {
  it('a body that is not JSON is told as such', async () => {
    const response = await post().set('Content-Type', 'application/json').send('{"name": ');
    expect(response.body).toMatchObject({
      status: 400,
      type: 'urn:muster:problem:malformed-json',
      errors: [{ pointer: '' }],
    });
  });

  it('an address that cannot be decoded is told as such', async () => {
    const response = await api.send('get', '/api/v1/system-types/%');
    expect(response.body).toMatchObject({ status: 400, type: 'urn:muster:problem:invalid-request' });
  });

  it('a body of another type is refused, not ignored', async () => {
    const response = await post().set('Content-Type', 'application/x-www-form-urlencoded').send('role=source');
    expect(response.body).toMatchObject({ status: 415, type: 'urn:muster:problem:unsupported-media-type' });
  });

  it('OWASP API4: a body above 1 MB is refused', async () => {
    const response = await post().send({ name: 'x'.repeat(1_100_000) });
    expect(response.body).toMatchObject({ status: 413, type: 'urn:muster:problem:body-too-large' });
  });

  it('a missing body names what is expected', async () => {
    expect((await post()).body).toMatchObject({ status: 400, errors: [{ pointer: '' }] });
  });

  it('a NUL character is refused where it stands', async () => {
    const response = await post().send({ role: 'source', description: 'a\0b' });
    expect(response.body).toMatchObject({ status: 400, errors: [{ pointer: '/description' }] });
    const query = await api.send('get', '/api/v1/systems?search=%00');
    expect(query.body).toMatchObject({ status: 400, errors: [{ parameter: 'search' }] });
  });

  it.each([
    [
      'a document nested 100,000 levels deep',
      `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      'nested more than 64',
    ],
    ['a list nested 100,000 levels deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'nested more than 64'],
    ['a key that reaches for the prototype', '{"__proto__":{"polluted":"yes"}}', 'not allowed'],
  ])('%s is refused and harms nothing', async (_name, text, message) => {
    const response = await request(api.running.url)
      .put('/api/v1/systems/00000000-0000-4000-8000-000000000000/transformation')
      .set('Authorization', `Bearer ${api.token}`)
      .set('Content-Type', 'application/json')
      .send(`{"transformation":{"user":${text}}}`);
    expect(response.body).toMatchObject({ status: 400, type: 'urn:muster:problem:invalid-request' });
    expect(response.body.errors).toEqual([
      { pointer: expect.stringMatching(/^\/transformation\/user/), message: expect.stringContaining(message) },
    ]);
    expect(response.text.length).toBeLessThan(5_000);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each([
    ['/systems', { role: 'sauce' }, '/role', 'must be one of source, target'],
    ['/systems', { role: 'source', type: 'SCIM System' }, '/name', 'is missing: must be a text'],
    ['/systems', { role: 'source', type: '', name: 'HR' }, '/type', 'must be a text of at least 1 characters'],
    ['/systems', { role: 'target', type: 'SCIM System', name: 'T' }, '/sources', 'is missing: must be an object'],
    [`/systems/${SYSTEM}/jobs`, { type: 'Read' }, '/type', 'must be one of READ, RESYNC, SIMULATE, VALIDATE'],
    [`/systems/${SYSTEM}/jobs`, { type: 'READ', plan: 'yes' }, '/plan', 'must be true or false'],
    ['/systems', [], '', 'must be an object'],
    ['/systems', undefined, '', 'send a body as JSON'],
  ])('POST %s with %j: %s %s', async (path, body, pointer, message) => {
    const response = await post(`/api/v1${path}`).send(body);
    expect(response.status).toBe(400);
    expect(response.body.errors).toContainEqual({ pointer, message });
  });

  it.each([
    [{ interval: { everyMinutes: 5 } }, '/interval/everyMinutes', 'must be at least 30'],
    [{ interval: { everyMinutes: '60' } }, '/interval/everyMinutes', 'must be a number'],
    [
      { weekly: { days: ['MONDAY'], time: '02:30', zone: 'Europe/Berlin' } },
      '/weekly/days/0',
      'must be one of MON, TUE, WED, THU, FRI, SAT, SUN',
    ],
    [
      { weekly: { days: [], time: '02:30', zone: 'Europe/Berlin' } },
      '/weekly/days',
      'must be a list of at least 1 entries',
    ],
  ])('a schedule %j: %s %s', async (body, pointer, message) => {
    const response = await api.send('put', `/api/v1/systems/${SYSTEM}/schedule`, body);
    expect(response.body).toMatchObject({ status: 400, errors: [{ pointer, message }] });
  });

  it('a thousand unknown keys give a short answer', async () => {
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${index}`, 1]));
    const response = await post('/api/v1/auth/tokens').send(keys);
    expect(response.status).toBe(400);
    expect(response.body.errors.length).toBeLessThanOrEqual(50);
  });
});

describe('responses', () => {
  it.each(['/', '/api', '/systems', '/api/docs/nothing'])('%s is unknown in the form of all errors', async (path) => {
    const response = await request(api.running.url).get(path);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body).toMatchObject({ status: 404, type: 'urn:muster:problem:not-found' });
    expect(response.body.requestId).toBe(response.headers['x-request-id']);
  });

  it('every error carries the request id that the header and the log have', async () => {
    const response = await api.send('get', '/api/v1/nothing');
    expect(response.body.requestId).toBe(response.headers['x-request-id']);
    expect(api.logged()).toContain(response.body.requestId);
  });

  it("takes the caller's request id if it is harmless, and only then", async () => {
    const ask = (id: string) => request(api.running.url).get('/api/v1/health/live').set('X-Request-Id', id);
    expect((await ask('abc-1.2_3')).headers['x-request-id']).toBe('abc-1.2_3');
    expect((await ask('a b')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('OWASP API8: has safe headers and does not say what it is built with', async () => {
    const { headers } = await api.send('get', '/api/v1/systems');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('OWASP API8: an unexpected error tells nothing of itself, the log all of it', async () => {
    await api.sql('alter table api_token rename column user_name to user_name_gone');
    try {
      const response = await api.send('get', '/api/v1/systems');
      expect(response.body).toMatchObject({ status: 500, type: 'urn:muster:problem:internal' });
      expect(response.text).not.toContain('user_name');
      expect(response.text).not.toContain('.ts:');
      expect(api.logged()).toContain('user_name');
    } finally {
      await api.sql('alter table api_token rename column user_name_gone to user_name');
    }
  });

  it.each([
    [{ code: 'ECONNREFUSED' }, 'unavailable'],
    [{ code: '57P01' }, 'unavailable'],
    [{ code: '08006' }, 'unavailable'],
    [{ code: '53300' }, 'unavailable'],
    [new Error('Connection terminated unexpectedly'), 'unavailable'],
    [{ code: '23505' }, 'internal'],
    [new Error('anything'), 'internal'],
    ['a text', 'internal'],
  ])('%j becomes the problem %s', (error, problem) => {
    expect(toProblem(error).problem).toBe(problem);
  });
});

describe('docs/errors.md', () => {
  it('tells of every problem of the API, and of none that does not exist', async () => {
    const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    const told = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, name, status]) => [
      name,
      Number(status),
    ]);
    const built = Object.entries(PROBLEM_TYPES).map(([name, [status]]) => [name, status]);
    expect(told.sort()).toEqual(built.sort());
  });
});
