import { afterEach, describe, expect, it } from '@jest/globals';
import type { Change, Connector } from '../../../connectors/contract.js';
import { GENERIC_SCIM_2 } from '../../../connectors/scim/profile.js';
import { dialectOf, overrideProblems, profileInForce } from '../../../connectors/scim/profile-overrides.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import type { JsonObject } from '../../../core/json.js';
import { startScimSimulator, type ScimSimulatorOptions } from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type Responder } from '../support/http-server.js';
import { errorOf, idsOf, openScim, person, readAll } from '../support/scim.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function simulated(server: ScimSimulatorOptions, profile: JsonObject, more: Record<string, string> = {}) {
  const simulator = await startScimSimulator(server);
  const connector = openScim(simulator.url, { properties: { 'scim.profile': JSON.stringify(profile), ...more } });
  closing.push(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

async function served(responder: Responder, profile: JsonObject, more: Record<string, string> = {}) {
  const server = await startServer(responder);
  const connector = openScim(server.url, { properties: { 'scim.profile': JSON.stringify(profile), ...more } });
  closing.push(
    () => server.stop(),
    () => connector.close(),
  );
  return { server, connector };
}

const capabilitiesOf = (profile: JsonObject, role: 'source' | 'target' = 'source') =>
  scimSystemFactory.capabilities({ 'scim.profile': JSON.stringify(profile) }, role);
const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));
const groupOf = (displayName: string, ids: readonly string[]): JsonObject => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  displayName,
  members: ids.map((value) => ({ value, type: 'User' })),
});

describe('SCIM profile', () => {
  it('CONN-PRESET-04: what one system does otherwise is laid over its type; the rest stays', () => {
    const overrides = { paging: { method: 'cursor' }, members: { mixed: false }, conflict: { texts: ['is taken'] } };
    const inForce = profileInForce(GENERIC_SCIM_2, { 'scim.profile': JSON.stringify(overrides) });
    expect(inForce.paging).toEqual({ ...GENERIC_SCIM_2.paging, method: 'cursor' });
    expect(inForce.members).toEqual({ ...GENERIC_SCIM_2.members, mixed: false });
    expect(inForce.conflict).toEqual({ statuses: [], texts: ['is taken'] });
    expect(inForce.pageSizeEntities).toBe(GENERIC_SCIM_2.pageSizeEntities);
  });

  it('everything that may be changed is shown, and what is shown may be saved', () => {
    expect(overrideProblems(dialectOf(GENERIC_SCIM_2))).toEqual([]);
  });

  it.each([
    [{ filter: 'some' }, '/filter'],
    [{ filters: 'none' }, ''],
    [{ conflict: { statuses: [500] } }, '/conflict/statuses/0'],
    [{ members: { removalsPerRequest: 0 } }, '/members/removalsPerRequest'],
  ])('a wrong value is named by its place: %j', (overrides, pointer) => {
    expect(overrideProblems(overrides).map((problem) => problem.pointer)).toEqual([pointer]);
  });

  it('CONN-CORE-10, CONN-SCIM-39: capabilities follow the profile', () => {
    expect(capabilitiesOf({})).toMatchObject({
      delta: 'modified-filter',
      deltaTypes: ['user', 'group'],
      paging: 'index',
    });
    expect(capabilitiesOf({ delta: { types: ['user'] } })).toMatchObject({ deltaTypes: ['user'] });
    expect(capabilitiesOf({ delta: { types: [] } })).toMatchObject({ delta: 'none', deltaTypes: [] });
    expect(capabilitiesOf({ filter: 'eq-only' })).toMatchObject({ delta: 'none' });
    expect(capabilitiesOf({ paging: { method: 'cursor' } })).toMatchObject({ paging: 'cursor' });
  });

  it('CONN-SCIM-40: groups whose time does not move with their members are no delta type', () => {
    expect(capabilitiesOf({ delta: { types: ['user'] } }).deltaTypes).not.toContain('group');
  });

  describe('booleans as text', () => {
    it('are read as booleans and sent as text', async () => {
      const { simulator, connector } = await simulated({ dialect: 'string-booleans' }, { booleans: 'text' });
      const { id } = await connector.create('user', person(1), {});
      const entity = await connector.readOne('user', id, {});
      expect(entity?.body).toMatchObject({ active: true, emails: [{ primary: true }] });
      const wire = await fetch(`${simulator.url}/Users/${id}`).then((response) => response.json());
      expect(wire).toMatchObject({ active: 'True' });
    });

    it('each boolean of a request is text, in PATCH too; texts and numbers stay', async () => {
      const { server, connector } = await served(() => ({ id: 'x' }), { booleans: 'text' });
      const body = { userName: 'true', active: false, n: 1, emails: [{ value: 'a', primary: true }] };
      await connector.update('user', 'x', { mode: 'replace', body }, {});
      await connector.update('user', 'x', { mode: 'patch', body: { active: true }, before: { active: false } }, {});
      expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
        userName: 'true',
        active: 'False',
        n: 1,
        emails: [{ primary: 'True' }],
      });
      expect(server.requests[1]?.body).toContain('"value":"True"');
    });
  });

  it('CONN-CORE-06: identifiers are compared byte for byte unless the profile says otherwise', async () => {
    const answer = () => ({ id: 'ABC', userName: 'a' });
    const { connector: exact } = await served(answer, {});
    expect((await errorOf(exact.readOne('user', 'abc', {}))).kind).toBe('protocol');
    const { connector: anyCase } = await served(answer, { ids: 'any-case' });
    expect((await anyCase.readOne('user', 'abc', {}))?.id).toBe('ABC');
  });

  describe('CONN-SCIM-51: the server’s own way to say that somebody exists', () => {
    const refusing = (status: number, body: object): Responder => {
      return (_, response) => {
        sendJson(response, status, body);
        return undefined;
      };
    };
    it.each([
      [400, { detail: 'User name is ALREADY IN USE' }, { conflict: { texts: ['already in use'] } }, 'conflict'],
      [400, { detail: 'User name is already in use' }, {}, 'invalid'],
      [403, {}, { conflict: { statuses: [403] } }, 'conflict'],
      [403, { detail: 'already in use' }, { conflict: { texts: ['already in use'] } }, 'forbidden'],
      [409, {}, {}, 'conflict'],
      [400, { scimType: 'uniqueness' }, {}, 'conflict'],
    ])('%i %j with %j is %s', async (status, body, profile, kind) => {
      const { connector } = await served(refusing(status, body), profile);
      const error = await errorOf(connector.create('user', person(1), {}));
      expect(error).toMatchObject({
        kind,
        outcome: 'not-applied',
        scope: kind === 'forbidden' ? error.scope : 'entity',
      });
    });
  });

  it('PUT that keeps what it lacks: what has vanished is sent as null', async () => {
    const { connector, simulator } = await simulated({ dialect: 'put-keeps-absent' }, { putAbsent: 'keeps' });
    const before = person(1, { title: 'Dr' });
    const { id } = await connector.create('user', before, {});
    await connector.update('user', id, { mode: 'replace', body: person(1), before }, {});
    expect(simulator.store.get('User', id)?.['title'] ?? null).toBeNull();
  });

  it.each([
    ['always', 'W/"1"'],
    ['never', undefined],
    ['announced', undefined],
  ])('CONN-SCIM-64: version tags %s: If-Match is %s where none are announced', async (etag, expected) => {
    const { server, connector } = await served(() => ({ id: 'x' }), { etag });
    await connector.update('user', 'x', { mode: 'replace', body: { userName: 'a' } }, { etag: 'W/"1"' });
    expect(server.requests[0]?.headers['if-match']).toBe(expected);
  });

  describe('members', () => {
    it.each(['groups-without-members', 'refuses-members-on-create'] as const)(
      'CONN-SCIM-56: %s: a group is created empty and filled then',
      async (dialect) => {
        const { connector, simulator } = await simulated(
          { dialect, users: people(2) },
          { members: { onCreate: 'afterwards' } },
        );
        const ids = idsOf(await readAll(connector, { type: 'user' }));
        const { id, applied } = await connector.create('group', groupOf('Team', ids), {});
        expect(applied).toBe('created');
        expect(simulator.store.get('Group', id)?.['members']).toHaveLength(2);
      },
    );

    it('additions in one request stay below what the server takes', async () => {
      const { server, connector } = await served(() => ({ id: 'g' }), {
        members: { additionsPerRequest: 2, mixed: false },
      });
      const wanted = ['a', 'b', 'c', 'd', 'e'];
      const change = { mode: 'patch', before: groupOf('T', []), body: groupOf('T', wanted) } as const;
      await connector.update('group', 'g', change, {});
      expect(server.requests.map(({ body }) => JSON.parse(body).Operations[0].value.length)).toEqual([2, 2, 1]);
    });

    it('shown on request: groups are asked for with their attributes by name, users are not', async () => {
      const { server, connector } = await served(() => ({ Resources: [], totalResults: 0 }), {
        members: { shown: 'on-request' },
      });
      await connector.readPage({ type: 'group', mode: 'full', cursor: null });
      await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      expect(server.requests.map(({ url }) => new URL(url, server.url).searchParams.get('attributes'))).toEqual([
        'id,externalId,displayName,members,meta',
        null,
      ]);
    });

    it('never shown: what a group holds is not guessed, removing all members needs a known state', async () => {
      const { connector } = await served(() => ({ id: 'g' }), { members: { shown: 'never' } });
      const change: Change = { mode: 'patch', body: { members: [] } };
      expect((await errorOf(connector.update('group', 'g', change, {}))).kind).toBe('unsupported');
    });

    it('CONN-SCIM-48, UNK-5: a group with exactly as many members as are shown at most is marked in a list, and a failure alone', async () => {
      const groups = [groupOf('full', ['a', 'b', 'c']), groupOf('small', ['a', 'b'])].map((group) => ({
        ...group,
        id: group['displayName'],
      }));
      const { connector } = await served(
        ({ url }) => (url.includes('/full') ? groups[0] : { Resources: groups, totalResults: 2 }),
        { members: { shownAtMost: 3 } },
      );
      const [page] = await readAll(connector, { type: 'group' });
      expect(page?.items.map(({ id, membersUnknown }) => [id, membersUnknown])).toEqual([
        ['full', 'cut'],
        ['small', undefined],
      ]);
      expect(page?.failures).toEqual([]);
      expect((await errorOf(connector.readOne('group', 'full', {}))).safeMessage).toContain('exactly 3 members');
    });
  });

  describe('CONN-SCIM-45, CONN-SCIM-46: members in pages of their own', () => {
    const paged = { 'scim.group.members.paging.enabled': 'true', 'scim.group.members.page.size': '2' };
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => ({ value }));

    /** Shows `shown` members with the group, and pages when asked. */
    function server(count: number, shown: number): Responder {
      return ({ url }) => {
        const query = new URL(url, 'http://x').searchParams;
        const members = all.slice(0, count);
        if (!url.startsWith('/Groups/')) {
          return { Resources: [{ id: 'g', displayName: 'G', members: members.slice(0, shown) }], totalResults: 1 };
        }
        const start = Number(query.get('startIndex')) - 1;
        return { id: 'g', members: members.slice(start, start + Number(query.get('count'))) };
      };
    }
    async function read(responder: Responder) {
      const { server: started, connector } = await served(responder, {}, paged);
      const [page] = await readAll(connector, { type: 'group' });
      return { page, requests: started.requests.filter(({ url }) => url.startsWith('/Groups/')) };
    }

    it('six members and size 2 are three requests', async () => {
      const { page, requests } = await read(server(6, 6));
      expect(page?.items[0]?.body['members']).toEqual(all);
      expect(requests.map(({ url }) => url)).toEqual([
        '/Groups/g?attributes=members&startIndex=1&count=2',
        '/Groups/g?attributes=members&startIndex=3&count=2',
        '/Groups/g?attributes=members&startIndex=5&count=2',
      ]);
    });

    it('a list cut to one page is read to its end; a shorter one is complete as it is', async () => {
      expect((await read(server(5, 2))).page?.items[0]?.body['members']).toEqual(all.slice(0, 5));
      const short = await read(server(1, 1));
      expect(short.page?.items[0]?.body['members']).toEqual(all.slice(0, 1));
      expect(short.requests).toEqual([]);
    });

    it('CONN-CORE-21: a member page that fails makes its group a failure, not the page', async () => {
      const good = server(6, 6);
      const { page } = await read((request, response) => {
        if (!request.url.includes('startIndex=3')) return good(request, response);
        sendJson(response, 500, {});
        return undefined;
      });
      expect(page?.items).toEqual([]);
      expect(page?.failures).toEqual([{ id: 'g', message: expect.stringContaining('members cannot be read') }]);
    });

    it('a server that does not page members makes the group a failure, and the read ends', async () => {
      const { page } = await read(({ url }) =>
        url.startsWith('/Groups/')
          ? { id: 'g', members: all.slice(0, 2) }
          : { Resources: [{ id: 'g', members: all.slice(0, 2) }], totalResults: 1 },
      );
      expect(page?.failures[0]?.message).toContain('does not page');
    });
  });

  describe('CONN-SCIM-24: paging by cursors (RFC 9865)', () => {
    it('reads everybody once, whether the profile or the server says so', async () => {
      const users = people(23);
      for (const [profile, more] of [
        [{ paging: { method: 'cursor' } }, {}],
        [{}, { 'scim.discovery': 'auto' }],
        [{}, { 'scim.paging.method': 'cursor' }],
      ] as const) {
        const { connector } = await simulated({ dialect: 'cursor', users }, profile, {
          'scim.page.size': '5',
          ...more,
        });
        const pages = await readAll(connector, { type: 'user' });
        expect(new Set(idsOf(pages)).size).toBe(23);
        expect(idsOf(pages)).toHaveLength(23);
        expect(pages).toHaveLength(5);
        expect(pages.at(-1)?.watermark).toBeDefined();
        // Another process goes on.
        const again = await connector.readPage({ type: 'user', mode: 'full', cursor: pages[1]?.next ?? null });
        expect(idsOf([again])).toEqual(idsOf(pages.slice(2, 3)));
      }
    });

    it('a position that the server has forgotten is deltaLost, so that the read begins again', async () => {
      const { connector, simulator } = await simulated(
        { dialect: 'cursor', users: people(12) },
        { paging: { method: 'cursor' } },
        { 'scim.page.size': '5' },
      );
      const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      simulator.faults.arm({ effect: { kind: 'status', status: 400, scimType: 'expiredCursor' }, times: 1 });
      const error = await errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: first.next }));
      expect(error).toMatchObject({ kind: 'deltaLost', outcome: 'not-applied' });
    });

    it('a count that the server does not take is halved', async () => {
      const { server, connector } = await served(
        ({ url }, response) => {
          if (!url.includes('count=100')) return { Resources: [] };
          sendJson(response, 400, { scimType: 'invalidCount' });
          return undefined;
        },
        { paging: { method: 'cursor' } },
      );
      expect(await readAll(connector, { type: 'user' })).toHaveLength(1);
      expect(server.requests.map(({ url }) => url)).toEqual(['/Users?cursor=&count=100', '/Users?cursor=&count=50']);
    });

    it.each([
      ['the same cursor again', 'x'],
      ['a cursor without end', 'x'.repeat(7_000)],
    ])('%s ends the read with protocol', async (_, nextCursor) => {
      const { connector } = await served(() => ({ Resources: [], nextCursor }), { paging: { method: 'cursor' } });
      expect((await errorOf(readAll(connector, { type: 'user' }))).kind).toBe('protocol');
    });
  });

  it('CONN-SCIM-27: a filter too long for an address goes to /.search where the server takes it', async () => {
    const filter = Array.from({ length: 400 }, (_, n) => `userName eq "person-${n}"`).join(' or ');
    const answer = () => ({ Resources: [], totalResults: 0 });
    const { server, connector } = await served(answer, { search: 'post-when-long' }, { 'scim.user.filter': filter });
    await readAll(connector, { type: 'user' });
    expect(server.requests).toMatchObject([{ method: 'POST', url: '/Users/.search' }]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({ filter, startIndex: 1, count: 100 });
    const { connector: other } = await served(answer, {}, { 'scim.user.filter': filter });
    expect((await errorOf(readAll(other, { type: 'user' }))).safeMessage).toContain('longer than');
  });

  it('the page size stays below what the profile says', async () => {
    const { server, connector } = await served(() => ({ Resources: [] }), { paging: { maxPageEntities: 7 } });
    await readAll(connector, { type: 'user' });
    expect(server.requests[0]?.url).toContain('count=7');
  });
});

describe('RDM-5: a delta that is none is refused', () => {
  const watermark = async (connector: Connector) => (await readAll(connector, { type: 'user' })).at(-1)?.watermark;
  const stored = (lastModified: string) => ({ id: lastModified, userName: 'a', meta: { lastModified } });

  async function deltaOf(answer: (filter: string | null) => object) {
    const { connector, server } = await served(
      ({ url }) => answer(new URL(url, 'http://x').searchParams.get('filter')),
      {},
    );
    const mark = await watermark(connector);
    server.requests.length = 0;
    const read = readAll(connector, {
      type: 'user',
      mode: 'delta',
      ...(mark === undefined ? {} : { watermark: mark }),
    });
    return { read, server };
  }

  it('a server that ignores the filter gives who has not changed', async () => {
    const { read } = await deltaOf(() => ({ Resources: [stored('2020-01-01T00:00:00Z')], totalResults: 1 }));
    expect(await errorOf(read)).toMatchObject({ kind: 'deltaLost', safeMessage: expect.stringContaining('ignores') });
  });

  it('a server that answers every such filter with nothing has no changes ever', async () => {
    const { read } = await deltaOf((filter) =>
      filter === null
        ? { Resources: [stored('2020-01-01T00:00:00Z')], totalResults: 1 }
        : { Resources: [], totalResults: 0 },
    );
    expect(await errorOf(read)).toMatchObject({
      kind: 'deltaLost',
      safeMessage: expect.stringContaining('with nothing'),
    });
  });

  it('an honest empty delta costs one more request, and is believed', async () => {
    const { read, server } = await deltaOf((filter) =>
      filter === null || filter.includes('1970')
        ? { Resources: [stored('2020-01-01T00:00:00Z')], totalResults: 1 }
        : { Resources: [], totalResults: 0 },
    );
    expect(idsOf(await read)).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  it('an empty system has an empty delta', async () => {
    const { read } = await deltaOf(() => ({ Resources: [], totalResults: 0 }));
    expect(idsOf(await read)).toEqual([]);
  });
});
