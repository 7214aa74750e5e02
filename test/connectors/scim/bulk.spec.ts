import { describe, expect, it } from '@jest/globals';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type Responder, type TestServer } from '../support/http-server.js';
import { closedAfterEach, errorOf, openScim, person } from '../support/scim.js';

const closing = closedAfterEach();

type Opened = ReturnType<typeof openScim>;

const BULK = { 'scim.support.bulk.operation': 'true', 'scim.discovery': 'auto' };

async function simulated(
  server: ScimSimulatorOptions = {},
  properties: Readonly<Record<string, string>> = {},
): Promise<{ simulator: ScimSimulator; connector: Opened }> {
  const simulator = await startScimSimulator({ dialect: 'bulk', ...server });
  const connector = openScim(simulator.url, { properties: { ...BULK, ...properties } });
  closing(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

async function served(responder: Responder): Promise<{ server: TestServer; connector: Opened }> {
  const server = await startServer(responder);
  const connector = openScim(server.url, { properties: { ...BULK, 'scim.discovery': 'off' } });
  closing(
    () => server.stop(),
    () => connector.close(),
  );
  return { server, connector };
}

const create = (connector: Opened, from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => connector.create('user', person(from + n), {}));

const envelopes = (simulator: ScimSimulator): number =>
  simulator.journal.since(0).filter(({ operation }) => operation === 'bulk').length;

/** Requests that were no part of a bulk request. */
const pathsOf = (server: TestServer): string[] => server.requests.map(({ method, url }) => `${method} ${url}`);

describe('bulk requests', () => {
  it('WRT-3, CONN-SCIM-80: creates, updates and deletes that are made together are sent together', async () => {
    const { simulator, connector } = await simulated({ users: [person(1, { id: 'a' }), person(2, { id: 'b' })] });
    const results = await Promise.all([
      ...create(connector, 3, 5),
      connector.update('user', 'a', { mode: 'replace', body: person(1, { title: 'x' }) }, {}),
      connector.update('user', 'b', { mode: 'patch', before: person(2), body: person(2, { title: 'y' }) }, {}),
      connector.delete('user', 'nobody', {}),
    ]);
    expect(results.map(({ applied }) => applied)).toEqual([
      'created',
      'created',
      'updated',
      'updated',
      'already-absent',
    ]);
    expect(envelopes(simulator)).toBe(1);
    expect(simulator.store.snapshot().users.map((user) => user['title'])).toEqual(['x', 'y', undefined, undefined]);
    expect(results[0]?.id).toBe(simulator.store.snapshot().users[2]?.['id']);
  });

  it('WRT-3, CONN-SCIM-83: the result of each operation is its own', async () => {
    const { simulator, connector } = await simulated({ users: [person(2)] });
    const calls = create(connector, 1, 4);
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await errorOf(calls[1] ?? Promise.resolve())).toMatchObject({ kind: 'conflict', outcome: 'not-applied' });
    expect(envelopes(simulator)).toBe(1);
  });

  it('WRT-3, scim.md §15: of a hundred operations three fail: 97 are applied, three are told', async () => {
    const taken = [person(11), person(50), person(99)];
    const properties = { 'scim.bulk.operations.max.count': '100' };
    const { simulator, connector } = await simulated(
      { users: taken, dialectChanges: { bulkOperations: 100 } },
      properties,
    );
    const ends = await Promise.allSettled(create(connector, 0, 100));
    const failed = ends.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
    expect([failed, envelopes(simulator), simulator.store.size('User')]).toEqual([[11, 50, 99], 1, 100]);
  });

  it('WRT-3, CONN-SCIM-81: no request has more operations than the property and the server allow', async () => {
    const { simulator, connector } = await simulated({}, { 'scim.bulk.operations.max.count': '8' });
    await Promise.all(create(connector, 0, 20));
    expect(envelopes(simulator)).toBe(3);
    const other = await simulated({ dialect: 'bulk-bare' });
    await Promise.all(create(other.connector, 0, 20));
    expect(envelopes(other.simulator)).toBe(2);
    expect(other.simulator.store.size('User')).toBe(20);
  });

  it.each([
    ['0', 20],
    ['101', 20],
    ['100', 50],
  ])('CONN-SCIM-81: a maximum of %s means %i operations here', async (text, operations) => {
    const { simulator, connector } = await simulated({}, { 'scim.bulk.operations.max.count': text });
    await Promise.all(create(connector, 0, 50));
    expect(envelopes(simulator)).toBe(Math.ceil(50 / operations));
  });

  it('CONN-SCIM-81: a request that is too large is halved', async () => {
    const { simulator, connector } = await simulated({ dialect: 'bulk-bare' }, { 'scim.discovery': 'off' });
    const results = await Promise.all(create(connector, 0, 20));
    expect(results).toHaveLength(20);
    expect(envelopes(simulator)).toBe(3);
    await Promise.all(create(connector, 20, 40));
    expect(envelopes(simulator)).toBe(5);
  });

  it.each([404, 501, 400])(
    'WRT-3: a bulk request that is refused with %i is repeated entity by entity',
    async (status) => {
      const { server, connector } = await served(({ url, body }, response) =>
        url === '/Bulk' ? sendJson(response, status, {}) : sendJson(response, 201, { id: JSON.parse(body).userName }),
      );
      const results = await Promise.all(create(connector, 1, 3));
      expect(results.map(({ id }) => id)).toEqual(['user00001', 'user00002']);
      expect(pathsOf(server)).toEqual(['POST /Bulk', 'POST /Users', 'POST /Users']);
      await Promise.all(create(connector, 3, 5));
      expect(pathsOf(server).slice(3)).toEqual(['POST /Users', 'POST /Users']);
    },
  );

  it('CONN-SCIM-84: after a lost answer updates are repeated, creates are not: their outcome is unknown', async () => {
    const { server, connector } = await served(({ url }, response) =>
      url === '/Bulk' ? sendJson(response, 500, {}) : sendJson(response, 200, { id: 'a' }),
    );
    const [created] = create(connector, 1, 2);
    const updated = connector.update('user', 'a', { mode: 'replace', body: person(1) }, {});
    expect(await errorOf(created ?? updated)).toMatchObject({ outcome: 'unknown' });
    expect(await updated).toMatchObject({ applied: 'updated' });
    expect(pathsOf(server)).toEqual(['POST /Bulk', 'PUT /Users/a']);
  });

  it('CONN-SCIM-83: an operation that the answer does not name has an unknown outcome', async () => {
    const { server, connector } = await served(({ url, body }, response) => {
      if (url !== '/Bulk') return sendJson(response, 200, { id: 'a' });
      const [first] = JSON.parse(body).Operations;
      return { Operations: [{ bulkId: first.bulkId, status: '201', location: '/Users/new' }] };
    });
    const [first, second] = create(connector, 1, 3);
    const third = connector.delete('user', 'a', {});
    expect(await first).toEqual({ id: 'new', applied: 'created' });
    expect(await errorOf(second ?? third)).toMatchObject({ kind: 'protocol', outcome: 'unknown' });
    expect(await third).toMatchObject({ applied: 'deleted' });
    expect(pathsOf(server)).toEqual(['POST /Bulk', 'DELETE /Users/a']);
  });

  it('RTY-4: a throttled bulk request throttles all of it, and nothing is sent after it', async () => {
    const { server, connector } = await served((_request, response) => {
      response.setHeader('retry-after', '7');
      sendJson(response, 429, {});
    });
    for (const call of create(connector, 1, 4))
      expect(await errorOf(call)).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000, outcome: 'not-applied' });
    expect(server.requests).toHaveLength(1);
  });

  it('an operation that must not start any more is left out, the others go', async () => {
    const { simulator, connector } = await simulated();
    const refusal = new Error('the lease ends too soon');
    const late = connector.create('user', person(1), {
      beforeWrite: () => {
        throw refusal;
      },
    });
    const others = Promise.all(create(connector, 2, 4));
    await expect(late).rejects.toBe(refusal);
    expect(await others).toHaveLength(2);
    expect(simulator.store.size('User')).toBe(2);
  });

  it('CONN-SCIM-64: the version of an entity goes with its operation, and is read again when it has moved', async () => {
    const { simulator, connector } = await simulated({
      dialectChanges: { etags: 'supported' },
      users: [person(1, { id: 'a' }), person(2, { id: 'b' })],
    });
    const update = (id: string, n: number) =>
      connector.update('user', id, { mode: 'replace', body: person(n, { title: 'new' }) }, { etag: 'W/"old"' });
    await Promise.all([update('a', 1), update('b', 2)]);
    expect(simulator.store.snapshot().users.map((user) => user['title'])).toEqual(['new', 'new']);
    // Both were refused together; whether they come back together is a matter of time.
    const statuses = simulator.journal.writesSince(0).map(({ status }) => status);
    expect(statuses.slice(0, 2)).toEqual([412, 412]);
    expect(statuses.slice(2)).toEqual([200, 200]);
    expect(envelopes(simulator)).toBeGreaterThan(0);
  });
});
