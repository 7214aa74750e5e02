import { describe, expect, it } from '@jest/globals';
import type { Change, Connector } from '../../../connectors/contract.js';
import { MUSTER_PROXY_SCHEMA } from '../../../connectors/scim/discovery.js';
import { GENERIC_SCIM_2 } from '../../../connectors/scim/profile.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type TestServer } from '../support/http-server.js';
import { closedAfterEach, errorOf, idsOf, openScim, person, readAll } from '../support/scim.js';

const closing = closedAfterEach();
const ids = (members: Iterable<string>): JsonObject[] => [...members].map((value) => ({ value, type: 'User' }));
const team = (members: string, displayName = 'Team'): JsonObject => ({
  id: 'team',
  displayName,
  members: ids(members),
});

function open(server: TestServer, members: JsonObject, patch: boolean): Connector {
  const connector = openScim(server.url, {
    properties: { 'scim.profile': JSON.stringify({ members }), 'scim.support.patch.operation': String(patch) },
  });
  closing(
    () => server.stop(),
    () => connector.close(),
  );
  return connector;
}

/** A server with one group. `removal`: what an operation that removes some members does. */
async function groupServer(start: string, removal: 'listed' | 'everybody' = 'listed') {
  const members = new Set(start);
  const server = await startServer((request, response) => {
    const path = request.url.replace(/\?.*/, '');
    const [, , , member] = path.split('/').filter((step: string) => step !== '');
    const body: JsonValue = request.body === '' ? {} : (JSON.parse(request.body) as JsonValue);
    const group = (): void => sendJson(response, 200, team([...members].join('')));
    if (request.method === 'GET') return group();
    if (path.endsWith('/members')) {
      const id = String(isJsonObject(body) ? body['value'] : '');
      const isThere = members.has(id);
      members.add(id);
      return sendJson(response, isThere ? 409 : 201, {});
    }
    if (path.includes('/members/')) {
      return sendJson(response, members.delete(decodeURIComponent(member ?? '')) ? 204 : 404, {});
    }
    if (request.method === 'PUT') members.clear();
    const listed = (value: JsonValue | undefined): string[] =>
      (Array.isArray(value) ? value : []).flatMap((one) => (isJsonObject(one) ? [String(one['value'])] : []));
    for (const id of listed(isJsonObject(body) ? body['members'] : [])) members.add(id);
    const operations = isJsonObject(body) && Array.isArray(body['Operations']) ? body['Operations'] : [];
    for (const operation of operations.filter(isJsonObject)) {
      const { op, path: at = '', value } = operation;
      const one = /"(.)"/.exec(String(at))?.[1];
      const gone = one === undefined ? listed(value) : [one];
      if (op === 'remove') for (const id of removal === 'everybody' ? [...members] : gone) members.delete(id);
      else for (const id of listed(value)) members.add(id);
    }
    return group();
  });
  return { server, members: () => [...members].sort().join('') };
}

const patch = (before: string, after: string): Change => ({ mode: 'patch', before: team(before), body: team(after) });
const put = (before: string, after: string): Change => ({ mode: 'replace', before: team(before), body: team(after) });

describe('groups whose last member may not go', () => {
  it.each([
    ['PATCH', true, patch('ab', '')],
    ['PUT', false, put('ab', '')],
  ])(
    'CONN-SCIM-75: refused with %s: the update fails with a word, and nothing is sent',
    async (_name, byPatch, change) => {
      const { server, members } = await groupServer('ab');
      const connector = open(server, { removeLast: 'refused' }, byPatch);
      const error = await errorOf(connector.update('group', 'team', change, {}));
      expect([error.kind, error.outcome, members()]).toEqual(['invalid', 'not-applied', 'ab']);
      expect(error.safeMessage).toContain('its last member cannot be taken out');
      const leaving = await errorOf(
        connector.changeMembers?.('team', { add: [], remove: ['a', 'b'] }, {}) ?? Promise.resolve(),
      );
      expect([leaving.kind, members()]).toEqual(['invalid', 'ab']);
      expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    },
  );

  it.each([
    ['PATCH', true, patch('ab', '')],
    ['PUT', false, put('ab', '')],
  ])('CONN-SCIM-75: skipped with %s: one of them stays', async (_name, byPatch, change) => {
    const { server, members } = await groupServer('ab');
    await open(server, { removeLast: 'skipped' }, byPatch).update('group', 'team', change, {});
    expect(members()).toHaveLength(1);
  });

  it('CONN-SCIM-75: who is replaced by somebody else is not the last one', async () => {
    const { server, members } = await groupServer('a');
    await open(server, { removeLast: 'refused' }, true).update('group', 'team', patch('a', 'b'), {});
    expect(members()).toBe('b');
  });
});

describe('a server whose removals empty the group', () => {
  it.each([
    ['some leave', 'abcd', 'bc'],
    ['some leave and others come', 'abcd', 'bcxy'],
    ['all leave', 'ab', ''],
  ])('CONN-SCIM-76: %s: whoever stays comes back in the same request', async (_what, before, after) => {
    const { server, members } = await groupServer(before, 'everybody');
    await open(server, { removal: 'empties' }, true).update('group', 'team', patch(before, after), {});
    expect(members()).toBe(after);
    expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('CONN-SCIM-76: a member that others have added stays, too', async () => {
    const { server, members } = await groupServer('abz', 'everybody');
    await open(server, { removal: 'empties' }, true).update('group', 'team', patch('ab', 'b'), {});
    expect(members()).toBe('bz');
  });
});

describe('members under an address of their own', () => {
  it('CONN-SCIM-77: come and go one by one; who is in already or gone already is success', async () => {
    const { server, members } = await groupServer('bz');
    const connector = open(server, { written: 'single' }, false);
    const result = await connector.update('group', 'team', put('ab', 'bcz'), {});
    expect([result.applied, members()]).toEqual(['updated', 'bcz']);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /Groups/team/members',
      'POST /Groups/team/members',
      'DELETE /Groups/team/members/a',
    ]);
    await connector.changeMembers?.('team', { add: ['d'], remove: ['b'] }, {});
    expect(members()).toBe('cdz');
    expect(await connector.update('group', 'team', put('cdz', 'cdz'), {})).toMatchObject({ applied: 'none' });
  });

  it('CONN-SCIM-77: when more of the group has changed it is replaced as a whole', async () => {
    const { server, members } = await groupServer('ab');
    const change = { ...put('ab', 'bc'), body: team('bc', 'Renamed') };
    await open(server, { written: 'single' }, false).update('group', 'team', change, {});
    expect([members(), server.requests.map(({ method }) => method)]).toEqual(['bc', ['PUT']]);
  });
});

describe('kinds of bulk operations', () => {
  it.each([
    ['users only: groups go alone', { types: ['user'] as const }, [['POST', 'Groups']]],
    [
      'users are updated alone',
      { types: ['user', 'group'] as const, updatesApart: ['user'] as const },
      [['PUT', 'Users']],
    ],
  ])('CONN-SCIM-82: %s', async (_what, kinds, alone) => {
    const simulator = await startScimSimulator({ dialect: 'bulk', users: [{ id: 'u', userName: 'u' }] });
    // What comes over the wire: the simulator's journal shows single operations either way.
    const front = await startServer(async ({ method, url, headers, body }, response) => {
      const type = headers['content-type'] ?? 'application/scim+json';
      const address = `${new URL(simulator.url).origin}${url}`;
      const answer = await fetch(address, { method, headers: { 'content-type': type }, body });
      sendJson(response, answer.status, await answer.json());
    });
    const connector = openScim(`${front.url}${new URL(simulator.url).pathname}`, {
      properties: { 'scim.support.bulk.operation': 'true' },
      profile: { ...GENERIC_SCIM_2, bulk: { ...GENERIC_SCIM_2.bulk, ...kinds } },
    });
    closing(
      () => simulator.stop(),
      () => front.stop(),
      () => connector.close(),
    );
    await Promise.all([
      connector.create('user', person(1), {}),
      connector.create('user', person(2), {}),
      connector.create('group', { displayName: 'g' }, {}),
      ...(alone[0]?.[0] === 'PUT'
        ? [connector.update('user', 'u', { mode: 'replace', body: { userName: 'v' } }, {})]
        : []),
    ]);
    const single = front.requests.filter(({ url }) => !url.includes('Bulk'));
    expect(single.map(({ method, url }) => [method, /Users|Groups/.exec(url)?.[0]])).toEqual(alone);
    expect(simulator.store.snapshot().users).toHaveLength(3);
  });
});

describe('a proxy of Muster as a source', () => {
  it.each([true, false])(
    'CONN-SCIM-25: is known by its configuration (%s): short and empty pages do not end the read',
    async (isKnown) => {
      const visible = new Set([1, 2, 9]);
      const server = await startServer((request, response) => {
        const url = new URL(request.url, 'http://x');
        if (url.pathname.endsWith('ServiceProviderConfig'))
          return sendJson(response, 200, isKnown ? { [MUSTER_PROXY_SCHEMA]: {} } : {});
        const start = Number(url.searchParams.get('startIndex'));
        const numbers = [0, 1, 2, 3].map((n) => start + n).filter((n) => n <= 10);
        const Resources = numbers.filter((n) => visible.has(n)).map((n) => ({ id: `u${n}`, userName: `u${n}` }));
        // An estimate until the last page.
        sendJson(response, 200, {
          totalResults: start > 8 ? 10 : 14,
          itemsPerPage: numbers.length,
          startIndex: start,
          Resources,
        });
      });
      const connector = openScim(server.url, { properties: { 'scim.discovery': 'auto' } });
      closing(
        () => server.stop(),
        () => connector.close(),
      );
      if (!isKnown) {
        // A stranger that does so is no list to rely on.
        expect((await errorOf(readAll(connector, { type: 'user' }))).kind).toBe('protocol');
        return;
      }
      const pages = await readAll(connector, { type: 'user' });
      expect([idsOf(pages), pages.flatMap(({ drift }) => drift ?? [])]).toEqual([['u1', 'u2', 'u9'], []]);
      expect(pages[0]?.total).toMatchObject({ quality: 'estimate' });
    },
  );
});
