import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { ENTERPRISE_SCHEMA, PATCH_SCHEMA } from '../../simulators/scim/scim-model.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { requestScim, textOf, type HttpAnswer } from '../support/scim-client.js';

let sim: ScimSimulator;
let user: string;
let group: string;
let members: string[];

beforeEach(async () => {
  sim = await startScimSimulator();
  user = sim.store.add('User', {
    userName: 'ada.berg',
    name: { givenName: 'Ada', familyName: 'Berg' },
    emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
    [ENTERPRISE_SCHEMA]: { department: 'Sales' },
  });
  members = ['ben', 'carla', 'dana'].map((userName) => sim.store.add('User', { userName }));
  group = sim.store.add('Group', { displayName: 'Sales', members: [{ value: user }] });
});

afterEach(() => sim.stop());

async function patch(path: string, ...operations: JsonObject[]): Promise<HttpAnswer> {
  return requestScim('PATCH', `${sim.url}${path}`, { schemas: [PATCH_SCHEMA], Operations: operations });
}

async function patchUser(...operations: JsonObject[]): Promise<JsonObject | string> {
  const answer = await patch(`/Users/${user}`, ...operations);
  return answer.status === 200 ? answer.json : `${answer.status} ${textOf(answer.json, 'scimType')}`;
}

function memberIds(): JsonValue[] {
  const found = sim.store.get('Group', group)?.['members'];
  return Array.isArray(found) ? found.map((member) => (member as { value: string }).value) : [];
}

describe('PATCH of users (RFC 7644 §3.5.2)', () => {
  it('replaces, adds and removes by path, with op in any case', async () => {
    const after = await patchUser(
      { op: 'Replace', path: 'name.givenName', value: 'Adele' },
      { op: 'ADD', path: 'title', value: 'Expert' },
      { op: 'remove', path: 'EMAILS' },
    );
    expect(after).toMatchObject({ name: { givenName: 'Adele', familyName: 'Berg' }, title: 'Expert' });
    expect(after).not.toHaveProperty('emails');
  });

  it('value paths: change, remove, and make the element that is missing on add only', async () => {
    expect(
      await patchUser({ op: 'replace', path: 'emails[type eq "work"].value', value: 'a@example.com' }),
    ).toMatchObject({
      emails: [{ value: 'a@example.com', type: 'work', primary: true }],
    });
    expect(await patchUser({ op: 'replace', path: 'emails[type eq "home"].value', value: 'x' })).toBe('400 noTarget');
    expect(await patchUser({ op: 'add', path: 'emails[type eq "home"].value', value: 'h@example.com' })).toMatchObject({
      emails: [{ type: 'work' }, { type: 'home', value: 'h@example.com' }],
    });
    expect(await patchUser({ op: 'remove', path: 'emails[type eq "work"]' })).toMatchObject({
      emails: [{ type: 'home', value: 'h@example.com' }],
    });
  });

  it('without path: plain, dotted and URN keys; id and meta are passed over', async () => {
    const value = {
      id: 'x',
      'name.familyName': 'Dahl',
      title: 'T',
      [`${ENTERPRISE_SCHEMA}:department`]: 'IT',
      active: false,
    };
    expect(await patchUser({ op: 'replace', value })).toMatchObject({
      id: user,
      title: 'T',
      active: false,
      name: { givenName: 'Ada', familyName: 'Dahl' },
      [ENTERPRISE_SCHEMA]: { department: 'IT' },
    });
    expect(await patchUser({ op: 'add', value: { [ENTERPRISE_SCHEMA]: { costCenter: '7' } } })).toMatchObject({
      [ENTERPRISE_SCHEMA]: { department: 'IT', costCenter: '7' },
    });
  });

  it('add to a multi-valued attribute does not repeat what is there', async () => {
    const value = [
      { value: 'ada@example.com', type: 'work' },
      { value: 'two@example.com', type: 'other' },
    ];
    expect(await patchUser({ op: 'add', path: 'emails', value })).toMatchObject({
      emails: [{ value: 'ada@example.com', primary: true }, { value: 'two@example.com' }],
    });
  });

  it('refuses with the keywords of the RFC, and a refused PATCH changes nothing', async () => {
    const before = sim.store.get('User', user);
    expect(await patchUser({ op: 'replace', path: 'title', value: 'T' }, { op: 'remove' })).toBe('400 noTarget');
    expect(
      await patchUser({ op: 'replace', path: 'title', value: 'T' }, { op: 'replace', path: 'id', value: 'x' }),
    ).toBe('400 mutability');
    expect(await patchUser({ op: 'set', path: 'title', value: 'T' })).toBe('400 invalidSyntax');
    expect(await patchUser({ op: 'replace', path: '__proto__.x', value: 'T' })).toBe('400 invalidPath');
    expect(await patchUser({ op: 'replace', path: 'constructor.prototype', value: 'T' })).toBe('400 invalidPath');
    expect(await patchUser({ op: 'add', path: 'title' })).toBe('400 invalidValue');
    expect(await patchUser({ op: 'remove', path: 'userName' })).toBe('400 invalidValue');
    expect(await patchUser({ op: 'replace', path: 'userName', value: 'BEN' })).toBe('409 uniqueness');
    expect(sim.store.get('User', user)).toEqual(before);
  });

  it('a rename by PATCH is found by its new name only', async () => {
    await patchUser({ op: 'replace', path: 'userName', value: 'ada.dahl' });
    expect(sim.store.find('User', 'userName', 'ADA.dahl')).toHaveLength(1);
    expect(sim.store.find('User', 'userName', 'ada.berg')).toEqual([]);
  });

  it('dialects: put-only answers 501, patch-only 204 without a body', async () => {
    await sim.stop();
    sim = await startScimSimulator({ dialect: 'put-only' });
    user = sim.store.add('User', { userName: 'a' });
    expect(await patchUser({ op: 'add', path: 'title', value: 'T' })).toBe('501 ');
    await sim.stop();
    sim = await startScimSimulator({ dialect: 'patch-only' });
    user = sim.store.add('User', { userName: 'a' });
    expect((await patch(`/Users/${user}`, { op: 'add', path: 'title', value: 'T' })).status).toBe(204);
    expect((await requestScim('PUT', `${sim.url}/Users/${user}`, { userName: 'a' })).status).toBe(501);
  });
});

describe('PATCH of group members', () => {
  it('CONN-SCIM-72: adds a list, removes one by filter and several by value', async () => {
    await patch(`/Groups/${group}`, { op: 'add', path: 'members', value: members.map((value) => ({ value })) });
    expect(memberIds()).toEqual([user, ...members]);
    await patch(`/Groups/${group}`, { op: 'remove', path: `members[value eq "${user}"]` });
    expect(memberIds()).toEqual(members);
    await patch(`/Groups/${group}`, { op: 'Remove', path: 'members', value: [{ value: members[0] ?? '' }] });
    expect(memberIds()).toEqual(members.slice(1));
    await patch(`/Groups/${group}`, { op: 'add', value: { members: [{ value: user }], displayName: 'Sales 2' } });
    expect([memberIds(), sim.store.get('Group', group)?.['displayName']]).toEqual([
      [...members.slice(1), user],
      'Sales 2',
    ]);
  });

  it('replace gives the whole list, remove without filter empties it', async () => {
    await patch(`/Groups/${group}`, { op: 'replace', path: 'members', value: [{ value: members[1] ?? '' }] });
    expect(memberIds()).toEqual([members[1]]);
    await patch(`/Groups/${group}`, { op: 'remove', path: 'members' });
    expect(memberIds()).toEqual([]);
  });

  it('the order of operations counts: removed then added is a member, added then removed is none', async () => {
    const [ben = '', carla = ''] = members;
    await patch(
      `/Groups/${group}`,
      { op: 'remove', path: 'members' },
      { op: 'add', path: 'members', value: [{ value: ben }, { value: carla }, { value: user }] },
      { op: 'remove', path: `members[value eq "${carla}"]` },
    );
    expect(memberIds()).toEqual([ben, user]);
  });

  it('an unknown member refuses the whole PATCH', async () => {
    const answer = await patch(
      `/Groups/${group}`,
      { op: 'replace', path: 'displayName', value: 'Other' },
      { op: 'add', path: 'members', value: [{ value: members[0] ?? '' }, { value: 'nobody' }] },
    );
    expect([answer.status, answer.json['scimType']]).toEqual([400, 'invalidValue']);
    expect([memberIds(), sim.store.get('Group', group)?.['displayName']]).toEqual([[user], 'Sales']);
  });

  it('dialects: membersOnCreate ignored or refused, members hidden and limited per PATCH', async () => {
    const create = async (displayName: string): Promise<HttpAnswer> => {
      const id = sim.store.add('User', { userName: displayName });
      return requestScim('POST', `${sim.url}/Groups`, { displayName, members: [{ value: id }] });
    };
    await sim.stop();
    sim = await startScimSimulator({ dialect: 'groups-without-members' });
    expect((await create('a')).json).not.toHaveProperty('members');
    await sim.stop();
    sim = await startScimSimulator({ dialect: 'refuses-members-on-create' });
    expect((await create('a')).status).toBe(400);
    await sim.stop();
    sim = await startScimSimulator({ dialect: 'hides-members', dialectChanges: { maxMembersPerPatch: 1 } });
    group = textOf((await create('a')).json, 'id');
    expect((await requestScim('GET', `${sim.url}/Groups/${group}`)).json).not.toHaveProperty('members');
    const two = ['x', 'y'].map((userName) => ({ value: sim.store.add('User', { userName }) }));
    expect((await patch(`/Groups/${group}`, { op: 'add', path: 'members', value: two })).json['scimType']).toBe(
      'tooMany',
    );
    expect(sim.store.entry('Group', group)?.members.size).toBe(1);
  });
});
