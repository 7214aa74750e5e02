import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Connector } from '../../../connectors/contract.js';
import type { JsonObject } from '../../../core/json.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import type { SambaDc } from '../../../simulators/directories/samba.js';
import { describeSamba, startTestSamba } from '../../support/directories.js';
import { openSamba } from '../support/ldap.js';
import { errorOf } from '../support/scim.js';

const FORBIDDEN = [...'"/\\[]:;|=,+*?<>'];

describeSamba('CONN-AD-35, CONN-AD-36: names of accounts on a domain controller', () => {
  let dc: SambaDc;
  const opened: Connector[] = [];
  const open = (): Connector => {
    const connector = openSamba(dc, { 'ldap.dn.escape.mode': 'rfc4514' });
    opened.push(connector);
    return connector;
  };
  const entryOf = (cn: string) => dc.search(dc.baseDn, `(cn=${cn})`)[0];
  const patch = (body: JsonObject) => ({ mode: 'patch', body }) as const;

  beforeAll(async () => {
    dc = await startTestSamba();
    const unit = (name: string) =>
      [`OU=${name},${dc.baseDn}`, { objectClass: 'organizationalUnit', ou: name }] as const;
    dc.modify(ldifOf([unit('People'), unit('Groups'), unit('Elsewhere')]));
  }, 120_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => dc?.stop());

  it('20 characters are accepted, 21 are not, by create and by update alike; a group may have more', async () => {
    const connector = open();
    const [fits, tooLong] = ['a'.repeat(20), 'a'.repeat(21)];
    await connector.create('user', { cn: 'length', sAMAccountName: fits }, {});
    expect(entryOf('length')?.['samaccountname']).toEqual([fits]);
    let requests = 0;
    const error = await errorOf(
      connector.update('user', 'length', patch({ sAMAccountName: tooLong }), { beforeWrite: () => void requests++ }),
    );
    expect(error).toMatchObject({
      kind: 'invalid',
      safeMessage: 'update user: sAMAccountName has more than 20 characters',
    });
    expect(requests).toBe(0);
    expect(entryOf('length')?.['samaccountname']).toEqual([fits]);
    await connector.create('group', { cn: 'long group', sAMAccountName: `${tooLong} group` }, {});
    expect(entryOf('long group')?.['samaccountname']).toEqual([`${tooLong} group`]);
  });

  it.each(FORBIDDEN)(
    'the character %s is refused before anything is sent, by create and by update alike',
    async (wrong) => {
      const connector = open();
      let requests = 0;
      const options = { beforeWrite: () => void requests++ };
      const body = { cn: 'forbidden', sAMAccountName: `a${wrong}b` };
      const expected = {
        kind: 'invalid',
        scope: 'entity',
        outcome: 'not-applied',
        safeMessage: expect.stringContaining(`sAMAccountName holds the character ${wrong}, which is not allowed`),
      };
      expect(await errorOf(connector.create('user', body, options))).toMatchObject(expected);
      expect(await errorOf(connector.update('user', 'length', patch(body), options))).toMatchObject(expected);
      expect(requests).toBe(0);
    },
  );

  it('a cn of 64 characters is accepted, one of 65 is not, also as another name', async () => {
    const connector = open();
    const [fits, tooLong] = ['c'.repeat(64), 'c'.repeat(65)];
    await connector.create('user', { cn: fits, sAMAccountName: 'cn64' }, {});
    const error = await errorOf(connector.update('user', fits, patch({ cn: tooLong }), {}));
    expect(error).toMatchObject({ kind: 'invalid', safeMessage: 'update user: cn has more than 64 characters' });
    await connector.delete('user', fits, {});
  });

  it('CONN-LDAP-65: an account name is unique in the domain whatever its case; an update to a taken one is a conflict', async () => {
    const connector = open();
    await connector.create('user', { cn: 'holder', sAMAccountName: 'holder' }, {});
    await connector.create('user', { cn: 'wisher', sAMAccountName: 'wisher' }, {});
    const error = await errorOf(connector.update('user', 'wisher', patch({ sAMAccountName: 'HOLDER' }), {}));
    expect(error).toMatchObject({ kind: 'conflict', scope: 'entity', outcome: 'not-applied' });
    expect(entryOf('wisher')?.['samaccountname']).toEqual(['wisher']);
    const body = { cn: 'wisher', sAMAccountName: 'holder' };
    const holders = await connector.findHolders?.('user', 'wisher', body, {});
    expect(holders).toMatchObject([{ attribute: 'sAMAccountName', id: 'holder' }]);
    // A group has the name of an account of the same domain just as well.
    expect(
      await errorOf(connector.create('group', { cn: 'Group Holder', sAMAccountName: 'holder' }, {})),
    ).toMatchObject({ kind: 'conflict' });
  });

  it('CONN-LDAP-65: a user principal name is unique in the forest: invalid, with words, because nobody is found by it', async () => {
    const connector = open();
    const name = 'same@example.test';
    await connector.create('user', { cn: 'upn1', sAMAccountName: 'upn1', userPrincipalName: name }, {});
    const second = { cn: 'upn2', sAMAccountName: 'upn2', userPrincipalName: name };
    const created = await errorOf(connector.create('user', second, {}));
    expect(created).toMatchObject({ kind: 'invalid', outcome: 'not-applied' });
    expect(created.safeMessage).toContain('userPrincipalName is not unique in the forest');
    expect(entryOf('upn2')).toBeUndefined();
    await connector.create('user', { ...second, userPrincipalName: 'other@example.test' }, {});
    const updated = await errorOf(connector.update('user', 'upn2', patch(second), {}));
    expect(updated.safeMessage).toContain('userPrincipalName is not unique in the forest');
  });

  it('a mapping without sAMAccountName: the server invents one, which Muster shows and leaves alone', async () => {
    const connector = open();
    const body = { cn: 'unnamed', displayName: 'Unnamed' };
    expect(await connector.create('user', body, {})).toMatchObject({ id: 'unnamed', applied: 'created' });
    const [invented] = entryOf('unnamed')?.['samaccountname'] ?? [];
    expect(invented).toMatch(/^\$/);
    expect((await connector.readOne('user', 'unnamed', {}))?.body['sAMAccountName']).toEqual([invented]);
    expect(await connector.update('user', 'unnamed', patch(body), {})).toMatchObject({ applied: 'none' });
    expect(await errorOf(connector.create('user', body, {}))).toMatchObject({ kind: 'conflict' });
    expect(await connector.resolveExisting('user', body, connector.uniqueKeys('user'), {})).toMatchObject({
      outcome: 'one',
      entity: { id: 'unnamed' },
    });
    // Mapped later, it is written like any other attribute.
    await connector.update('user', 'unnamed', patch({ ...body, sAMAccountName: 'named' }), {});
    expect(entryOf('unnamed')?.['samaccountname']).toEqual(['named']);
  });
});
