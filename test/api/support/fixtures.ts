import type { Response } from 'supertest';
import type { TestApi } from './api-server.js';

/** Forty stars: what a stored credential looks like (CRD-3). */
export const MASK = '*'.repeat(40);

/** Connection of a SCIM system with a password. */
export const CONNECTION = {
  properties: { URL: 'https://hr.example/scim', User: 'svc' },
  credentials: { Password: 'correct horse' },
};

/** Creates a source and returns its id; fails the test when it is refused. */
export async function createSource(api: TestApi, name: string): Promise<string> {
  return idOf(await api.send('post', '/api/v1/systems', { role: 'source', type: 'SCIM System', name, ...CONNECTION }));
}

/** Creates a target fed by these sources, or by all. */
export async function createTarget(api: TestApi, name: string, sourceIds: string[] | 'all'): Promise<string> {
  const sources = sourceIds === 'all' ? { selection: 'all' } : { selection: 'list', sourceIds };
  const body = { role: 'target', type: 'SCIM System', name, sources, ...CONNECTION };
  return idOf(await api.send('post', '/api/v1/systems', body));
}

function idOf(response: Response): string {
  if (response.status !== 201) throw new Error(`not created: ${response.status} ${response.text}`);
  const body: unknown = response.body;
  if (typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string') return body.id;
  throw new Error('the answer has no id');
}
