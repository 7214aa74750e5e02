import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../core/json.js';
import { GENERIC_SCIM_2 } from '../../../connectors/scim/profile.js';
import type { ScimProfile } from '../../../connectors/scim/profile.js';
import { scimFactory } from '../../../connectors/scim/scim.factory.js';
import { startScimSimulator } from '../../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import { openScim } from '../support/scim.js';

const PROFILE: ScimProfile = {
  ...GENERIC_SCIM_2,
  users: { keysAfter: ['emails[0].value'], switchesResolution: true, switchesUpdateInsteadOfDelete: true },
};
const factory = scimFactory('Test', 'ias', PROFILE);

describe('users that exist, or are to go, where a type has rules of its own', () => {
  let simulator: ScimSimulator | undefined;
  afterEach(() => simulator?.stop());

  async function start(user: JsonObject): Promise<ScimSimulator> {
    simulator = await startScimSimulator({ users: [user], journal: { keepBodies: true } });
    return simulator;
  }

  it.each([
    ['absent: by e-mail after the user name', {}, 'one'],
    ['set to its usual value: by user name only', { 'scim.user.unique.attribute': 'userName' }, 'none'],
  ])('CNF-5, CONN-SCIM-53: the property of the unique attributes is %s', async (_name, properties, outcome) => {
    const { url } = await start({ id: 'u1', userName: 'other', emails: [{ value: 'p@example.org' }] });
    const connector = openScim(url, { profile: PROFILE, properties });
    const body = { userName: 'p', emails: [{ value: 'p@example.org' }] };
    const found = await connector.resolveExisting('user', body, connector.uniqueKeys('user'), {});
    expect(found).toMatchObject({ outcome });
    await connector.close();
  });

  it('CNF-5: a usual value is no default there, or the property would never be absent', () => {
    const [descriptor] = factory.descriptor.properties.filter(({ name }) => name === 'scim.user.unique.attribute');
    expect(descriptor).toMatchObject({ predefinedValue: 'userName' });
    expect(descriptor).not.toHaveProperty('defaultValue');
  });

  it('CNF-6: the property turns the search off; other types do not have it', () => {
    const name = 'ias.user.automatic.conflict.resolution';
    expect(factory.descriptor.properties.map((property) => property.name)).toContain(name);
    expect(factory.capabilities({ [name]: 'false' }, 'target').conflictResolution).toBe(false);
    expect(factory.capabilities({}, 'target').conflictResolution).toBe(true);
    const general = scimFactory('SCIM System', 'scim', GENERIC_SCIM_2);
    expect(general.descriptor.properties.map((property) => property.name)).not.toContain(
      'scim.user.automatic.conflict.resolution',
    );
  });

  it('DEL-11: whether a deletion may become a PATCH message is told by a property', () => {
    const property = 'ias.user.update.instead.delete';
    expect(factory.capabilities({}, 'target').updateInsteadOfDelete).toEqual({ property, enabled: false });
    expect(factory.capabilities({ [property]: 'true' }, 'target').updateInsteadOfDelete?.enabled).toBe(true);
    expect(scimFactory('SCIM System', 'scim', GENERIC_SCIM_2).capabilities({}, 'target')).not.toHaveProperty(
      'updateInsteadOfDelete',
    );
  });

  it('DEL-11, CONN-SCIM-67: a body that is the message of a PATCH is sent as it is', async () => {
    const { url, store, journal } = await start({ id: 'u1', userName: 'p', active: true, title: 'Lead' });
    const connector = openScim(url, { profile: PROFILE });
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'replace', path: 'active', value: false },
        { op: 'remove', path: 'title' },
      ],
    };
    await connector.update('user', 'u1', { mode: 'patch', body }, {});
    expect(journal.writesSince(0).map((record): unknown => JSON.parse(record.body ?? '{}'))).toEqual([body]);
    expect(store.get('User', 'u1')).toMatchObject({ active: false });
    await connector.close();
  });
});
