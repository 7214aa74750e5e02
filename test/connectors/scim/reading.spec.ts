import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type Responder, type TestServer } from '../support/http-server.js';
import {
  closedAfterEach,
  errorOf,
  idsOf,
  openScim,
  person,
  readAll,
  textOf,
  type OpenOptions,
} from '../support/scim.js';

const closing = closedAfterEach();

type Opened = ReturnType<typeof openScim>;

async function simulated(
  server: ScimSimulatorOptions,
  options: OpenOptions = {},
): Promise<{ simulator: ScimSimulator; connector: Opened }> {
  const simulator = await startScimSimulator(server);
  const connector = openScim(simulator.url, options);
  closing(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

async function served(
  responder: Responder,
  options: OpenOptions = {},
): Promise<{ server: TestServer; connector: Opened }> {
  const server = await startServer(responder);
  const connector = openScim(server.url, options);
  closing(
    () => server.stop(),
    () => connector.close(),
  );
  return { server, connector };
}

const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));
const firstPage = { type: 'user', mode: 'full', cursor: null } as const;
const read = (connector: Connector) => connector.readPage(firstPage);

describe('SCIM reading', () => {
  it('CONN-SCIM-01: URL, base path and resource path; a URL that ends with the base path is accepted', async () => {
    const { server } = await served(() => ({ Resources: [], totalResults: 0 }));
    const paths = [
      [`${server.url}/`, {}],
      [`${server.url}/tenant/`, { 'scim.base.path': 'scim/v2/' }],
      [`${server.url}/scim/v2`, { 'scim.base.path': '/scim/v2' }],
      [`${server.url}/a`, { 'scim.users.path': '/People' }],
    ] as const;
    for (const [url, properties] of paths) {
      const connector = openScim(url, { properties });
      await read(connector);
      await connector.close();
    }
    expect(server.requests.map(({ url }) => url.split('?')[0])).toEqual([
      '/Users',
      '/tenant/scim/v2/Users',
      '/scim/v2/Users',
      '/a/People',
    ]);
  });

  it('CONN-SCIM-26, CONN-SCIM-27, CONN-SCIM-31: query of a list', async () => {
    const properties = {
      'scim.user.filter': 'userName eq "a+b & #ü\\"" or active eq true',
      'scim.sort.by': 'id',
      'scim.page.size': '7',
      'scim.read.excluded.attributes': 'groups, photos',
    };
    const { server, connector } = await served(() => ({ Resources: [], totalResults: 0 }), { properties });
    await read(connector);
    const query = new URL(server.requests[0]?.url ?? '', server.url).searchParams;
    expect(Object.fromEntries(query)).toEqual({
      startIndex: '1',
      count: '7',
      filter: properties['scim.user.filter'],
      sortBy: 'id',
      sortOrder: 'ascending',
      excludedAttributes: 'groups,photos',
    });
  });

  it('CONN-SCIM-17: the server’s largest page caps ours', async () => {
    const config = { filter: { supported: true, maxResults: 20 }, patch: { supported: true } };
    const { server, connector } = await served(
      ({ url }) => (url.startsWith('/ServiceProviderConfig') ? config : { Resources: [], totalResults: 0 }),
      { properties: { 'scim.discovery': 'auto' } },
    );
    await read(connector);
    await read(connector);
    expect(server.requests.filter(({ url }) => url.startsWith('/ServiceProviderConfig'))).toHaveLength(1);
    expect(server.requests.at(-1)?.url).toContain('count=20');
  });

  it('CONN-SCIM-15: asked once a day by all connectors that share a memory, again after a failure and after a day', async () => {
    let now = new Date('2026-03-01T00:00:00Z');
    let status = 503;
    const asked = (): number => server.requests.filter(({ url }) => url.startsWith('/ServiceProviderConfig')).length;
    const server = await startServer(({ url }, response) => {
      if (!url.startsWith('/ServiceProviderConfig')) return { Resources: [], totalResults: 0 };
      sendJson(response, status, { filter: { supported: true, maxResults: 20 } });
      return undefined;
    });
    closing(() => server.stop());
    const memory = new Map<string, unknown>();
    const readOnce = async (): Promise<void> => {
      const properties = { 'scim.discovery': 'auto' };
      const connector = openScim(server.url, { properties, memory, clock: () => now });
      await read(connector);
      await connector.close();
    };
    await readOnce();
    expect(asked()).toBe(1);
    status = 200;
    await readOnce();
    await readOnce();
    expect([asked(), server.requests.at(-1)?.url]).toEqual([2, expect.stringContaining('count=20')]);
    now = new Date('2026-03-02T00:00:00Z');
    await readOnce();
    expect(asked()).toBe(3);
  });

  it('CONN-SCIM-15: discovery that fails in any way does not disturb the read', async () => {
    for (const status of [401, 404, 500]) {
      const { connector } = await served(
        ({ url }, response) => {
          if (!url.startsWith('/ServiceProviderConfig')) return { Resources: [], totalResults: 0 };
          sendJson(response, status, {});
          return undefined;
        },
        { properties: { 'scim.discovery': 'auto' } },
      );
      expect((await read(connector)).items).toEqual([]);
    }
  });

  it('CONN-SCIM-100: names in the envelope are matched without case, numbers may be text', async () => {
    const { connector } = await served(() => ({ resources: [{ ID: 'x', userName: 'a' }], TOTALRESULTS: '1' }));
    const page = await read(connector);
    expect(idsOf([page])).toEqual(['x']);
    expect(page.total).toEqual({ value: 1, quality: 'exact' });
  });

  it('CONN-TCK-05, CONN-SCIM-30: entities without usable id are failures, the others are delivered', async () => {
    const bad = [{ userName: 'x' }, null, 'text', { id: '' }, { id: 'a\u0000b' }, { id: '\ud800' }, { id: {} }];
    const Resources = [...people(243).map((one, n) => ({ ...one, id: `i${n}` })), ...bad];
    const { connector } = await served(() => ({ Resources, totalResults: Resources.length }));
    const page = await read(connector);
    expect(page.items).toHaveLength(243);
    expect(page.failures).toHaveLength(bad.length);
    expect(JSON.stringify(page.failures)).not.toContain('userName');
  });

  it.each([
    ['HTML', '<!doctype html><html>Sign in</html>', 'login page'],
    ['a JSON list', '[]', 'not a JSON object'],
    ['truncated JSON', '{"Resources":[{"id":"1"', 'not complete JSON'],
    ['nothing', '', 'not complete JSON'],
    ['another object', '{"status":"ok"}', 'no SCIM list'],
    ['Resources that are no list', '{"Resources":{},"totalResults":1}', 'not a list'],
  ])('CONN-TCK-22: a list answer with %s is protocol, never an empty list', async (_what, body, text) => {
    const { connector } = await served((_request, response) => void response.end(body));
    const error = await errorOf(read(connector));
    expect(error).toMatchObject({ kind: 'protocol', scope: 'page', outcome: 'not-applied' });
    expect(error.safeMessage).toContain(text);
  });

  it('a list address that does not exist is fatal for the system', async () => {
    const { connector } = await served((_request, response) => sendJson(response, 404, {}));
    expect(await errorOf(read(connector))).toMatchObject({ kind: 'fatal', scope: 'system' });
  });

  it('CONN-CORE-07: whole numbers beyond 2^53 become text, nothing else changes', async () => {
    const body =
      '"id":"1234567890123456789","a":9007199254740993,"b":-12345678901234567890,"c":[ 1234567890123456 ],"d":0.1234567890123456,' +
      '"e":1e21,"f":"say \\"12345678901234567890\\" ,12345678901234567890"';
    const { connector } = await served(
      (_request, response) => void response.end(`{"totalResults":1,"Resources":[{${body}}]}`),
    );
    const [entity] = (await read(connector)).items;
    expect(entity?.body).toEqual({
      id: '1234567890123456789',
      a: '9007199254740993',
      b: '-12345678901234567890',
      c: [1234567890123456],
      d: 0.1234567890123456,
      e: 1e21,
      f: 'say "12345678901234567890" ,12345678901234567890',
    });
  });

  it('CONN-TCK-23: attribute values, secrets and identifiers occur in no cursor, mark, failure, message or log line', async () => {
    const canary = 'c4n4ry';
    const users = people(12).map((one, n) => ({ ...one, userName: `${canary}${n}`, title: canary }));
    const { simulator, connector } = await simulated(
      { users, idPrefix: canary, auth: { kind: 'basic', user: 'u', password: canary } },
      {
        properties: { 'scim.page.size': '5', Authentication: 'BasicAuthentication', User: 'u' },
        secrets: { Password: canary },
        limits: { listMaxBytes: 2_200 },
      },
    );
    const pages = await readAll(connector, { type: 'user' });
    const kept: unknown[] = pages.map(({ next, watermark, failures, total }) => ({ next, watermark, failures, total }));
    for (const effect of [{ kind: 'truncatedJson' }, { kind: 'html' }, { kind: 'drop' }] as const) {
      simulator.faults.arm({ effect, times: 2 });
      const one = await errorOf(connector.readOne('user', `${canary}00000001`, {}));
      const list = await errorOf(read(connector));
      kept.push(one.safeMessage, one.message, list.safeMessage, list.adminMessage);
    }
    expect(connector.recorded.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify([kept, connector.recorded.lines])).not.toContain(canary);
  });

  it('prototype keys in an answer change no prototype', async () => {
    const text = '{"totalResults":1,"Resources":[{"id":"1","__proto__":{"polluted":1},"constructor":{"polluted":1}}]}';
    const { connector } = await served((_request, response) => void response.end(text));
    const [entity] = (await read(connector)).items;
    expect(Object.keys(entity?.body ?? {})).toEqual(['id', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('CONN-TCK-04: entities that come and go while pages are read give drift', async () => {
    const { simulator, connector } = await simulated({ users: people(25) }, { properties: { 'scim.page.size': '10' } });
    const [first] = simulator.store.list('User');
    simulator.afterPage(1, () => void simulator.store.remove('User', textOf(first?.['id'])));
    const shrunk = await readAll(connector, { type: 'user' });
    expect(shrunk.map(({ drift }) => drift)).toEqual([undefined, 'total-shrank', 'total-shrank']);
    simulator.afterPage(1, () => void simulator.store.add('User', person(99)));
    expect((await readAll(connector, { type: 'user' })).at(-1)?.drift).toBe('total-grew');
  });

  it('CONN-CORE-24: one leaves and one joins between two pages: no drift is seen, but readOne still finds who was skipped', async () => {
    const { simulator, connector } = await simulated({ users: people(30) }, { properties: { 'scim.page.size': '10' } });
    const drift = simulator.armPagingDrift({ pageSizeEntities: 10, joiner: person(77) });
    const pages = await readAll(connector, { type: 'user' });
    expect(pages.every((page) => page.drift === undefined)).toBe(true);
    const missing = simulator.store
      .list('User')
      .map(({ id }) => textOf(id))
      .filter((id) => !idsOf(pages).includes(id));
    expect(drift.trace).toBeDefined();
    expect(missing.length).toBeGreaterThan(0);
    for (const id of missing) expect(await connector.readOne('user', id, { withFilter: true })).not.toBeNull();
  });

  it('a repeated page and a shrinking total are reported', async () => {
    const { simulator, connector } = await simulated({ users: people(30) }, { properties: { 'scim.page.size': '10' } });
    simulator.faults.arm({ effect: { kind: 'repeatPage' }, match: { minStartIndex: 11 }, times: 1 });
    expect((await errorOf(readAll(connector, { type: 'user' }))).kind).toBe('protocol');
    simulator.faults.arm({ effect: { kind: 'shrinkTotal', by: 15 }, match: { minStartIndex: 11 }, times: 1 });
    expect((await readAll(connector, { type: 'user' })).at(-1)?.drift).toBe('total-shrank');
  });

  it('CONN-CORE-26: a page above the cap is asked for again at half the size, which stays', async () => {
    const { simulator, connector } = await simulated(
      { users: people(30).map((one) => ({ ...one, note: 'x'.repeat(1_000) })) },
      { properties: { 'scim.page.size': '16' }, limits: { listMaxBytes: 14_000 } },
    );
    const pages = await readAll(connector, { type: 'user' });
    expect(idsOf(pages)).toHaveLength(30);
    expect(pages.map(({ items }) => items.length)).toEqual([8, 8, 8, 6]);
    expect(simulator.statistics().requests).toBe(5);
    expect(connector.recorded.lines).toHaveLength(1);
  });

  it('CONN-TCK-17: 429 and 503 with Retry-After are throttled with the time, 503 without is badGateway', async () => {
    const { simulator, connector } = await simulated({});
    const after = async (effect: { status: number; retryAfter?: number; retryAfterDateSeconds?: number }) => {
      simulator.faults.arm({ effect: { kind: 'status', ...effect }, times: 1 });
      const { kind, scope, retryAfterMs } = await errorOf(read(connector));
      return { kind, scope, retryAfterMs };
    };
    expect(await after({ status: 429, retryAfter: 5 })).toEqual({
      kind: 'throttled',
      scope: 'system',
      retryAfterMs: 5_000,
    });
    expect((await after({ status: 429, retryAfterDateSeconds: 100 })).retryAfterMs).toBeGreaterThan(90_000);
    expect(await after({ status: 429 })).toEqual({ kind: 'throttled', scope: 'system', retryAfterMs: undefined });
    expect(await after({ status: 503, retryAfter: 9_999 })).toMatchObject({ kind: 'throttled', retryAfterMs: 600_000 });
    expect(await after({ status: 503 })).toMatchObject({ kind: 'badGateway', scope: 'page' });
  });

  describe('delta', () => {
    it('CONN-TCK-06, CONN-TCK-08: changes after the mark was taken are delivered, by the server’s clock', async () => {
      for (const clockSkewMs of [-120_000, 0, 120_000]) {
        const options = { properties: { 'scim.delta.overlap.seconds': '0', 'scim.page.size': '2' } };
        const { simulator, connector } = await simulated({ users: people(4), clockSkewMs }, options);
        // Old enough not to be in the second of the mark.
        simulator.setClockSkewMs(clockSkewMs + 5_000);
        const [one] = simulator.store.list('User');
        simulator.afterPage(1, () => simulator.store.update('User', textOf(one?.['id']), { title: 'changed' }));
        const watermark = (await readAll(connector, { type: 'user' })).at(-1)?.watermark;
        const added = simulator.store.add('User', person(9));
        simulator.setClockSkewMs(clockSkewMs + 6_000);
        if (watermark === undefined) throw new Error('no watermark');
        const pages = await readAll(connector, { type: 'user', mode: 'delta', watermark });
        expect(idsOf(pages).sort()).toEqual([textOf(one?.['id']), added].sort());
        expect(pages.at(-1)?.watermark).toBeDefined();
      }
    });

    it('CONN-SCIM-38: a clock that differs by more than five minutes is logged, one that is a little off is not', async () => {
      for (const [skewMs, warnings] of [
        [301_000, 1],
        [-600_000, 1],
        [250_000, 0],
      ] as const) {
        const { simulator, connector } = await simulated({ users: people(1) });
        simulator.setClockSkewMs(skewMs);
        await readAll(connector, { type: 'user' });
        const told = connector.recorded.lines.filter(({ message }) => message.includes('clock of the system'));
        expect(told).toHaveLength(warnings);
      }
    });

    it('RDM-8: the overlap is taken off the server’s time', async () => {
      const { connector } = await simulated({ clockSkewMs: 3_600_000 });
      const { watermark } = await read(connector);
      const ahead = Date.parse(textOf(watermark?.['since'])) - Date.now();
      expect(ahead).toBeGreaterThan(3_600_000 - 300_000 - 5_000);
      expect(ahead).toBeLessThan(3_600_000 - 300_000 + 5_000);
      // CONN-SCIM-38
      expect(connector.recorded.lines.map(({ fields }) => fields)).toEqual([{ skewSeconds: expect.any(Number) }]);
    });

    it('CONN-TCK-07, CONN-CORE-47: a mark of another filter, version or server is deltaLost', async () => {
      const { simulator, connector } = await simulated({ users: people(1) });
      const { watermark } = await read(connector);
      if (watermark === undefined) throw new Error('no watermark');
      const lost = async (on: Connector, mark: typeof watermark): Promise<string> => {
        return (await errorOf(on.readPage({ type: 'user', mode: 'delta', cursor: null, watermark: mark }))).kind;
      };
      expect(await lost(connector, { ...watermark, v: 2 })).toBe('deltaLost');
      expect(await lost(connector, { ...watermark, since: 'yesterday' })).toBe('deltaLost');
      const filtered = openScim(simulator.url, { properties: { 'scim.user.filter': 'active eq true' } });
      expect(await lost(filtered, watermark)).toBe('deltaLost');
      await filtered.close();
    });

    it('RDM-5: a server that does not filter by time is deltaLost, so that a full read follows', async () => {
      const { connector } = await simulated({ dialect: 'eq-only', users: people(1) });
      const { watermark } = await read(connector);
      if (watermark === undefined) throw new Error('no watermark');
      const delta = connector.readPage({ type: 'user', mode: 'delta', cursor: null, watermark });
      expect(await errorOf(delta)).toMatchObject({ kind: 'deltaLost' });
    });
  });

  describe('readOne', () => {
    it('DEL-23: a web server’s own 404 page says nothing about the entity', async () => {
      const { connector, server } = await served((_request, response) => {
        response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Cannot GET</html>');
      });
      expect((await errorOf(connector.readOne('user', '1', {}))).kind).toBe('protocol');
      expect((await errorOf(connector.delete('user', '1', {}))).kind).toBe('protocol');
      server.respond((_request, response) => void response.writeHead(404).end());
      expect(await connector.readOne('user', '1', {})).toBeNull();
    });

    it('DEL-23: another entity than the one asked for is protocol', async () => {
      const { connector } = await served(() => ({ id: '2', userName: 'x' }));
      expect((await errorOf(connector.readOne('user', '1', {}))).kind).toBe('protocol');
    });

    it('DEL-23: a server that ignores the filter never makes an entity absent', async () => {
      const properties = { 'scim.user.filter': 'active eq true' };
      const others = { Resources: [{ id: '7' }, { id: '8' }], totalResults: 9 };
      const { connector, server } = await served(() => others, { properties });
      expect((await errorOf(connector.readOne('user', '1', { withFilter: true }))).kind).toBe('protocol');
      server.respond(() => ({ Resources: [], totalResults: 1 }));
      expect((await errorOf(connector.readOne('user', '1', { withFilter: true }))).kind).toBe('protocol');
      server.respond(() => ({ totalResults: 0 }));
      expect(await connector.readOne('user', '1', { withFilter: true })).toBeNull();
      expect(new URL(server.requests[0]?.url ?? '', server.url).searchParams.get('filter')).toBe(
        'active eq true and id eq "1"',
      );
    });

    it('DEL-23: 404 of the collection while looking under the filter says nothing about the entity', async () => {
      const properties = { 'scim.user.filter': 'active eq true' };
      const { connector } = await served((_request, response) => sendJson(response, 404, {}), { properties });
      expect((await errorOf(connector.readOne('user', '1', { withFilter: true }))).kind).toBe('fatal');
      expect((await errorOf(connector.resolveExisting('user', person(1), ['userName'], {}))).kind).toBe('fatal');
    });

    it.each([204, 401, 403, 429, 500, 503])('CONN-CORE-27: status %i is an error, not "absent"', async (status) => {
      const { connector } = await served((_request, response) => sendJson(response, status, {}));
      expect((await errorOf(connector.readOne('user', '1', {}))).status).toBe(status);
    });
  });

  it('CONN-CORE-11: roles are refused without network traffic', async () => {
    const { connector, server } = await served(() => ({}));
    const error = await errorOf(connector.readPage({ type: 'role', mode: 'full', cursor: null }));
    expect(error).toMatchObject({ kind: 'unsupported', scope: 'system' });
    expect(server.requests).toHaveLength(0);
  });

  it('CONN-TCK-20: a stop during a page ends it with cancelled', async () => {
    const stop = new AbortController();
    const { connector } = await served(() => stop.abort());
    const error = await errorOf(connector.readPage({ ...firstPage, signal: stop.signal }));
    expect(error.kind).toBe('cancelled');
  });
});
