import { describe, expect, it } from '@jest/globals';
import {
  startScimSimulator,
  type ScimSimulator,
  type ScimSimulatorOptions,
} from '../../../simulators/scim/simulator.js';
import { sendJson, startServer } from '../support/http-server.js';
import { closedAfterEach, errorOf, openScim, type OpenOptions } from '../support/scim.js';

const closing = closedAfterEach();

async function simulated(server: ScimSimulatorOptions, options: OpenOptions = {}) {
  const users = ['a', 'b', 'c', 'd'].map((id) => ({ id, userName: id }));
  const simulator = await startScimSimulator({ users, ...server });
  const connector = openScim(simulator.url, options);
  closing(
    () => simulator.stop(),
    () => connector.close(),
  );
  return { simulator, change: connector.changeMembers?.bind(connector) ?? noChange };
}

async function noChange(): Promise<never> {
  throw new Error('the connector assigns no groups');
}

const team = (ids: readonly string[]) => ({
  id: 'team',
  displayName: 'Team',
  members: ids.map((value) => ({ value })),
});

function membersOf(simulator: ScimSimulator): string[] {
  const members = simulator.store.snapshot().groups[0]?.['members'];
  return (Array.isArray(members) ? members : []).map((member) => String(Object(member)['value'])).sort();
}

const methodsOf = (simulator: ScimSimulator): string[] => simulator.journal.since(0).map(({ method }) => method);

describe('members of a group are changed', () => {
  it('VAR-10, VAR-11: with PATCH in one request, without reading', async () => {
    const { simulator, change } = await simulated(
      { groups: [team(['a', 'b'])] },
      { properties: { 'scim.support.patch.operation': 'true' } },
    );
    const result = await change('team', { add: ['c', 'b'], remove: ['a', 'z'] }, {});
    expect(result).toMatchObject({ id: 'team', applied: 'updated' });
    expect(membersOf(simulator)).toEqual(['b', 'c']);
    expect(methodsOf(simulator)).toEqual(['PATCH']);
  });

  it('VAR-10: where a member can be in a group twice, the group is read before it is patched', async () => {
    const { simulator, change } = await simulated(
      { groups: [team(['a', 'b'])] },
      {
        properties: {
          'scim.support.patch.operation': 'true',
          'scim.profile': JSON.stringify({ members: { repeated: 'added' } }),
        },
      },
    );
    await change('team', { add: ['a', 'c'], remove: [] }, {});
    expect(membersOf(simulator)).toEqual(['a', 'b', 'c']);
    expect(await change('team', { add: ['a', 'c'], remove: ['d'] }, {})).toEqual({ id: 'team', applied: 'none' });
    expect(methodsOf(simulator)).toEqual(['GET', 'PATCH', 'GET']);
  });

  it('VAR-10, VAR-11: with PUT the other members and attributes stay; nothing is sent when all is well', async () => {
    const { simulator, change } = await simulated({ groups: [{ ...team(['a', 'b']), externalId: 'x' }] });
    await change('team', { add: ['c'], remove: ['a'] }, {});
    expect(membersOf(simulator)).toEqual(['b', 'c']);
    expect(simulator.store.snapshot().groups[0]).toMatchObject({ displayName: 'Team', externalId: 'x' });
    expect(await change('team', { add: ['b'], remove: ['a'] }, {})).toEqual({ id: 'team', applied: 'none' });
    expect(methodsOf(simulator)).toEqual(['GET', 'PUT', 'GET']);
  });

  it('WRT-4: a group that would have more members than fit into one PUT is patched', async () => {
    const properties = { 'scim.patch.group.members.above.threshold': '3' };
    const { simulator, change } = await simulated({ groups: [team(['a', 'b', 'c'])] }, { properties });
    await change('team', { add: ['d'], remove: [] }, {});
    expect(membersOf(simulator)).toEqual(['a', 'b', 'c', 'd']);
    expect(methodsOf(simulator)).toEqual(['GET', 'PATCH']);
  });

  it('VAR-10: a group that does not show its members is never put back without them', async () => {
    const { simulator, change } = await simulated({
      dialect: 'hides-members',
      groups: [team(['a', 'b'])],
    });
    await change('team', { add: ['c'], remove: [] }, {});
    expect(methodsOf(simulator)).toEqual(['GET', 'PATCH']);
  });

  it.each(['true', 'false'])('VAR-12: a group that does not exist is notFound (PATCH %s)', async (patch) => {
    const { change } = await simulated({}, { properties: { 'scim.support.patch.operation': patch } });
    expect(await errorOf(change('team', { add: ['c'], remove: [] }, {}))).toMatchObject({ kind: 'notFound' });
  });

  it('CONN-SCIM-64: somebody else was faster: the group is read again, and both changes stand', async () => {
    let version = 1;
    let members = [{ value: 'a' }];
    const server = await startServer((request, response) => {
      if (request.url.endsWith('ServiceProviderConfig')) return { etag: { supported: true } };
      if (request.method === 'GET') {
        const answer = { id: 'team', displayName: 'Team', members, meta: { version: `W/"${version}"` } };
        // Somebody adds b after our first look.
        if (version === 1) {
          version = 2;
          members = [...members, { value: 'b' }];
        }
        return answer;
      }
      if (request.headers['if-match'] !== `W/"${version}"`) return sendJson(response, 412, { status: '412' });
      members = JSON.parse(request.body).members;
      return { id: 'team' };
    });
    const connector = openScim(server.url, { properties: { 'scim.discovery': 'auto' } });
    closing(
      () => server.stop(),
      () => connector.close(),
    );
    await connector.changeMembers?.('team', { add: ['c'], remove: [] }, {});
    expect(members).toEqual([{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  });
});
