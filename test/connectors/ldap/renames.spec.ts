import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector, WriteOptions, WriteResult } from '../../../connectors/contract.js';
import type { JsonObject } from '../../../core/json.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import type { SambaDc } from '../../../simulators/directories/samba.js';
import { startSlapd, type Slapd } from '../../../simulators/directories/slapd.js';
import { describeSamba, describeSlapd, startTestSamba } from '../../support/directories.js';
import { openSamba, openSlapd } from '../support/ldap.js';
import { errorOf } from '../support/scim.js';

/** Names that DNs have trouble with, beside letters and blanks. */
const HARD = ['com,ma', 'plus+', 'back\\slash', '#lead', '"quoted"', 'a=b', 'ümläut 李', ' blank '];

const tagged = ({ version }: WriteResult): WriteOptions => (version === undefined ? {} : { etag: version });
const patch = (body: JsonObject) => ({ mode: 'patch', body }) as const;
/** Options under which the process dies before the nth request of a sequence. */
function dyingAt(nth: number, options: WriteOptions): WriteOptions {
  let requests = 0;
  return {
    ...options,
    beforeWrite: () => {
      if (++requests === nth) throw new Error('the process dies here');
    },
  };
}

describeSlapd('CONN-LDAP-77: renames and moves on OpenLDAP', () => {
  let slapd: Slapd;
  const opened: Connector[] = [];
  const open = (properties: Record<string, string> = {}): Connector => {
    const connector = openSlapd(slapd, { 'ldap.dn.escape.mode': 'rfc4514', ...properties });
    opened.push(connector);
    return connector;
  };
  const at = (dn: string) => slapd.search(dn)[0];
  const membersOf = (group: string): string[] => (at(`cn=${group},${slapd.groupsDn}`)?.['member'] ?? []).sort();
  const dn = (uid: string): string => `uid=${uid},${slapd.peopleDn}`;

  beforeAll(async () => {
    slapd = await startSlapd({
      ldif: ldifOf(
        ['one', 'two'].map((ou) => [`ou=${ou},ou=people,dc=example,dc=org`, { objectClass: 'organizationalUnit', ou }]),
      ),
    });
  }, 60_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => slapd?.stop());

  it.each(HARD)('CONN-LDAP-71: into %j and back', async (name) => {
    const connector = open();
    const created = await connector.create('user', { uid: 'plain', sn: 'X' }, {});
    const there = await connector.update('user', 'plain', patch({ uid: name, sn: 'Y' }), tagged(created));
    expect(there).toMatchObject({ id: name, applied: 'updated', version: created.version });
    expect((await connector.readOne('user', name, {}))?.body).toMatchObject({ uid: [name], sn: ['Y'] });
    expect(await connector.update('user', name, patch({ uid: name, sn: 'Y' }), {})).toMatchObject({ applied: 'none' });
    const back = await connector.update('user', name, patch({ uid: 'plain' }), {});
    expect(back).toMatchObject({ id: 'plain', applied: 'updated' });
    expect(at(dn('plain'))?.['uid']).toEqual(['plain']);
    await connector.delete('user', 'plain', {});
  });

  it('a name that changes its case only is written', async () => {
    const connector = open();
    await connector.create('user', { uid: 'case', sn: 'X' }, {});
    await connector.create('group', { cn: 'cased', member: ['case'] }, {});
    const result = await connector.update('user', 'case', patch({ uid: 'CASE', sn: 'X' }), {});
    expect(result).toMatchObject({ id: 'CASE', applied: 'updated' });
    expect(at(dn('case'))?.['uid']).toEqual(['CASE']);
    expect(membersOf('cased')).toHaveLength(1);
    await connector.delete('group', 'cased', {});
    await connector.delete('user', 'CASE', {});
  });

  it('CONN-LDAP-65: onto a name that another entry has: a conflict that says so, and nothing is changed', async () => {
    const connector = open();
    await connector.create('user', { uid: 'left', sn: 'Left' }, {});
    await connector.create('user', { uid: 'right', sn: 'Right' }, {});
    const error = await errorOf(connector.update('user', 'left', patch({ uid: 'right', sn: 'Changed' }), {}));
    expect(error).toMatchObject({ kind: 'conflict', scope: 'entity', outcome: 'not-applied' });
    expect(error.safeMessage).toBe(
      'update user: it cannot be renamed: another entry already has the name that uid gives it; change one of the two',
    );
    expect([at(dn('left'))?.['sn'], at(dn('right'))?.['sn']]).toEqual([['Left'], ['Right']]);
    for (const uid of ['left', 'right']) await connector.delete('user', uid, {});
  });

  it('an RDN of several parts: the parts that the body gives change, the others stay', async () => {
    const connector = open();
    const several = `uid=multi+cn=Old Name,${slapd.peopleDn}`;
    slapd.modify(ldifOf([[several, { objectClass: 'inetOrgPerson', uid: 'multi', cn: 'Old Name', sn: 'X' }]]));
    const body = { uid: 'multi', cn: 'New, Name', sn: 'Y' };
    expect(await connector.update('user', 'multi', patch(body), {})).toMatchObject({ id: 'multi', applied: 'updated' });
    const found = await connector.readOne('user', 'multi', {});
    expect(found?.body).toMatchObject({ uid: ['multi'], cn: ['New, Name'], sn: ['Y'] });
    expect(String(found?.body['distinguishedName'])).toMatch(/\+/);
    expect(await connector.update('user', 'multi', patch(body), {})).toMatchObject({ applied: 'none' });
    const both = await connector.update('user', 'multi', patch({ uid: 'multi2', cn: 'Other', sn: 'Y' }), {});
    expect(both.id).toBe('multi2');
    expect((await connector.readOne('user', 'multi2', {}))?.body).toMatchObject({ uid: ['multi2'], cn: ['Other'] });
    await connector.delete('user', 'multi2', {});
  });

  it('an identifier that is no part of the name is modified, not renamed', async () => {
    const connector = open();
    const named = `cn=By Name,${slapd.peopleDn}`;
    slapd.modify(ldifOf([[named, { objectClass: 'inetOrgPerson', uid: 'byname', cn: 'By Name', sn: 'X' }]]));
    const result = await connector.update('user', 'byname', patch({ uid: 'changed', sn: 'X' }), {});
    expect(result).toMatchObject({ id: 'changed', applied: 'updated' });
    expect(at(named)?.['uid']).toEqual(['changed']);
    await connector.delete('user', 'changed', {});
  });

  it('a name that is one of several values stays', async () => {
    const connector = open();
    await connector.create('user', { uid: 'values', sn: 'X', cn: 'values' }, {});
    slapd.modify(`dn: ${dn('values')}\nchangetype: modify\nadd: uid\nuid: alias`);
    const result = await connector.update('user', 'values', patch({ uid: ['alias', 'values'], sn: 'X' }), {});
    expect(result).toMatchObject({ id: 'values', applied: 'none' });
    await connector.delete('user', 'values', {});
  });

  it('CONN-LDAP-86: a renamed entry keeps its groups where the server leaves the old DN in them', async () => {
    const connector = open();
    const created = await connector.create('user', { uid: 'member', sn: 'X' }, {});
    await connector.create('group', { cn: 'foreign', member: ['member'] }, {});
    await connector.create('group', { cn: 'outer', member: [{ value: 'foreign', type: 'Group' }] }, {});
    await connector.update('user', 'member', patch({ uid: 'renamed' }), tagged(created));
    expect(membersOf('foreign')).toEqual([dn('renamed')]);
    const group = await connector.update('group', 'foreign', patch({ cn: 'native' }), {});
    expect(group).toMatchObject({ id: 'native', applied: 'updated' });
    expect(membersOf('outer')).toEqual([`cn=native,${slapd.groupsDn}`]);
    expect(membersOf('native')).toEqual([dn('renamed')]);
    for (const name of ['outer', 'native']) await connector.delete('group', name, {});
    await connector.delete('user', 'renamed', {});
  });

  it('memberUid names people by their identifier, and follows it', async () => {
    const posix = { 'ldap.group.object.class': 'posixGroup', 'ldap.attribute.group.member': 'memberUid' };
    const connector = open(posix);
    await connector.create('user', { uid: 'posix1', sn: 'X' }, {});
    await connector.create('group', { cn: 'posix', gidNumber: '500', memberUid: ['posix1'] }, {});
    await connector.update('user', 'posix1', patch({ uid: 'posix2' }), {});
    expect(at(`cn=posix,${slapd.groupsDn}`)?.['memberuid']).toEqual(['posix2']);
    await connector.delete('group', 'posix', {});
    await connector.delete('user', 'posix2', {});
  });

  it.each([2, 3])(
    'CONN-CORE-54: a process that dies before request %i of a rename: the update is repeated under the old identifier',
    async (nth) => {
      const connector = open();
      const created = await connector.create('user', { uid: 'begun', sn: 'One' }, {});
      await connector.create('group', { cn: 'waiting', member: ['begun'] }, {});
      const change = patch({ uid: 'ended', sn: 'Two' });
      await expect(connector.update('user', 'begun', change, dyingAt(nth, tagged(created)))).rejects.toThrow(
        'dies here',
      );
      expect(() => at(dn('begun'))).toThrow('No such object');
      expect(at(dn('ended'))?.['sn']).toEqual(['One']);
      expect(await connector.update('user', 'begun', change, tagged(created))).toMatchObject({
        id: 'ended',
        applied: 'updated',
        version: created.version,
      });
      expect(at(dn('ended'))?.['sn']).toEqual(['Two']);
      expect(membersOf('waiting')).toEqual([dn('ended')]);
      // Done already, and nothing is left to do: also when only the answer got lost.
      expect(await connector.update('user', 'begun', change, tagged(created))).toMatchObject({
        id: 'ended',
        applied: 'none',
      });
      await connector.delete('group', 'waiting', {});
      expect(await connector.delete('user', 'begun', tagged(created))).toMatchObject({ applied: 'deleted' });
      expect(() => at(dn('ended'))).toThrow('No such object');
    },
  );

  it('DEL-23: who merely has the name of one that is gone is neither updated nor deleted', async () => {
    const connector = open();
    const created = await connector.create('user', { uid: 'reused', sn: 'Ours' }, {});
    slapd.modify(`dn: ${dn('reused')}\nchangetype: delete`);
    slapd.modify(ldifOf([[dn('reused'), { objectClass: 'inetOrgPerson', uid: 'reused', cn: 'r', sn: 'Theirs' }]]));
    const error = await errorOf(connector.update('user', 'reused', patch({ sn: 'Changed' }), tagged(created)));
    expect(error).toMatchObject({ kind: 'notFound', safeMessage: expect.stringContaining('another entry') });
    const refused = await errorOf(connector.delete('user', 'reused', tagged(created)));
    expect(refused).toMatchObject({ kind: 'conflict', safeMessage: expect.stringContaining('by hand') });
    expect(at(dn('reused'))?.['sn']).toEqual(['Theirs']);
    await connector.delete('user', 'reused', {});
  });

  describe('CONN-LDAP-61: with the DN as identifier', () => {
    const openByDn = () => open({ 'ldap.attribute.user.id': 'distinguishedName' });
    const place = (uid: string, ou: string): string => `uid=${uid},ou=${ou},${slapd.peopleDn}`;

    it('a move and a rename in one, with the rest of the changes; its groups follow', async () => {
      const connector = openByDn();
      const created = await connector.create('user', { distinguishedName: place('mover', 'one'), sn: 'One' }, {});
      await open().create('group', { cn: 'moving', member: [created.id] }, {});
      const to = place('moved', 'two');
      const change = patch({ distinguishedName: to, sn: 'Two' });
      const moved = await connector.update('user', created.id, change, dyingAt(9, tagged(created)));
      expect(moved).toMatchObject({ id: to, applied: 'updated' });
      expect(at(to)).toMatchObject({ uid: ['moved'], sn: ['Two'] });
      expect(membersOf('moving')).toEqual([to]);
      // Asked again under the identifier of before.
      expect(await connector.update('user', created.id, change, tagged(created))).toMatchObject({
        id: to,
        applied: 'none',
      });
      await connector.delete('user', created.id, tagged(created));
      expect(() => at(to)).toThrow('No such object');
    });

    it('a process that dies between move and changes repeats the update', async () => {
      const connector = openByDn();
      const created = await connector.create('user', { distinguishedName: place('cut', 'one'), sn: 'One' }, {});
      const to = place('cut', 'two');
      const change = patch({ distinguishedName: to, sn: 'Two' });
      await expect(connector.update('user', created.id, change, dyingAt(2, tagged(created)))).rejects.toThrow(
        'dies here',
      );
      expect(await connector.update('user', created.id, change, tagged(created))).toMatchObject({ id: to });
      expect(at(to)?.['sn']).toEqual(['Two']);
      await connector.delete('user', to, {});
    });

    it('a place that does not exist is invalid: the entry itself is not gone', async () => {
      const connector = openByDn();
      const { id } = await connector.create('user', { distinguishedName: place('stays', 'one'), sn: 'One' }, {});
      const error = await errorOf(
        connector.update('user', id, patch({ distinguishedName: place('stays', 'nowhere'), sn: 'Two' }), {}),
      );
      expect(error).toMatchObject({ kind: 'invalid', scope: 'entity' });
      expect(error.safeMessage).toContain('the place that distinguishedName names does not exist');
      expect(at(id)?.['sn']).toEqual(['One']);
      await connector.delete('user', id, {});
    });

    it('the order of the parts of an RDN is the server’s affair', async () => {
      const connector = openByDn();
      const name = (uid: string, cn: string): string => `uid=${uid}+cn=${cn},${slapd.peopleDn}`;
      const { id } = await connector.create('user', { distinguishedName: name('p', 'q'), sn: 'X' }, {});
      const turned = patch({ distinguishedName: `cn=q+uid=p,${slapd.peopleDn}`, sn: 'X' });
      expect(await connector.update('user', id, turned, {})).toMatchObject({ applied: 'none' });
      await connector.delete('user', id, {});
    });
  });
});

describeSamba('CONN-LDAP-77, CONN-AD-27: renames and moves in Active Directory', () => {
  let dc: SambaDc;
  let base: string;
  const opened: Connector[] = [];
  const open = (properties: Record<string, string> = {}): Connector => {
    const connector = openSamba(dc, { 'ldap.dn.escape.mode': 'rfc4514', ...properties });
    opened.push(connector);
    return connector;
  };
  const at = (dn: string) => dc.search(dn, '(objectClass=*)')[0];
  const people = (): string => `OU=People,${base}`;
  const byAccount = (name: string) => dc.search(base, `(sAMAccountName=${name})`)[0];

  beforeAll(async () => {
    dc = await startTestSamba();
    base = dc.baseDn;
    const unit = (name: string, below: string) =>
      [`OU=${name},${below}`, { objectClass: 'organizationalUnit', ou: name }] as const;
    dc.modify(ldifOf([unit('People', base), unit('Groups', base), unit('One', people()), unit('Two', people())]));
  }, 120_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => dc?.stop());

  it.each(HARD)('CONN-LDAP-71: into %j and back', async (name) => {
    const connector = open();
    const body = { cn: 'plain', sAMAccountName: 'plain', displayName: 'One' };
    const created = await connector.create('user', body, {});
    const there = await connector.update('user', 'plain', patch({ ...body, cn: name, displayName: 'Two' }), {});
    // A domain controller takes blanks at both ends away.
    expect(there).toMatchObject({ applied: 'updated', version: created.version });
    const entry = byAccount('plain');
    expect(entry).toMatchObject({ displayname: ['Two'], name: entry?.['cn'] });
    expect(entry?.['cn']?.[0]?.trim()).toBe(name.trim());
    const back = await connector.update('user', there.id, patch(body), tagged(created));
    expect(back).toMatchObject({ id: 'plain', applied: 'updated' });
    await connector.delete('user', 'plain', {});
  });

  it('a name that changes its case only is written', async () => {
    const connector = open();
    await connector.create('user', { cn: 'case', sAMAccountName: 'case' }, {});
    const result = await connector.update('user', 'case', patch({ cn: 'Case' }), {});
    expect(result).toMatchObject({ id: 'Case', applied: 'updated' });
    expect(byAccount('case')?.['cn']).toEqual(['Case']);
    await connector.delete('user', 'Case', {});
  });

  it('CONN-LDAP-65: onto a name that another entry has: a conflict that says so, and nothing is changed', async () => {
    const connector = open();
    await connector.create('user', { cn: 'left', sAMAccountName: 'left' }, {});
    await connector.create('user', { cn: 'right', sAMAccountName: 'right' }, {});
    const error = await errorOf(connector.update('user', 'left', patch({ cn: 'right', displayName: 'X' }), {}));
    expect(error).toMatchObject({ kind: 'conflict', scope: 'entity', outcome: 'not-applied' });
    expect(error.safeMessage).toContain('another entry already has the name that CN gives it');
    expect(byAccount('left')).toMatchObject({ cn: ['left'] });
    expect(byAccount('left')?.['displayname']).toBeUndefined();
    for (const name of ['left', 'right']) await connector.delete('user', name, {});
  });

  it('CONN-CORE-54: a process that dies between rename and changes; groups follow by themselves', async () => {
    const connector = open();
    const created = await connector.create('user', { cn: 'begun', sAMAccountName: 'begun' }, {});
    await connector.create('group', { cn: 'team', sAMAccountName: 'team', member: ['begun'] }, {});
    const change = patch({ cn: 'ended', sAMAccountName: 'ended' });
    await expect(connector.update('user', 'begun', change, dyingAt(2, tagged(created)))).rejects.toThrow('dies here');
    expect(at(`CN=ended,${people()}`)?.['samaccountname']).toEqual(['begun']);
    expect(await connector.update('user', 'begun', change, tagged(created))).toMatchObject({
      id: 'ended',
      applied: 'updated',
    });
    expect(at(`CN=ended,${people()}`)?.['samaccountname']).toEqual(['ended']);
    expect((await connector.readOne('group', 'team', {}))?.body['member']).toEqual(['ended']);
    await connector.delete('group', 'team', {});
    expect(await connector.delete('user', 'begun', tagged(created))).toMatchObject({ applied: 'deleted' });
    expect(byAccount('ended')).toBeUndefined();
  });

  it('CONN-LDAP-61: with the DN as identifier a move, also with a rename; the place must exist', async () => {
    const connector = open({ 'ldap.attribute.user.id': 'distinguishedName' });
    const name = (cn: string, ou: string): string => `CN=${cn},OU=${ou},${people()}`;
    const created = await connector.create(
      'user',
      { distinguishedName: name('Mo\\, Ver', 'One'), sAMAccountName: 'mover' },
      {},
    );
    const to = { distinguishedName: name('Mo\\, Ved', 'Two'), sAMAccountName: 'mover', title: 'Dr' };
    const moved = await connector.update('user', created.id, patch(to), tagged(created));
    expect(moved).toMatchObject({ applied: 'updated', version: created.version });
    expect(byAccount('mover')).toMatchObject({ cn: ['Mo, Ved'], title: ['Dr'] });
    expect(at(moved.id)?.['samaccountname']).toEqual(['mover']);
    const nowhere = patch({ ...to, distinguishedName: name('Mo\\, Ved', 'Nowhere'), title: 'Prof' });
    expect(await errorOf(connector.update('user', moved.id, nowhere, {}))).toMatchObject({ kind: 'invalid' });
    expect(byAccount('mover')).toMatchObject({ title: ['Dr'] });
    await connector.delete('user', created.id, tagged(created));
    expect(byAccount('mover')).toBeUndefined();
  });

  it('a value that names an entry that does not exist is invalid: the entry itself is not gone', async () => {
    const connector = open();
    await connector.create('user', { cn: 'managed', sAMAccountName: 'managed' }, {});
    const change = patch({ cn: 'managed', manager: `CN=ghost,${people()}` });
    const error = await errorOf(connector.update('user', 'managed', change, {}));
    expect(error).toMatchObject({ kind: 'invalid', scope: 'entity' });
    await connector.delete('user', 'managed', {});
  });
});
