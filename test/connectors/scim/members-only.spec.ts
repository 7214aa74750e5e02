import { describe, expect, it } from '@jest/globals';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { uaaFactory } from '../../../connectors/scim/uaa/uaa.factory.js';
import type { JsonObject } from '../../../core/json.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import { closedAfterEach, errorOf, openScim } from '../support/scim.js';

const MEMBERS_ONLY = { 'scim.profile': '{"groups":"members-only"}' };
const closing = closedAfterEach();

async function simulated(members: string, properties: Record<string, string> = {}) {
  const simulator = await startScimSimulator({
    dialect: 'fixed-groups',
    users: [...'abcd'].map((id) => ({ id, userName: id })),
    groups: [{ id: 'team', displayName: 'Team', externalId: 'of its owner', members: [...members].map(member) }],
  });
  const connector = openScim(simulator.url, { properties: { ...MEMBERS_ONLY, ...properties } });
  closing(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, connector };
}

const member = (id: string): JsonObject => ({ value: id, type: 'User' });
const team = (members: string, change: JsonObject = {}): JsonObject => ({
  displayName: 'Team',
  members: [...members].map(member),
  ...change,
});

function membersOf(simulator: ScimSimulator): string {
  const members = simulator.store.get('Group', 'team')?.['members'];
  return (Array.isArray(members) ? members : [])
    .map((one) => String(Object(one)['value']))
    .sort()
    .join('');
}

const MODES = [{}, { 'scim.support.patch.operation': 'true' }] as const;

describe('CONN-CORE-12: a SCIM server of whose groups only members are written', () => {
  it('says so in its capabilities, by its profile', () => {
    for (const factory of [scimSystemFactory, uaaFactory]) {
      expect(factory.capabilities(MEMBERS_ONLY, 'target')).toMatchObject({
        membersOnly: ['group'],
        deletesAssignments: true,
      });
      expect(factory.capabilities({}, 'target').membersOnly).toBeUndefined();
    }
  });

  it.each(MODES)(
    'CONN-CORE-12: a create of an existing group writes its members and nothing else (%j)',
    async (mode) => {
      const { simulator, connector } = await simulated('ab', mode);
      const result = await connector.create('group', team('bc', { externalId: 'mine' }), {});
      expect(result).toMatchObject({ id: 'team', applied: 'updated' });
      expect(membersOf(simulator)).toBe('bc');
      expect(simulator.store.get('Group', 'team')).toMatchObject({ externalId: 'of its owner' });
    },
  );

  it('CONN-CORE-12: a create of a missing group is unsupported, and nothing is written', async () => {
    const { simulator, connector } = await simulated('ab');
    const error = await errorOf(connector.create('group', team('a', { displayName: 'Other' }), {}));
    expect(error).toMatchObject({ kind: 'unsupported', scope: 'entity', outcome: 'not-applied' });
    expect(simulator.journal.writesSince(0)).toEqual([]);
  });

  it('CONN-CORE-12: a create that finds several groups is ambiguous, and nothing is written', async () => {
    const { simulator, connector } = await simulated('ab', { 'scim.group.unique.attribute': 'externalId' });
    simulator.store.add('Group', { id: 'twin', displayName: 'Twin', externalId: 'of its owner' });
    const error = await errorOf(connector.create('group', team('a', { externalId: 'of its owner' }), {}));
    expect(error).toMatchObject({ kind: 'ambiguous', outcome: 'not-applied' });
    expect(simulator.journal.writesSince(0)).toEqual([]);
  });

  it.each(MODES)('CONN-CORE-12: an update writes members, whatever else has changed (%j)', async (mode) => {
    const { simulator, connector } = await simulated('ab', mode);
    const body = team('abc', { displayName: 'Renamed' });
    await connector.update('group', 'team', { mode: 'patch', body, before: team('ab') }, {});
    expect(membersOf(simulator)).toBe('abc');
    const same = { mode: 'patch', body: team('abc', { externalId: 'other' }), before: body } as const;
    expect(await connector.update('group', 'team', same, {})).toMatchObject({ applied: 'none' });
    expect(simulator.store.get('Group', 'team')).toMatchObject({ displayName: 'Team', externalId: 'of its owner' });
  });

  it.each(MODES)(
    'CONN-CORE-12: a delete takes out the members that are given and says members-removed (%j)',
    async (mode) => {
      const { simulator, connector } = await simulated('abc', mode);
      for (let round = 0; round < 2; round++) {
        const result = await connector.delete('group', 'team', { members: ['a', 'c', 'd'] });
        expect(result).toEqual({ id: 'team', applied: 'members-removed' });
        expect(membersOf(simulator)).toBe('b');
      }
    },
  );

  it('CONN-CORE-12: a delete without members takes out nobody; of a group that is gone it is success', async () => {
    const { simulator, connector } = await simulated('abc');
    expect(await connector.delete('group', 'team', {})).toMatchObject({ applied: 'members-removed' });
    expect(membersOf(simulator)).toBe('abc');
    simulator.store.remove('Group', 'team');
    expect(await connector.delete('group', 'team', { members: ['a'] })).toMatchObject({ applied: 'already-absent' });
  });

  it('users are created and deleted as everywhere', async () => {
    const { simulator, connector } = await simulated('');
    const { id, applied } = await connector.create('user', { userName: 'new' }, {});
    expect(applied).toBe('created');
    expect(await connector.delete('user', id, { members: ['a'] })).toMatchObject({ applied: 'deleted' });
    expect(simulator.store.get('User', id)).toBeUndefined();
  });
});
