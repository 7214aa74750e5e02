import { describe, expect, it } from '@jest/globals';
import { GENERIC_SCIM_2 } from '../../../connectors/scim/profile.js';
import { retryPolicy, withRetries } from '../../../connectors/retry.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { sendJson, startServer, type Responder, type TestServer } from '../support/http-server.js';
import { closedAfterEach, errorOf, openScim, person, type OpenOptions } from '../support/scim.js';

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

const members = (count: number, from = 0) => Array.from({ length: count }, (_, n) => ({ value: `m${from + n}` }));
const team = (count: number, from = 0) => ({ displayName: 'Team', members: members(count, from) });
const operationsOf = (server: TestServer): { op: string; path: string; value?: unknown }[][] =>
  server.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body).Operations);

describe('SCIM writing', () => {
  it.each([200, 204])(
    'CONN-SCIM-67: a delete that is answered with %i is done, 404 says that it was before',
    async (status) => {
      const { server, connector } = await served((_request, response) => sendJson(response, status, {}));
      expect(await connector.delete('user', 'a', {})).toEqual({ id: 'a', applied: 'deleted' });
      server.respond((_request, response) => sendJson(response, 404, { status: '404' }));
      expect(await connector.delete('group', 'b', {})).toEqual({ id: 'b', applied: 'already-absent' });
      expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
        'DELETE /Users/a',
        'DELETE /Groups/b',
      ]);
    },
  );

  it('CONN-SCIM-65: 202 counts as done, and the log says that nobody has confirmed it', async () => {
    const { connector } = await served((_request, response) => sendJson(response, 202, { id: 'a' }));
    const body = { userName: 'x' };
    const accepted = { id: 'a', applied: 'updated', entity: { id: 'a' } };
    expect(await connector.create('user', body, {})).toEqual(accepted);
    expect(await connector.update('user', 'a', { mode: 'replace', body }, {})).toEqual(accepted);
    expect(connector.recorded.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn create user: accepted (202), not confirmed; it counts as done',
      'warn update user: accepted (202), not confirmed; it counts as done',
    ]);
  });

  it('CONN-SCIM-09, CONN-SCIM-60: PUT carries id, schemas and the configured content type, no read-only attribute', async () => {
    const { server, connector } = await served(() => ({ id: 'a/b', meta: { version: 'W/"2"' } }), {
      properties: { 'scim.content.type': 'application/json' },
    });
    const body = { userName: 'x', meta: { created: 'y' }, groups: [{ value: 'g' }], 'urn:x:User': { a: 1 } };
    const result = await connector.update('user', 'a/b', { mode: 'replace', body }, {});
    // CONN-CORE-56: what the server answered is part of the result.
    const entity = { id: 'a/b', meta: { version: 'W/"2"' } };
    expect(result).toEqual({ id: 'a/b', applied: 'updated', version: 'W/"2"', entity });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'PUT', url: '/Users/a%2Fb' });
    expect(request?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      id: 'a/b',
      userName: 'x',
      'urn:x:User': { a: 1 },
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:x:User'],
    });
  });

  it('CONN-SCIM-50: the id comes from the body, else from Location, else from the unique key', async () => {
    const { server, connector } = await served((_request, response) =>
      sendJson(response, 201, { id: 7 }, { etag: '"1"' }),
    );
    const made = { id: '7', applied: 'created', version: '"1"', entity: { id: 7 } };
    expect(await connector.create('user', person(1), {})).toEqual(made);
    server.respond((_request, response) => void response.writeHead(201, { location: '/scim/Users/a%2Fb?x=1' }).end());
    expect((await connector.create('user', person(1), {})).id).toBe('a/b');
    server.respond(({ method }, response) => {
      if (method === 'GET') return { Resources: [{ id: '9', userName: 'USER00001' }], totalResults: 1 };
      return void response.writeHead(201).end();
    });
    expect((await connector.create('user', person(1), {})).id).toBe('9');
    server.respond(({ method }, response) => {
      if (method === 'GET') return { Resources: [], totalResults: 0 };
      return void response.writeHead(201).end();
    });
    expect(await errorOf(connector.create('user', person(1), {}))).toMatchObject({
      kind: 'protocol',
      outcome: 'unknown',
    });
  });

  it('a server that adopts what exists does not count as having created it', async () => {
    const { simulator, connector } = await simulated({ dialect: 'adopt-on-post', users: [person(1)] });
    const result = await connector.create('user', person(1), {});
    expect(result.applied).toBe('updated');
    expect(simulator.statistics().users).toBe(1);
  });

  it('a success that is not understandable has unknown outcome', async () => {
    const { connector } = await served((_request, response) => void response.writeHead(201).end('<html>'));
    expect(await errorOf(connector.create('user', person(1), {}))).toMatchObject({
      kind: 'protocol',
      outcome: 'unknown',
    });
    const calls = [
      () => connector.update('user', '1', { mode: 'replace', body: person(1) }, {}),
      () => connector.update('user', '1', { mode: 'patch', body: person(1) }, {}),
      () => connector.delete('user', '1', {}),
    ];
    for (const call of calls) expect(await errorOf(call())).toMatchObject({ kind: 'protocol', outcome: 'unknown' });
  });

  it.each([
    [400, 'invalidValue', 'invalid', 'not-applied'],
    [400, 'mutability', 'invalid', 'not-applied'],
    [400, 'uniqueness', 'conflict', 'not-applied'],
    [400, 'tooMany', 'ambiguous', 'not-applied'],
    [401, undefined, 'auth', 'not-applied'],
    [403, undefined, 'forbidden', 'not-applied'],
    [404, undefined, 'notFound', 'not-applied'],
    [405, undefined, 'unsupported', 'not-applied'],
    [406, undefined, 'fatal', 'not-applied'],
    [408, undefined, 'timeout', 'unknown'],
    [409, 'uniqueness', 'conflict', 'not-applied'],
    [409, undefined, 'conflict', 'not-applied'],
    [412, undefined, 'precondition', 'not-applied'],
    [413, undefined, 'tooLarge', 'not-applied'],
    [415, undefined, 'fatal', 'not-applied'],
    [422, undefined, 'invalid', 'not-applied'],
    [428, undefined, 'precondition', 'not-applied'],
    [429, undefined, 'throttled', 'not-applied'],
    [500, undefined, 'transient', 'unknown'],
    [501, undefined, 'unsupported', 'not-applied'],
    [502, undefined, 'badGateway', 'unknown'],
    [503, undefined, 'badGateway', 'unknown'],
    [504, undefined, 'badGateway', 'unknown'],
  ] as const)('scim.md §11: %i %s is %s, %s', async (status, scimType, kind, outcome) => {
    const { connector } = await served((_request, response) => sendJson(response, status, { scimType, detail: 'no' }));
    const error = await errorOf(connector.create('user', person(1), {}));
    expect(error).toMatchObject({ kind, outcome, status, vendorCode: scimType });
  });

  it('ORD-11, CONN-SCIM-90, CONN-TCK-23: messages name address and status, never a value or a secret', async () => {
    const secret = 'c4n4ry-s3cret';
    const { server, connector } = await served(
      ({ body }, response) =>
        sendJson(response, 400, { detail: `Refused: ${body} for ${secret}? 'x' user00001@example.org` }),
      { properties: { Authentication: 'BasicAuthentication', User: 'u' }, secrets: { Password: secret } },
    );
    const error = await errorOf(connector.create('user', person(1, { password: secret }), {}));
    expect(error.safeMessage).toBe('create user: HTTP 400');
    expect(error.adminMessage).toMatch(
      `HTTP operation failed invoking ${server.url}/Users with statusCode: 400, Response: Refused:`,
    );
    const text = error.safeMessage + error.adminMessage + error.message + JSON.stringify(error);
    for (const value of [secret, 'user00001', 'Given 1', 'example.org']) expect(text).not.toContain(value);
  });

  it('CONN-TCK-10: a create whose answer is lost goes to the engine, whose look-up finds one entity', async () => {
    const { simulator, connector } = await simulated({});
    simulator.faults.arm({ effect: { kind: 'applyThenDrop' }, match: { operations: ['create'] }, times: 1 });
    const sentAt = Date.now();
    const call = withRetries(() => connector.create('user', person(1), {}), retryPolicy({}), {
      operation: 'create',
      sleep: () => Promise.resolve(),
    });
    expect(await errorOf(call)).toMatchObject({ kind: 'transient', outcome: 'unknown' });
    const found = await connector.resolveExisting('user', person(1), ['userName'], {});
    if (found.outcome !== 'one') throw new Error(found.outcome);
    expect(Date.parse(found.createdAt ?? '')).toBeGreaterThanOrEqual(sentAt - 1_000);
    expect(simulator.statistics().users).toBe(1);
  });

  it('CONN-SCIM-64, scim.md §15: If-Match: * on every write when enabled, absent otherwise', async () => {
    for (const enabled of [true, false]) {
      const properties = { 'scim.include.if.match.wildcard.header': String(enabled) };
      const { server, connector } = await served(() => ({ id: '1' }), { properties });
      await connector.update('user', '1', { mode: 'replace', body: person(1) }, { etag: 'W/"5"' });
      await connector.update('user', '1', { mode: 'patch', body: person(1) }, { etag: 'W/"5"' });
      await connector.delete('user', '1', {});
      const expected = enabled ? '*' : undefined;
      expect(server.requests.map(({ headers }) => headers['if-match'])).toEqual([expected, expected, expected]);
    }
  });

  it('CONN-SCIM-64: a version tag is sent to servers that announce tags; 412 is repeated once with the present one', async () => {
    const { simulator, connector } = await simulated(
      { dialect: 'etags' },
      { properties: { 'scim.discovery': 'auto' } },
    );
    const { id, version } = await connector.create('user', person(1), {});
    simulator.store.update('User', id, { title: 'by somebody else' });
    const change = { mode: 'patch', before: person(1), body: { ...person(1), displayName: 'D' } } as const;
    if (version === undefined) throw new Error('no version');
    const result = await connector.update('user', id, change, { etag: version });
    expect(result.applied).toBe('updated');
    expect(result.version).not.toBe(version);
    expect(simulator.store.get('User', id)).toMatchObject({ displayName: 'D', title: 'by somebody else' });
    simulator.faults.arm({ effect: { kind: 'status', status: 412 }, match: { operations: ['patch'] } });
    const again = connector.update(
      'user',
      id,
      { ...change, before: { ...person(1), displayName: 'E' } },
      { etag: version },
    );
    expect((await errorOf(again)).kind).toBe('precondition');
  });

  describe('members', () => {
    const threshold = { 'scim.patch.group.members.above.threshold': '900' };
    const respond: Responder = (_request, response) => void response.writeHead(204).end();

    it('WRT-4: up to the threshold one PUT with all members, equality included', async () => {
      const { server, connector } = await served(respond, { properties: threshold });
      await connector.update('group', 'g', { mode: 'replace', body: team(900), before: team(700) }, {});
      expect(server.requests.map(({ method }) => method)).toEqual(['PUT']);
      expect(JSON.parse(server.requests[0]?.body ?? '').members).toHaveLength(900);
    });

    it('CONN-SCIM-70: above it PATCH slices of the additions, no PUT that would clear the others', async () => {
      const { server, connector } = await served(respond, { properties: threshold });
      const body = { ...team(1_900), displayName: 'New name' };
      await connector.update('group', 'g', { mode: 'replace', body, before: team(700) }, {});
      expect(server.requests.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'PATCH']);
      const operations = operationsOf(server);
      expect(operations[0]).toEqual([{ op: 'replace', path: 'displayName', value: 'New name' }]);
      expect(operations.slice(1).map(([first]) => (Array.isArray(first?.value) ? first.value.length : 0))).toEqual([
        900, 300,
      ]);
    });

    it('CONN-SCIM-70: without a known state the group is read first', async () => {
      const { server, connector } = await served(
        ({ method }, response) =>
          method === 'GET' ? { id: 'g', ...team(899, 1) } : void response.writeHead(204).end(),
        { properties: threshold },
      );
      await connector.update('group', 'g', { mode: 'replace', body: { members: members(901) } }, {});
      expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH']);
      expect(operationsOf(server)).toEqual([
        [{ op: 'add', path: 'members', value: [{ value: 'm0' }, { value: 'm900' }] }],
      ]);
    });

    it('CONN-SCIM-73: a failing slice stops the rest and tells that a part was written', async () => {
      let patches = 0;
      const { server, connector } = await served(
        (_request, response) => sendJson(response, ++patches === 2 ? 400 : 200, {}),
        { properties: threshold },
      );
      const change = { mode: 'replace', body: team(3_000), before: team(0) } as const;
      expect(await errorOf(connector.update('group', 'g', change, {}))).toMatchObject({
        kind: 'invalid',
        outcome: 'unknown',
      });
      expect(server.requests).toHaveLength(2);
    });

    it('CONN-SCIM-56: a group above the threshold is created empty and filled; a failure then leaves an unknown outcome', async () => {
      const { server, connector } = await served(
        ({ method }, response) => sendJson(response, method === 'POST' ? 201 : 500, { id: 'g' }),
        { properties: threshold },
      );
      expect(await errorOf(connector.create('group', team(1_000), {}))).toMatchObject({ outcome: 'unknown' });
      expect(JSON.parse(server.requests[0]?.body ?? '')).not.toHaveProperty('members');
      expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
    });

    it('CONN-SCIM-72: removals go in slices of the profile, and never all members with one operation', async () => {
      const { server, connector } = await served(respond);
      const change = { mode: 'patch' as const, body: team(0), before: team(250) };
      await connector.update('group', 'g', change, {});
      expect(operationsOf(server).map((operations) => operations.length)).toEqual([100, 100, 50]);
      expect(
        operationsOf(server)
          .flat()
          .every(({ op, path }) => op === 'remove' && path.startsWith('members[value eq "m')),
      ).toBe(true);
    });

    it('all members go one by one even when the known state is missing; some members then replace the list', async () => {
      const { server, connector } = await served(({ method }, response) =>
        method === 'GET' ? { id: 'g', ...team(2) } : void response.writeHead(204).end(),
      );
      await connector.update('group', 'g', { mode: 'patch', body: { members: [] } }, {});
      await connector.update('group', 'g', { mode: 'patch', body: { members: members(1) } }, {});
      expect(operationsOf(server)).toEqual([
        [
          { op: 'remove', path: 'members[value eq "m0"]' },
          { op: 'remove', path: 'members[value eq "m1"]' },
        ],
        [{ op: 'replace', path: 'members', value: [{ value: 'm0' }] }],
      ]);
    });

    it('CONN-CORE-54: a server that refuses to remove an absent member is asked again without it', async () => {
      const { server, connector } = await served(({ method, body }, response) => {
        if (method === 'GET') return { id: 'g', ...team(1, 1) };
        const refused = body.includes('m0');
        sendJson(response, refused ? 400 : 200, refused ? { scimType: 'noTarget' } : { id: 'g' });
        return undefined;
      });
      await connector.update(
        'group',
        'g',
        { mode: 'patch', body: { members: [] }, before: { members: members(2) } },
        {},
      );
      expect(operationsOf(server).at(-1)).toEqual([{ op: 'remove', path: 'members[value eq "m1"]' }]);
    });

    it('a server that takes no mixed requests gets additions and removals apart', async () => {
      const profile = {
        ...GENERIC_SCIM_2,
        members: { ...GENERIC_SCIM_2.members, mixed: false, removalsPerRequest: 1 },
      };
      const { server, connector } = await served(respond, { profile });
      await connector.update('group', 'g', { mode: 'patch', body: team(2, 2), before: team(2) }, {});
      expect(operationsOf(server).map((operations) => operations.map(({ op }) => op))).toEqual([
        ['add'],
        ['remove'],
        ['remove'],
      ]);
    });

    it('CONN-TCK-15: a group of 25 000 members: add one, remove one, replace all, within the request count', async () => {
      const properties = { 'scim.patch.group.members.above.threshold': '20000' };
      const { server, connector } = await served(respond, { properties });
      const whole = team(25_000);
      const counted = async (body: ReturnType<typeof team>): Promise<number> => {
        const start = server.requests.length;
        await connector.update('group', 'g', { mode: 'replace', body, before: whole }, {});
        return server.requests.length - start;
      };
      expect(await counted(team(25_001))).toBe(1);
      expect(await counted({ ...whole, members: whole.members.slice(1) })).toBe(1);
      expect(await counted(team(25_000, 25_000))).toBe(2 + 250);
    });
  });

  describe('resolveExisting', () => {
    const find = (connector: Opened, keys: string[], body = person(1)) =>
      connector.resolveExisting('user', body, keys, {});

    it('CNF-4: all attributes must match; two keys with one matching part resolve nothing', async () => {
      const { connector } = await simulated({ users: [person(1, { emails: [{ value: 'other@example.org' }] })] });
      expect(await find(connector, ['userName'])).toMatchObject({ outcome: 'one' });
      expect(await find(connector, ['userName', 'emails[0].value'])).toEqual({ outcome: 'none' });
    });

    it('CONN-TCK-11: two matches are many, with both identifiers', async () => {
      const { connector } = await served(() => ({
        Resources: [
          { id: 'a', displayName: 'x' },
          { id: 'b', displayName: 'X' },
        ],
        totalResults: 2,
      }));
      expect(await connector.resolveExisting('group', { displayName: 'x' }, ['displayName'], {})).toEqual({
        outcome: 'many',
        ids: ['a', 'b'],
      });
    });

    it('a server that ignores the filter never makes us adopt a stranger', async () => {
      const { connector, server } = await served(() => ({
        Resources: [{ id: '1', userName: 'admin' }],
        totalResults: 1,
      }));
      expect(await errorOf(find(connector, ['userName']))).toMatchObject({ kind: 'protocol', scope: 'entity' });
      server.respond(() => ({ Resources: [], totalResults: 3 }));
      expect((await errorOf(find(connector, ['userName']))).kind).toBe('protocol');
    });

    it('CONN-SCIM-52: a server that takes only one comparison is asked by one key, the rest is compared here', async () => {
      const { connector, server } = await served(({ url }, response) => {
        if (url.includes('and')) return sendJson(response, 400, { scimType: 'invalidFilter' });
        return { Resources: [{ ...person(1), id: '1' }], totalResults: 1 };
      });
      expect(await find(connector, ['userName', 'emails[0].value'])).toMatchObject({ outcome: 'one' });
      const stranger = person(1, { emails: [{ value: 'other@example.org' }] });
      expect(await find(connector, ['userName', 'emails[0].value'], stranger)).toEqual({ outcome: 'none' });
      server.respond((_request, response) => sendJson(response, 400, { scimType: 'invalidFilter' }));
      expect((await errorOf(find(connector, ['userName']))).kind).toBe('unsupported');
    });

    it('exists but invisible: a conflict although the filter finds nothing is "none", not a loop', async () => {
      const { connector, simulator } = await simulated({ dialect: 'hides-on-filter', users: [person(1)] });
      expect((await errorOf(connector.create('user', person(1), {}))).kind).toBe('conflict');
      expect(await find(connector, ['userName'])).toEqual({ outcome: 'none' });
      expect(simulator.statistics().requests).toBe(2);
    });

    it('a server that equates accents does not make two people one', async () => {
      const { connector } = await simulated({ dialect: 'folds-accents', users: [person(1, { userName: 'muller' })] });
      const body = person(1, { userName: 'müller' });
      expect((await errorOf(connector.create('user', body, {}))).kind).toBe('conflict');
      const outcome = await find(connector, ['userName'], body).then(
        (found) => found.outcome,
        (error: { kind?: string }) => error.kind,
      );
      expect(['none', 'protocol']).toContain(outcome);
    });
  });

  describe('CSRF (CONN-SCIM-10)', () => {
    const properties = { 'scim.api.csrf.protection': 'enabled', 'scim.csrf.token.path': '/Users?count=1' };

    it('scim.md §15: the token is fetched once, renewed when asked for, and never sent on reads', async () => {
      let valid = 'T1';
      const { server, connector } = await served(
        ({ method, headers }, response) => {
          if (headers['x-csrf-token'] === 'fetch') {
            const cookies = ['a=1; Path=/; HttpOnly', 'b=2'];
            return sendJson(response, 200, {}, { 'x-csrf-token': valid, 'set-cookie': cookies });
          }
          if (method === 'GET') return { Resources: [], totalResults: 0 };
          if (headers['x-csrf-token'] !== valid) return sendJson(response, 403, {}, { 'x-csrf-token': 'Required' });
          return sendJson(response, 201, { id: '1' });
        },
        { properties },
      );
      await Promise.all([connector.create('user', person(1), {}), connector.create('user', person(2), {})]);
      const fetches = () => server.requests.filter(({ headers }) => headers['x-csrf-token'] === 'fetch').length;
      expect(fetches()).toBe(1);
      expect(server.requests.find(({ method }) => method === 'POST')?.headers.cookie).toBe('a=1; b=2');
      valid = 'T2';
      await connector.create('user', person(3), {});
      expect(fetches()).toBe(2);
      await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      expect(server.requests.at(-1)?.headers).not.toHaveProperty('x-csrf-token');
    });

    it('a permission problem is not mistaken for a missing token', async () => {
      const { server, connector } = await served(
        ({ headers }, response) =>
          sendJson(response, headers['x-csrf-token'] === 'fetch' ? 200 : 403, {}, { 'x-csrf-token': 'T' }),
        { properties },
      );
      expect((await errorOf(connector.create('user', person(1), {}))).kind).toBe('forbidden');
      expect(server.requests).toHaveLength(2);
    });

    it('a path without token is reported, and tried again with the next write', async () => {
      const { server, connector } = await served(() => ({}), { properties });
      expect((await errorOf(connector.create('user', person(1), {}))).safeMessage).toContain('x-csrf-token');
      await errorOf(connector.create('user', person(1), {}));
      expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
    });
  });

  it('beforeWrite is asked before each single request of a sequence, and its refusal ends the call', async () => {
    const properties = { 'scim.patch.group.members.above.threshold': '2' };
    const { server, connector } = await served((_request, response) => void response.writeHead(204).end(), {
      properties,
    });
    let allowed = 2;
    const beforeWrite = (): void => {
      if (allowed-- === 0) throw new RangeError('the lease ends');
    };
    const change = { mode: 'replace', body: team(7), before: team(0) } as const;
    await expect(connector.update('group', 'g', change, { beforeWrite })).rejects.toThrow('the lease ends');
    expect(server.requests).toHaveLength(2);
  });

  it('closing twice is fine, and nothing can be sent afterwards', async () => {
    const { server, connector } = await served(() => ({ id: '1' }));
    await connector.close();
    await connector.close();
    expect(await errorOf(connector.create('user', person(1), {}))).toMatchObject({ outcome: 'not-applied' });
    expect(server.requests).toHaveLength(0);
  });

  it('40 writes at a time on one stop signal are no leak', async () => {
    const { connector } = await simulated({ latency: {} });
    const stop = new AbortController();
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => connector.create('user', person(n), { signal: stop.signal })),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });
});
