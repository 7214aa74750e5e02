import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { generatePeople, generatePopulation } from '../../simulators/population.js';
import { loadForeign } from '../../simulators/foreign/foreign-server.js';
import { authorizationOf, startBetterAuthScim, startScimmy, type ForeignScimServer } from '../support/foreign-scim.js';
import { requestScim, resourcesOf, textOf, type HttpAnswer } from '../support/scim-client.js';

/* These tests pin what docs/compatibility.md says: an update of the packages that changes it fails here. */

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

type Call = (method: string, path: string, body?: unknown) => Promise<HttpAnswer>;

function callerOf(server: ForeignScimServer): Call {
  const authorization = authorizationOf(server.auth);
  return (method, path, body) => requestScim(method, `${server.url}${path}`, body, { authorization });
}

function patchOf(...operations: JsonObject[]): JsonObject {
  return { schemas: [PATCH_SCHEMA], Operations: operations };
}

function memberIds(group: JsonObject): string[] {
  const members = group['members'];
  return Array.isArray(members) ? members.filter(isJsonObject).map((member) => textOf(member, 'value')) : [];
}

async function filtered(call: Call, filter: string): Promise<string> {
  const answer = await call('GET', `/Users?filter=${encodeURIComponent(filter)}`);
  if (answer.status !== 200) return `${answer.status} ${textOf(answer.json, 'scimType')}`;
  return String(resourcesOf(answer).length);
}

describe('SCIMMY', () => {
  const population = generatePopulation({ people: 45, groups: 14, seed: 1 });
  let server: ForeignScimServer;
  let call: Call;

  beforeAll(async () => {
    server = await startScimmy({ people: population.people, groups: population.groups });
    call = callerOf(server);
  });
  afterAll(() => server.stop());

  it('wants user and password', async () => {
    expect((await requestScim('GET', `${server.url}/Users`)).status).toBe(401);
    expect((await call('GET', '/Users?count=1')).status).toBe(200);
  });

  it('as source: delivers people with extension and groups with members, 20 at a time unless asked', async () => {
    const first = await call('GET', '/Users?startIndex=1&count=40');
    const second = await call('GET', '/Users?startIndex=41&count=40');
    expect([...resourcesOf(first), ...resourcesOf(second)].map(({ meta: _meta, ...person }) => person)).toEqual(
      population.people,
    );
    expect(second.json).toMatchObject({ totalResults: 45, itemsPerPage: 40 });
    expect(resourcesOf(await call('GET', '/Users'))).toHaveLength(20);
    const groups = resourcesOf(await call('GET', '/Groups?count=50'));
    expect(groups.map(memberIds)).toEqual(
      population.groups.map((group) => group.members.map((member) => member.value)),
    );
  });

  it('CONN-SCIM-21: a page behind the end is the first page once more', async () => {
    const behind = await call('GET', '/Users?startIndex=46&count=10');
    expect(resourcesOf(behind).map((person) => person['id'])).toEqual(
      population.people.slice(0, 10).map((person) => person.id),
    );
  });

  it.each([
    ['userName eq "bruno.gallo"', '1'],
    ['userName eq "BRUNO.GALLO"', '0'],
    ['id eq "p1-0000000"', '1'],
    ['externalId eq "E100000"', '1'],
    ['emails.value eq "bruno.gallo@example.com"', '1'],
    ['meta.lastModified gt "2001-01-01T00:00:00Z"', '20'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "100000"', '0'],
    ['userName xx "a"', '400 invalidFilter'],
  ])('filter %s → %s', async (filter, expected) => {
    expect(await filtered(call, filter)).toBe(expected);
  });

  it('as target: creates without Location, 409 uniqueness, PUT clears, PATCH 200 or 204 when nothing changes, 404 after DELETE', async () => {
    const created = await call('POST', '/Users', {
      schemas: [USER_SCHEMA],
      userName: 'new.person',
      title: 'T',
      unknown: 1,
    });
    expect([created.status, created.headers.get('location')]).toEqual([201, null]);
    expect(created.json).not.toHaveProperty('unknown');
    expect(created.json['meta']).toMatchObject({ location: `/scim/Users/${textOf(created.json, 'id')}` });
    const conflict = await call('POST', '/Users', { schemas: [USER_SCHEMA], userName: 'NEW.person' });
    expect([conflict.status, textOf(conflict.json, 'scimType')]).toEqual([409, 'uniqueness']);
    const path = `/Users/${textOf(created.json, 'id')}`;
    expect((await call('PUT', path, { schemas: [USER_SCHEMA], userName: 'new.person' })).json).not.toHaveProperty(
      'title',
    );
    const title = patchOf({ op: 'replace', path: 'title', value: 'X' });
    expect((await call('PATCH', path, title)).json).toMatchObject({ title: 'X' });
    expect((await call('PATCH', path, title)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(404);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('members change by PATCH; a deleted user leaves the groups', async () => {
    const [ada = '', ben = ''] = await Promise.all(
      ['m.one', 'm.two'].map(async (userName) =>
        textOf((await call('POST', '/Users', { schemas: [USER_SCHEMA], userName })).json, 'id'),
      ),
    );
    const group = await call('POST', '/Groups', {
      schemas: [GROUP_SCHEMA],
      displayName: 'New',
      members: [{ value: ada }],
    });
    const path = `/Groups/${textOf(group.json, 'id')}`;
    const change = patchOf(
      { op: 'add', path: 'members', value: [{ value: ben }] },
      { op: 'remove', path: `members[value eq "${ada}"]` },
    );
    expect(memberIds((await call('PATCH', path, change)).json)).toEqual([ben]);
    await call('DELETE', `/Users/${ben}`);
    expect(memberIds((await call('GET', path)).json)).toEqual([]);
  });

  it('two servers in one process keep their entities apart', async () => {
    const other = await startScimmy();
    await callerOf(other)('POST', '/Users', { schemas: [USER_SCHEMA], userName: 'only.there' });
    expect((await other.snapshot()).users).toHaveLength(1);
    expect(await filtered(call, 'userName eq "only.there"')).toBe('0');
    await other.stop();
  });
});

describe('Better Auth SCIM', () => {
  let server: ForeignScimServer;
  let call: Call;

  beforeAll(async () => {
    server = await startBetterAuthScim();
    call = callerOf(server);
  });
  afterAll(() => server.stop());

  async function create(userName: string, more: JsonObject = {}): Promise<HttpAnswer> {
    const emails = [{ value: `${userName}@example.com`, type: 'work', primary: true }];
    return call('POST', '/Users', { schemas: [USER_SCHEMA], userName, emails, ...more });
  }

  it('wants the bearer token', async () => {
    expect((await requestScim('GET', `${server.url}/Users`)).status).toBe(401);
    expect((await call('GET', '/Users')).json['totalResults']).toBe(0);
  });

  it('keeps a generated person as it is, except for what it gives and knows itself', async () => {
    const [, person] = generatePeople(2, 1);
    const answer = await call('POST', '/Users', person);
    expect(answer.status).toBe(201);
    const { id, ...rest } = person ?? { id: '' };
    expect(answer.json).toMatchObject(rest);
    expect(answer.json['id']).not.toBe(id);
    expect(answer.headers.get('location')).toBe(`${server.url}/Users/${textOf(answer.json, 'id')}`);
  });

  it('userName (in any case), externalId and e-mail are each unique: 409; one of many at the same time wins', async () => {
    await create('twice', { externalId: 'X1' });
    const conflicts = [
      await create('TWICE'),
      await create('other1', { externalId: 'X1' }),
      await create('other2', { emails: [{ value: 'twice@example.com' }] }),
    ];
    expect(conflicts.map((answer) => `${answer.status} ${textOf(answer.json, 'scimType')}`)).toEqual(
      Array(3).fill('409 uniqueness'),
    );
    const race = await Promise.all(Array.from({ length: 6 }, () => create('racer')));
    expect(race.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it.each([
    ['userName eq "Twice"', '1'],
    ['externalId eq "X1"', '1'],
    ['emails.value eq "twice@example.com"', '1'],
    ['userName eq "twice" and externalId eq "X1"', '1'],
    ['userName sw "twi"', '400 invalidFilter'],
    ['displayName eq "x"', '400 invalidFilter'],
    ['meta.lastModified gt "2001-01-01T00:00:00Z"', '400 invalidFilter'],
  ])('filter %s → %s', async (filter, expected) => {
    expect(await filtered(call, filter)).toBe(expected);
  });

  it('refuses a person without mail, a body without schemas, an extension it does not know; drops unknown attributes', async () => {
    const bodies = [
      { schemas: [USER_SCHEMA], userName: 'no.mail' },
      { userName: 'a@example.com' },
      { schemas: [USER_SCHEMA, 'urn:x:2.0:User'], userName: 'b@example.com' },
    ];
    for (const body of bodies)
      expect(textOf((await call('POST', '/Users', body)).json, 'scimType')).toBe('invalidValue');
    expect((await create('drops', { nickName: 'n' })).json).not.toHaveProperty('nickName');
  });

  it('PUT clears what is absent; PATCH knows its own paths only', async () => {
    const id = textOf((await create('changes', { title: 'T' })).json, 'id');
    const put = { schemas: [USER_SCHEMA], userName: 'changes', emails: [{ value: 'changes@example.com' }] };
    expect((await call('PUT', `/Users/${id}`, put)).json).not.toHaveProperty('title');
    const change = patchOf(
      { op: 'replace', path: 'title', value: 'X' },
      { op: 'replace', path: 'active', value: false },
    );
    expect((await call('PATCH', `/Users/${id}`, change)).json).toMatchObject({ title: 'X', active: false });
    const unknown = await call('PATCH', `/Users/${id}`, patchOf({ op: 'replace', path: 'nickName', value: 'n' }));
    expect(textOf(unknown.json, 'scimType')).toBe('invalidPath');
    expect((await call('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await call('DELETE', `/Users/${id}`)).status).toBe(404);
  });

  it('CNF: who returns is known again by externalId; without one it is 409, and no filter finds the account', async () => {
    const leave = async (userName: string, more: JsonObject = {}): Promise<void> => {
      await call('DELETE', `/Users/${textOf((await create(userName, more)).json, 'id')}`);
    };
    await leave('with.id', { externalId: 'R1' });
    expect((await create('with.id', { externalId: 'R1' })).status).toBe(201);
    await leave('without.id');
    expect((await create('without.id')).status).toBe(409);
    expect(await filtered(call, 'userName eq "without.id"')).toBe('0');
    expect(await filtered(call, 'emails.value eq "without.id@example.com"')).toBe('0');
  });

  it('groups: members must be users here, 100 of them and more; they change by PATCH and PUT', async () => {
    const ids = await Promise.all(
      Array.from({ length: 120 }, async (_, number) => ({
        value: textOf((await create(`member${number}`)).json, 'id'),
      })),
    );
    const unknown = { schemas: [GROUP_SCHEMA], displayName: 'Unknown', members: [{ value: 'nobody' }] };
    expect(textOf((await call('POST', '/Groups', unknown)).json, 'scimType')).toBe('invalidValue');
    const group = await call('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName: 'All', members: ids });
    expect([group.status, memberIds(group.json).length]).toEqual([201, 120]);
    expect((await call('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName: 'ALL' })).status).toBe(409);
    const path = `/Groups/${textOf(group.json, 'id')}`;
    const remove = patchOf(
      ...ids.slice(2).map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` })),
    );
    expect(memberIds((await call('PATCH', path, remove)).json).sort()).toEqual(
      ids
        .slice(0, 2)
        .map(({ value }) => value)
        .sort(),
    );
    expect(
      memberIds(
        (await call('PUT', path, { schemas: [GROUP_SCHEMA], displayName: 'All', members: ids.slice(0, 1) })).json,
      ),
    ).toHaveLength(1);
    expect((await server.snapshot()).groups).toHaveLength(1);
  });

  it('pages hold 100 at most; behind the end they are empty; /.search does not exist', async () => {
    const page = await call('GET', '/Users?startIndex=1&count=500');
    expect([page.json['itemsPerPage'], resourcesOf(page).length]).toEqual([100, 100]);
    expect(resourcesOf(await call('GET', '/Users?startIndex=5000&count=10'))).toEqual([]);
    expect((await call('POST', '/Users/.search', { filter: 'userName eq "twice"' })).status).toBe(404);
  });
});

it('a missing package is named together with the cure', async () => {
  await expect(loadForeign('scimmy', () => Promise.reject(new Error('not found')))).rejects.toThrow(
    /package scimmy; run "npm ci"/,
  );
});
