import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HttpFront } from '../../connectors/conformance/http-front.js';
import type { JsonObject } from '../../core/json.js';
import { startBetterAuthScim, type ForeignScimServer } from '../support/foreign-scim.js';
import { testScim2Server } from '../support/scim2-server.js';
import { group, summary, World } from '../support/world.js';

const PEOPLE = 60;
const GROUPS = 6;
const id = (n: number): string => `P${String(n).padStart(3, '0')}`;

/** A person as the source has them. */
function person(n: number, change: JsonObject = {}): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    id: id(n),
    // Better Auth takes somebody back whom it has deleted only by this.
    externalId: id(n),
    userName: `${id(n).toLowerCase()}@example.com`,
    name: { givenName: `Given ${n}`, familyName: `Family ${n}` },
    displayName: `Person ${n}`,
    emails: [{ value: `${id(n).toLowerCase()}@example.com`, type: 'work', primary: true }],
    active: true,
    ...change,
  };
}

/** What of a person must be the same everywhere. */
function essence(user: JsonObject): string {
  const [mail] = (user['emails'] ?? []) as JsonObject[];
  const { userName, displayName, title, active, name } = user;
  const { givenName, familyName } = (name ?? {}) as JsonObject;
  return JSON.stringify([userName, displayName, title ?? null, active ?? true, givenName, familyName, mail?.['value']]);
}

/** Names of groups with the user names, and the names of groups, in them. */
function memberships(groups: readonly JsonObject[], users: readonly JsonObject[]): string[] {
  const names = new Map([...users.map((user) => [user['id'], user['userName']] as const)]);
  for (const one of groups) names.set(one['id'], one['displayName']);
  return groups
    .map((one) => {
      const members = ((one['members'] ?? []) as JsonObject[]).map((member) => String(names.get(member['value'])));
      return `${String(one['displayName'])}: ${members.sort().join(' ')}`;
    })
    .sort();
}

const python = testScim2Server();
python.describe('A whole life, from SCIM into two servers that nobody of this project wrote', () => {
  let world: World;
  const targets: { readonly server: ForeignScimServer; readonly front: HttpFront; writes: number }[] = [];

  beforeAll(async () => {
    world = await World.start({
      source: { users: Array.from({ length: PEOPLE }, (_, n) => person(n)), groups: teams() },
    });
    for (const server of [await python.start(), await startBetterAuthScim()]) {
      const front = await HttpFront.start(new URL(server.url).origin);
      const target = { server, front, writes: 0 };
      front.interfere = ({ method }, forward) => {
        if (method !== 'GET') target.writes += 1;
        return forward();
      };
      targets.push(target);
      if (server.auth.kind !== 'bearer') throw new Error('a token is expected');
      await world.engine.addTarget(server.name, `http://127.0.0.1:${front.port}${new URL(server.url).pathname}`, {
        properties: { Authentication: 'BasicAuthentication', 'scim.support.patch.operation': 'true' },
        secrets: { 'ips.http.header.authorization': `Bearer ${server.auth.token}` },
      });
    }
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    for (const { server, front } of targets) {
      await front.stop();
      await server.stop();
    }
  });

  const teams = (): JsonObject[] =>
    Array.from({ length: GROUPS }, (_, g) =>
      group(
        `Team ${g}`,
        Array.from({ length: PEOPLE / GROUPS }, (__, n) => id(g * (PEOPLE / GROUPS) + n)),
      ),
    );

  /** One job, then one more that must write nothing; both targets are the image of the source. */
  async function mustArrive(): Promise<void> {
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect([job.status, summary(statistics)]).toEqual(['Success', expect.anything()]);
    const source = world.source.store.snapshot();
    for (const { server } of targets) {
      const target = await server.snapshot();
      expect(target.users.map(essence).sort()).toEqual(source.users.map(essence).sort());
      expect(memberships(target.groups, target.users)).toEqual(memberships(source.groups, source.users));
    }
    const before = targets.map(({ writes }) => writes);
    expect((await world.engine.runJob(world.hr)).job.status).toBe('Success');
    expect(targets.map(({ writes }) => writes)).toEqual(before);
  }

  const update = (n: number, change: JsonObject): void => world.source.store.update('User', id(n), change);

  it('join: everybody and all groups arrive', mustArrive, 60_000);

  it('change: titles, names, and somebody who is locked', async () => {
    for (const n of [1, 2, 3, 4, 5]) update(n, { title: `Title ${n}`, displayName: `Changed ${n}` });
    update(6, { active: false });
    await mustArrive();
  }, 60_000);

  it('rename: user names and mail addresses', async () => {
    for (const n of [7, 8]) {
      const name = `renamed${n}@example.com`;
      update(n, { userName: name, emails: [{ value: name, type: 'work', primary: true }] });
    }
    await mustArrive();
  }, 60_000);

  it('a title that is given goes again', async () => {
    const { title: _, ...rest } = world.source.store.get('User', id(1)) ?? {};
    world.source.store.remove('User', id(1));
    world.source.store.add('User', rest);
    await mustArrive();
  }, 60_000);

  it('leave: who is gone from the source is gone from the targets', async () => {
    for (const n of [10, 11, 12]) world.source.store.remove('User', id(n));
    await mustArrive();
  }, 60_000);

  it('return with the same id', async () => {
    for (const n of [10, 11]) world.source.store.add('User', person(n, { title: 'Back' }));
    await mustArrive();
  }, 60_000);

  it('re-created with a new id: the account is taken over, nobody is deleted', async () => {
    const accounts = await Promise.all(
      targets.map(async ({ server }) => accountOf(server, `${id(20).toLowerCase()}@example.com`)),
    );
    world.source.store.remove('User', id(20));
    world.source.store.add('User', person(20, { id: 'P020-new' }));
    await mustArrive();
    expect(
      await Promise.all(targets.map(async ({ server }) => accountOf(server, `${id(20).toLowerCase()}@example.com`))),
    ).toEqual(accounts);
  }, 60_000);

  it('CNF-10: two people swap their user names', async () => {
    const [left, right] = [32, 33].map((n) => world.source.store.get('User', id(n)) ?? {}) as [JsonObject, JsonObject];
    for (const n of [32, 33]) world.source.store.remove('User', id(n));
    world.source.store.add('User', { ...left, userName: right['userName'] ?? null });
    world.source.store.add('User', { ...right, userName: left['userName'] ?? null });
    await mustArrive();
  }, 60_000);

  it('CNF-10: a swap of mail addresses, also where the target holds them unique without being told', async () => {
    const mail = (text: string): JsonObject => ({ emails: [{ value: text, type: 'work', primary: true }] });
    const [a, b] = [30, 31].map((n) => `${id(n).toLowerCase()}@example.com`) as [string, string];
    update(30, mail(b));
    update(31, mail(a));
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Success');
    for (const { server } of targets) expect(summary(statistics)[`${server.name} user`]).toBe('updated 2');
    await mustArrive();
  }, 60_000);

  it('a group of everybody, and one of a single member', async () => {
    const everybody = world.source.store.list('User').map((user) => String(user['id']));
    world.source.store.add('Group', group('All', everybody));
    world.source.store.add('Group', group('Solo', [id(50)]));
    await mustArrive();
  }, 60_000);

  it('CONN-TCK-16: a group loses its last member, one is renamed, one goes, one comes', async () => {
    world.source.store.update('Group', 'Solo', { members: [] });
    world.source.store.update('Group', 'Team 1', { displayName: 'Group Team One' });
    world.source.store.remove('Group', 'Team 2');
    world.source.store.add('Group', group('Team 9', [id(40), id(41)]));
    await mustArrive();
  }, 60_000);

  async function accountOf(server: ForeignScimServer, userName: string): Promise<unknown> {
    return (await server.snapshot()).users.find((user) => user['userName'] === userName)?.['id'];
  }
});
