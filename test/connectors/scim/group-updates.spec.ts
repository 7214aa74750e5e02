import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../core/json.js';
import { GENERIC_SCIM_2 } from '../../../connectors/scim/profile.js';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { closedAfterEach, openScim, type OpenOptions } from '../support/scim.js';

const closing = closedAfterEach();

const PATCH = { 'scim.support.patch.operation': 'true' };
const USERS_ONLY = { 'scim.patch.group.members.of.nested.groups': 'true' };

async function simulated(server: ScimSimulatorOptions, options: OpenOptions = {}) {
  const users = [...'abcdef'].map((id) => ({ id, userName: id }));
  const nested = ['g', 'h'].map((id) => ({ id, displayName: id }));
  const simulator = await startScimSimulator({
    users,
    journal: { keepBodies: true },
    ...server,
    groups: [...(server.groups ?? []), ...nested],
  });
  const connector = openScim(simulator.url, options);
  closing(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

const member = (id: string) => ({ value: id, type: 'gh'.includes(id) ? 'Group' : 'User' });
const team = (ids: string, change: JsonObject = {}) => ({
  id: 'team',
  displayName: 'Team',
  members: [...ids].map(member),
  ...change,
});

function membersOf(simulator: ScimSimulator): string {
  const found = simulator.store.snapshot().groups.find(({ id }) => id === 'team')?.['members'];
  const members = Array.isArray(found) ? found : [];
  return members
    .map((one) => String(Object(one)['value']))
    .sort()
    .join('');
}

const sent = (simulator: ScimSimulator): string[] => simulator.journal.writesSince(0).map(({ method }) => method);

describe('members of groups', () => {
  it.each([50, 98])('WRT-5: at most %i members are removed by one PATCH, whatever the threshold', async (limit) => {
    const users = Array.from({ length: 200 }, (_, n) => ({ id: `u${n}`, userName: `u${n}` }));
    const all = users.map(({ id }) => ({ value: id, type: 'User' }));
    const profile = { ...GENERIC_SCIM_2, members: { ...GENERIC_SCIM_2.members, removalsPerRequest: limit } };
    const { simulator, connector } = await simulated(
      { users, groups: [{ ...team(''), members: all }] },
      { properties: { ...PATCH, 'scim.patch.group.members.above.threshold': '1000' }, profile },
    );
    const [before, body] = [
      { ...team(''), members: all },
      { ...team(''), members: all.slice(120) },
    ];
    await connector.update('group', 'team', { mode: 'patch', before, body }, {});
    const removals = simulator.journal
      .writesSince(0)
      .map(({ body: text }) => JSON.parse(text ?? '{}').Operations.length);
    expect(Math.max(...removals)).toBe(limit);
    expect(removals.reduce((sum: number, count: number) => sum + count, 0)).toBe(120);
    expect(simulator.store.snapshot().groups.find(({ id }) => id === 'team')?.['members']).toHaveLength(80);
  });

  it('CONN-SCIM-72: where the profile says so, members are removed with a list of them', async () => {
    const properties = {
      ...PATCH,
      'scim.profile': JSON.stringify({ members: { removal: 'list', removalsPerRequest: 2 } }),
    };
    const { simulator, connector } = await simulated({ groups: [team('abcde')] }, { properties });
    await connector.update('group', 'team', { mode: 'patch', before: team('abcde'), body: team('de') }, {});
    expect(membersOf(simulator)).toBe('de');
    const operations = simulator.journal.writesSince(0).map(({ body }) => JSON.parse(body ?? '{}').Operations);
    expect(operations).toEqual([
      [{ op: 'remove', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }],
      [{ op: 'remove', path: 'members', value: [{ value: 'c' }] }],
    ]);
  });

  it.each(['0', '-5', '1.5', 'many', '200001'])(
    'CONN-SCIM-71: a threshold of %s counts as that of the profile',
    async (text) => {
      const profile = { ...GENERIC_SCIM_2, members: { ...GENERIC_SCIM_2.members, threshold: 3 } };
      const properties = { 'scim.patch.group.members.above.threshold': text };
      const { simulator, connector } = await simulated({ groups: [team('ab')] }, { properties, profile });
      await connector.update('group', 'team', { mode: 'replace', body: team('abc') }, {});
      await connector.update('group', 'team', { mode: 'replace', body: team('abcd') }, {});
      expect(sent(simulator)).toEqual(['PUT', 'PATCH']);
      expect(membersOf(simulator)).toBe('abcd');
    },
  );

  it.each(['patch', 'replace'] as const)(
    'WRT-6, CONN-SCIM-74: with nested groups only user members are compared and written, by PATCH (%s)',
    async (mode) => {
      const properties = mode === 'patch' ? { ...PATCH, ...USERS_ONLY } : USERS_ONLY;
      const { simulator, connector } = await simulated({ groups: [team('abg')] }, { properties });
      const result = await connector.update(
        'group',
        'team',
        { mode, before: team('ab'), body: { ...team('bch'), displayName: 'Renamed' } },
        {},
      );
      expect(result.applied).toBe('updated');
      expect(membersOf(simulator)).toBe('bcg');
      expect(simulator.store.snapshot().groups[0]).toMatchObject({ displayName: 'Renamed' });
      expect(sent(simulator).every((method) => method === 'PATCH')).toBe(true);
    },
  );

  it('WRT-6, CONN-CORE-58: what the caller knows to be a group is one, though nothing says so', async () => {
    const { simulator, connector } = await simulated({ groups: [team('ab')] }, { properties: USERS_ONLY });
    const body = { ...team(''), members: [{ value: 'a' }, { value: 'c' }, { value: 'h' }] };
    await connector.update('group', 'team', { mode: 'replace', body, memberGroups: new Set(['h']) }, {});
    expect(membersOf(simulator)).toBe('ac');
  });

  it.each([
    ['members', 'true', 'bch'],
    ['members', 'false', 'bch'],
    ['userMembers', 'true', 'bcg'],
    ['userMembers', 'false', 'bcg'],
  ] as const)('WRT-8: only %s of a group are written, PATCH %s', async (only, patch, wanted) => {
    const properties = { 'scim.support.patch.operation': patch };
    const { simulator, connector } = await simulated({ groups: [team('abg')] }, { properties });
    const mode = patch === 'true' ? 'patch' : 'replace';
    const body = { ...team('bch'), displayName: 'Renamed' };
    await connector.update('group', 'team', { mode, body, before: team('abg'), only }, {});
    expect(membersOf(simulator)).toBe(wanted);
    expect(simulator.store.snapshot().groups[0]).toMatchObject({ displayName: 'Team' });
    expect(sent(simulator)).toEqual([patch === 'true' ? 'PATCH' : 'PUT']);
  });

  it('WRT-8: a group whose members are as they shall be is not written', async () => {
    const { simulator, connector } = await simulated({ groups: [team('ab')] });
    const body = { ...team('ab'), displayName: 'Renamed' };
    const result = await connector.update('group', 'team', { mode: 'replace', body, only: 'members' }, {});
    expect([result.applied, sent(simulator)]).toEqual(['none', []]);
  });
});
