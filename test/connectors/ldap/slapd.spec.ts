import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector, Watermark } from '../../../connectors/contract.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import { startSlapd, type Slapd } from '../../../simulators/directories/slapd.js';
import { describeSlapd } from '../../support/directories.js';
import { openSlapd, type RecordingConnector } from '../support/ldap.js';
import { errorOf, idsOf, readAll } from '../support/scim.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../tls-fixtures/${name}`, import.meta.url));
const PEOPLE = 1_100;
/** Names that filters and DNs have trouble with. */
const HARD = [
  'star*',
  'par(en)',
  'back\\slash',
  'com,ma',
  'ümläut 李',
  'plus+',
  '#lead',
  'a=b',
  'sem;i',
  '"quoted"',
  '<x>',
];

function personOf(
  uid: string,
  more: Record<string, string | string[]> = {},
): [string, Record<string, string | string[]>] {
  const escaped = uid.replace(/[\\,+"<>;=#]/g, (character) => `\\${character}`);
  const dn = `uid=${escaped},ou=people,dc=example,dc=org`;
  return [dn, { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: 'Example', ...more }];
}

describeSlapd('LDAP on OpenLDAP', () => {
  let slapd: Slapd;
  const opened: Connector[] = [];
  const open = (properties: Record<string, string> = {}, password?: string): RecordingConnector => {
    const connector = openSlapd(slapd, properties, password);
    opened.push(connector);
    return connector;
  };

  beforeAll(async () => {
    const people = Array.from({ length: PEOPLE - HARD.length }, (_, n) => personOf(`u${n}`));
    const group = (name: string, attributes: Record<string, string | string[]>) =>
      [`cn=${name},ou=groups,dc=example,dc=org`, { cn: name, ...attributes }] as const;
    const member = (uid: string): string => `uid=${uid},ou=people,dc=example,dc=org`;
    slapd = await startSlapd({
      overlays: ['memberof', 'accesslog'],
      tls: { ca: fixture('ca.crt'), certificate: fixture('valid.crt'), key: fixture('server.key') },
      ldif: ldifOf([
        ...people,
        ...HARD.map((uid) => personOf(uid)),
        ['ou=other,dc=example,dc=org', { objectClass: 'organizationalUnit', ou: 'other' }],
        ['uid=outside,ou=other,dc=example,dc=org', { objectClass: 'inetOrgPerson', uid: 'outside', cn: 'o', sn: 'o' }],
      ]),
    });
    // Over the wire, because only then the server keeps memberOf.
    slapd.modify(
      ldifOf([
        group('names', {
          objectClass: 'groupOfNames',
          member: [
            member('u1'),
            member('u2'),
            'cn=nested,ou=groups,dc=example,dc=org',
            'uid=outside,ou=other,dc=example,dc=org',
            'uid=ghost,ou=other,dc=example,dc=org',
          ],
        }),
        group('nested', { objectClass: 'groupOfNames', member: [member('u3')] }),
        group('unique', { objectClass: 'groupOfUniqueNames', uniqueMember: [member('u1'), member('u4')] }),
        group('posix', { objectClass: 'posixGroup', gidNumber: '500', memberUid: ['u1', 'u5'] }),
      ]),
    );
  }, 60_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => slapd?.stop());

  describe('reading', () => {
    it('CONN-LDAP-21, CONN-LDAP-23, CONN-LDAP-25: all pages until the empty cookie; every entry once, no total', async () => {
      const pages = await readAll(open({ 'ldap.page.size': '100' }), { type: 'user' });
      const ids = idsOf(pages);
      expect(new Set(ids).size).toBe(PEOPLE);
      expect(ids).toHaveLength(PEOPLE);
      expect(ids).toEqual(expect.arrayContaining(HARD));
      expect(pages.length).toBeGreaterThanOrEqual(PEOPLE / 100);
      expect(pages.every(({ total, failures }) => total === undefined && failures.length === 0)).toBe(true);
    });

    it('CONN-LDAP-24: a position is worth nothing to another connection, and the last page can be asked for again', async () => {
      const connector = open();
      const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      const again = { type: 'user', mode: 'full', cursor: first.next } as const;
      const second = await connector.readPage(again);
      expect(idsOf([await connector.readPage(again)])).toEqual(idsOf([second]));
      expect(await errorOf(open().readPage(again))).toMatchObject({ kind: 'precondition', scope: 'page' });
      // Another read of the same connector gives the first one up.
      await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      expect((await errorOf(connector.readPage({ ...again, cursor: second.next }))).kind).toBe('precondition');
    });

    it('CONN-LDAP-30: every attribute a list of texts, the DN under its name, no password', async () => {
      slapd.modify(
        `dn: uid=u7,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: userPassword\nuserPassword: secret`,
      );
      const entity = await open().readOne('user', 'u7', {});
      expect(entity).toMatchObject({
        image: expect.any(Buffer),
        type: 'user',
        id: 'u7',
        lastModified: expect.any(String),
      });
      expect(entity?.body).toEqual({
        objectClass: ['inetOrgPerson'],
        uid: ['u7'],
        cn: ['u7'],
        sn: ['Example'],
        distinguishedName: ['uid=u7,ou=people,dc=example,dc=org'],
      });
    });

    it.each(HARD)('CONN-LDAP-45, CONN-LDAP-47, CONN-TCK-24: one entity by its identifier %s', async (uid) => {
      expect((await open().readOne('user', uid, {}))?.body['uid']).toEqual([uid]);
    });

    it('CONN-LDAP-20, DEL-23: the filter of the property is joined, also for one entity', async () => {
      const filtered = open({ 'ldap.user.filter': '|(uid=u1)(uid=par\\28en\\29)(uid=\\c3\\bcml*)' });
      expect(idsOf(await readAll(filtered, { type: 'user' })).sort()).toEqual(['par(en)', 'u1', 'ümläut 李']);
      expect((await filtered.readOne('user', 'u1', { withFilter: true }))?.id).toBe('u1');
      expect(await filtered.readOne('user', 'u2', { withFilter: true })).toBeNull();
      expect((await filtered.readOne('user', 'u2', {}))?.id).toBe('u2');
    });

    it('UNK-5: where a group must have a member, one without any is one whose members may not be read', async () => {
      const marksOf = async (properties: Record<string, string>): Promise<Set<string | undefined>> => {
        const pages = await readAll(open(properties), { type: 'group' });
        return new Set(pages.flatMap(({ items }) => items.map(({ membersUnknown }) => membersUnknown)));
      };
      const placeholder = { 'ldap.group.empty.member.dn': 'cn=nobody,dc=example,dc=org' };
      // None of the groups shows this one.
      const withoutMembers = { 'ldap.attribute.group.member': 'uniqueMember' };
      expect(await marksOf(placeholder)).toEqual(new Set([undefined]));
      expect(await marksOf({ ...placeholder, ...withoutMembers })).toEqual(new Set(['notShown']));
      // Elsewhere an attribute without values does not exist.
      expect(await marksOf(withoutMembers)).toEqual(new Set([undefined]));
    });

    it('DEL-23, CONN-LDAP-47: several entities with one search, whatever their names, under the filter of the property', async () => {
      const gone = ['gone', 'go(ne)', 'GONE*'];
      const present = await open().readPresent?.('user', [...HARD, ...gone, 'u7'], {});
      expect([...(present ?? [])].sort()).toEqual([...HARD, 'u7'].sort());
      const filtered = open({ 'ldap.user.filter': '|(uid=u1)(uid=u2)' });
      expect([...((await filtered.readPresent?.('user', ['u1', 'u3', 'gone'], {})) ?? [])]).toEqual(['u1']);
      const byDn = open({ 'ldap.attribute.user.id': 'distinguishedName' });
      expect(await byDn.readPresent?.('user', ['uid=u1,ou=people,dc=example,dc=org'], {})).toBeNull();
    });

    it('CONN-LDAP-26, CONN-LDAP-27: version 2 reads only what is listed, spelled as listed', async () => {
      const connector = open({ 'ldap.api.version': '2', 'ldap.user.attributes': 'SN, createTimestamp' });
      const { body } = (await connector.readOne('user', 'u1', {})) ?? { body: {} };
      expect(Object.keys(body).sort()).toEqual(['SN', 'createTimestamp', 'distinguishedName', 'memberOf', 'uid']);
    });

    it('CONN-LDAP-31: memberOf shows the names of groups', async () => {
      expect((await open().readOne('user', 'u1', {}))?.body['memberOf']).toEqual(['names']);
      const byDescription = open({ 'ldap.attribute.group.id': 'description' });
      // A group without the attribute is left out.
      expect((await byDescription.readOne('user', 'u1', {}))?.body['memberOf']).toEqual([]);
    });

    it('CONN-LDAP-32, CONN-LDAP-35: members by identifier; one outside the paths is kept where it can be read, a ghost is counted', async () => {
      const connector = open();
      const groups = (await readAll(connector, { type: 'group' })).flatMap(({ items }) => items);
      const names = groups.find(({ id }) => id === 'names');
      expect(names?.body['member']).toEqual(['u1', 'u2', 'nested', 'outside']);
      expect(connector.recorded.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', fields: { unreadable: 1, foreign: 0 } }),
      );
      const typed = await open({ 'ldap.api.version': '2' }).readOne('group', 'names', {});
      expect(typed?.body['member']).toEqual([
        { value: 'u1', type: 'User' },
        { value: 'u2', type: 'User' },
        { value: 'nested', type: 'Group' },
        { value: 'outside', type: 'User' },
      ]);
    });

    it('CONN-LDAP-34: where users and groups share a path, the class tells what a member is', async () => {
      const shared = { 'ldap.user.path': slapd.suffix, 'ldap.group.path': slapd.suffix, 'ldap.api.version': '2' };
      const group = await open(shared).readOne('group', 'names', {});
      expect(group?.body['member']).toContainEqual({ value: 'nested', type: 'Group' });
      expect(group?.body['member']).toContainEqual({ value: 'u1', type: 'User' });
    });

    it.each([
      ['groupOfUniqueNames', 'uniqueMember', 'unique', ['u1', 'u4']],
      ['posixGroup', 'memberUid', 'posix', ['u1', 'u5']],
    ])('CONN-LDAP-32: groups of class %s', async (objectClass, attribute, id, members) => {
      const connector = open({ 'ldap.group.object.class': objectClass, 'ldap.attribute.group.member': attribute });
      expect(idsOf(await readAll(connector, { type: 'group' }))).toEqual([id]);
      expect((await connector.readOne('group', id, {}))?.body[attribute]).toEqual(members);
    });

    it('CONN-LDAP-45: the DN as identifier; outside the path nobody is found', async () => {
      const connector = open({ 'ldap.attribute.user.id': 'distinguishedName' });
      const dn = 'uid=u1,ou=people,dc=example,dc=org';
      expect((await connector.readOne('user', dn, {}))?.id).toBe(dn);
      expect(await connector.readOne('user', 'uid=outside,ou=other,dc=example,dc=org', {})).toBeNull();
      expect(await connector.readOne('user', 'uid=nobody,ou=people,dc=example,dc=org', {})).toBeNull();
      expect((await errorOf(connector.readOne('user', 'nobody', {}))).kind).toBe('invalid');
    });

    it('CONN-LDAP-45: two entries with one identifier are ambiguous, in a read a failure of the source', async () => {
      const connector = open({ 'ldap.attribute.user.id': 'sn', 'ldap.user.filter': '(|(uid=u1)(uid=u2))' });
      expect((await errorOf(connector.readOne('user', 'Example', {}))).kind).toBe('ambiguous');
      const [page] = await readAll(connector, { type: 'user' });
      expect(page?.failures).toEqual([{ id: 'Example', message: expect.stringContaining('ambiguous') }]);
    });

    it('CONN-LDAP-20: scope one sees only what lies directly below the path', async () => {
      const connector = open({ 'ldap.user.path': slapd.suffix, 'ldap.search.scope': 'one' });
      expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual([]);
    });
  });

  describe('delta', () => {
    /** The mark of a full read, moved to another time. */
    const since = async (connector: Connector, time: string): Promise<Watermark> => {
      const pages = await readAll(connector, { type: 'user' });
      return { ...(pages.at(-1)?.watermark ?? { v: 0 }), time };
    };

    it('CONN-LDAP-50, CONN-CORE-43: modifyTimestamp gives what was written since the mark; the mark is older than the read', async () => {
      const connector = open({ 'ldap.delta.attribute': 'modifyTimestamp' });
      const pages = await readAll(connector, { type: 'user' });
      const mark: Watermark = pages.at(-1)?.watermark ?? { v: 0 };
      expect(pages.slice(0, -1).every(({ watermark }) => watermark === undefined)).toBe(true);
      expect(String(mark['time']) < new Date().toISOString().replaceAll(/[-:T]/g, '')).toBe(true);
      const tomorrow = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}000000Z`;
      expect(
        idsOf(await readAll(connector, { type: 'user', mode: 'delta', watermark: await since(connector, tomorrow) })),
      ).toEqual([]);
      slapd.modify(`dn: uid=u9,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: sn\nsn: Changed`);
      expect(idsOf(await readAll(connector, { type: 'user', mode: 'delta', watermark: mark }))).toContain('u9');
      const foreign = readAll(connector, { type: 'user', mode: 'delta', watermark: { v: 9 } });
      expect((await errorOf(foreign)).kind).toBe('deltaLost');
    });

    it('CONN-LDAP-50: the access log also tells deletions and renames', async () => {
      const connector = open({ 'ldap.delta.accesslog.path': 'cn=accesslog' });
      const lost = readAll(connector, {
        type: 'user',
        mode: 'delta',
        watermark: await since(connector, '20200101000000Z'),
      });
      expect((await errorOf(lost)).kind).toBe('deltaLost');
      slapd.modify(ldifOf([personOf('gone'), personOf('renamed')]));
      const mark = await since(
        connector,
        new Date(Date.now() + 1_000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '') + 'Z',
      );
      await new Promise((wake) => setTimeout(wake, 1_100));
      slapd.modify('dn: uid=gone,ou=people,dc=example,dc=org\nchangetype: delete');
      slapd.modify(
        'dn: uid=renamed,ou=people,dc=example,dc=org\nchangetype: modrdn\nnewrdn: uid=newname\ndeleteoldrdn: 1',
      );
      const [page] = await readAll(connector, { type: 'user', mode: 'delta', watermark: mark });
      expect(idsOf(page === undefined ? [] : [page])).toEqual(['newname']);
      expect(page?.tombstones).toEqual([{ id: 'gone' }, { id: 'renamed' }]);
      expect(page?.watermark).toMatchObject({ v: 1 });
      slapd.modify('dn: uid=newname,ou=people,dc=example,dc=org\nchangetype: delete');
    });
  });

  it('CONN-LDAP-40: attributes that the administrator names come as bytes; a mark made without them says nothing', async () => {
    const named = open({ 'ldap.binary.attributes': 'SN' });
    const [before, after] = [await open().readOne('user', 'u8', {}), await named.readOne('user', 'u8', {})];
    expect([before?.body['sn'], after?.body['sn']]).toEqual([['Example'], ['RXhhbXBsZQ==']]);
    expect(after?.image).not.toEqual(before?.image);
    const delta = { 'ldap.delta.attribute': 'modifyTimestamp' };
    const watermark = (await readAll(open(delta), { type: 'user' })).at(-1)?.watermark;
    if (watermark === undefined) throw new Error('no mark');
    const changed = open({ ...delta, 'ldap.binary.attributes': 'sn' });
    const read = changed.readPage({ type: 'user', mode: 'delta', cursor: null, watermark });
    expect((await errorOf(read)).kind).toBe('deltaLost');
  });

  describe('writing', () => {
    const entryOf = (base: string) => slapd.search(base)[0];

    it('CONN-LDAP-60, CONN-LDAP-62, CONN-LDAP-66: create below the path, with all superior classes', async () => {
      const connector = open();
      const result = await connector.create('user', { uid: 'new1', sn: 'New', mail: ['a@x.org', 'b@x.org'] }, {});
      expect(result).toMatchObject({ id: 'new1', applied: 'created' });
      expect(entryOf(`uid=new1,${slapd.peopleDn}`)).toMatchObject({
        objectclass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
        cn: ['new1'],
        mail: ['a@x.org', 'b@x.org'],
      });
      expect(await errorOf(connector.create('user', { uid: 'new1', sn: 'New' }, {}))).toMatchObject({
        kind: 'conflict',
        scope: 'entity',
        outcome: 'not-applied',
      });
      const found = await connector.resolveExisting(
        'user',
        { uid: 'new1', sn: 'New' },
        connector.uniqueKeys('user'),
        {},
      );
      expect(found).toMatchObject({ outcome: 'one', entity: { id: 'new1', body: { sn: 'New' } } });
      expect(await connector.resolveExisting('user', { uid: 'nobody' }, [], {})).toEqual({ outcome: 'none' });
      await connector.delete('user', 'new1', {});
    });

    it('CONN-LDAP-63: a class that lacks a mandatory attribute is invalid, and the message names it', async () => {
      const error = await errorOf(open().create('user', { uid: 'nosn' }, {}));
      expect(error).toMatchObject({ kind: 'invalid', status: 65, outcome: 'not-applied' });
      expect(error.adminMessage).toContain('sn');
    });

    it.each(HARD)(
      'CONN-LDAP-71, CONN-TCK-24: the name %s can be created, found, changed and deleted with rfc4514',
      async (name) => {
        const connector = open({ 'ldap.dn.escape.mode': 'rfc4514' });
        const uid = `${name}2`;
        await connector.create('user', { uid, sn: 'X' }, {});
        await connector.update('user', uid, { mode: 'patch', body: { uid, sn: name } }, {});
        expect((await connector.readOne('user', uid, {}))?.body).toMatchObject({ uid: [uid], sn: [name] });
        const group = await connector.create('group', { cn: uid, member: [{ value: uid, type: 'User' }] }, {});
        expect((await connector.readOne('group', group.id, {}))?.body['member']).toEqual([uid]);
        await connector.delete('group', group.id, {});
        expect(await connector.delete('user', uid, {})).toEqual({ id: uid, applied: 'deleted' });
      },
    );

    it('CONN-LDAP-70: the documented mode refuses such a name before anything is sent', async () => {
      let requests = 0;
      const call = open().create('user', { uid: 'a=b2', sn: 'X' }, { beforeWrite: () => void requests++ });
      expect(await errorOf(call)).toMatchObject({
        kind: 'invalid',
        safeMessage: expect.stringContaining('ldap.dn.escape.mode'),
      });
      expect(requests).toBe(0);
    });

    it('CONN-LDAP-75, CONN-LDAP-76, CONN-LDAP-78: one modify with what differs, none without a difference', async () => {
      const connector = open();
      await connector.create('user', { uid: 'm1', sn: 'One', title: 'Dr', mail: ['a', 'b', 'c'] }, {});
      let requests = 0;
      const update = (body: Record<string, string | string[]>) =>
        connector.update('user', 'm1', { mode: 'patch', body }, { beforeWrite: () => void requests++ });
      expect(await update({ uid: 'm1', sn: 'One', mail: ['c', 'b', 'a'] })).toMatchObject({
        id: 'm1',
        applied: 'none',
      });
      expect(requests).toBe(0);
      expect(await update({ sn: 'Two', title: [], mail: ['a', 'b', 'd'] })).toMatchObject({
        id: 'm1',
        applied: 'updated',
      });
      expect(requests).toBe(1);
      const entry = entryOf(`uid=m1,${slapd.peopleDn}`);
      expect(entry).toMatchObject({ sn: ['Two'], cn: ['m1'] });
      expect(entry?.['mail']?.sort()).toEqual(['a', 'b', 'd']);
      expect(entry?.['title']).toBeUndefined();
      await connector.delete('user', 'm1', {});
    });

    it('CONN-LDAP-77: a changed naming attribute renames, then the rest is modified; the identifier is the new name', async () => {
      const connector = open();
      await connector.create('user', { uid: 'before', sn: 'One' }, {});
      const result = await connector.update('user', 'before', { mode: 'patch', body: { uid: 'after', sn: 'Two' } }, {});
      expect(result).toMatchObject({ id: 'after', applied: 'updated' });
      expect(entryOf(`uid=after,${slapd.peopleDn}`)).toMatchObject({ uid: ['after'], sn: ['Two'] });
      expect(await errorOf(connector.update('user', 'before', { mode: 'patch', body: { sn: 'X' } }, {}))).toMatchObject(
        {
          kind: 'notFound',
          scope: 'entity',
        },
      );
      await connector.delete('user', 'after', {});
    });

    it('CONN-LDAP-61, CONN-LDAP-73, CONN-LDAP-77: with the DN as identifier an entry moves; the container must exist', async () => {
      const connector = open({ 'ldap.attribute.user.id': 'distinguishedName', 'ldap.user.path': slapd.suffix });
      const at = (place: string): string => `UID = moves , ${place},dc=example,dc=org`;
      const { id } = await connector.create('user', { distinguishedName: at('ou=people'), sn: 'X' }, {});
      expect(id).toBe('UID=moves,ou=people,dc=example,dc=org');
      const moved = await connector.update(
        'user',
        id,
        { mode: 'patch', body: { distinguishedName: at('ou=other') } },
        {},
      );
      expect(moved.id).toBe('UID=moves,ou=other,dc=example,dc=org');
      expect(entryOf(moved.id)?.['uid']).toEqual(['moves']);
      const nowhere = connector.create(
        'user',
        { distinguishedName: 'uid=x,ou=nowhere,dc=example,dc=org', sn: 'X' },
        {},
      );
      expect((await errorOf(nowhere)).kind).toBe('notFound');
      const outside = connector.create('user', { distinguishedName: 'uid=x,dc=elsewhere', sn: 'X' }, {});
      expect((await errorOf(outside)).kind).toBe('invalid');
      await connector.delete('user', moved.id, {});
    });

    it('CONN-LDAP-64: a group without members is refused, unless there is a placeholder, which is not shown', async () => {
      expect(await errorOf(open().create('group', { cn: 'empty', member: [] }, {}))).toMatchObject({
        kind: 'invalid',
        status: 65,
      });
      const connector = open({ 'ldap.group.empty.member.dn': slapd.rootDn });
      await connector.create('group', { cn: 'empty', member: [] }, {});
      expect(entryOf(`cn=empty,${slapd.groupsDn}`)?.['member']).toEqual([slapd.rootDn]);
      expect((await connector.readOne('group', 'empty', {}))?.body['member']).toEqual([]);
      const change = (members: string[]) =>
        connector.update('group', 'empty', { mode: 'patch', body: { cn: 'empty', member: members } }, {});
      await change(['u1', 'u2']);
      expect(entryOf(`cn=empty,${slapd.groupsDn}`)?.['member']).toHaveLength(2);
      await change([]);
      expect(entryOf(`cn=empty,${slapd.groupsDn}`)?.['member']).toEqual([slapd.rootDn]);
      await connector.delete('group', 'empty', {});
    });

    it('CONN-LDAP-80, CONN-LDAP-81: members are found wherever they lie, written as differences, and doubly added or removed is success', async () => {
      const connector = open({ 'ldap.user.path': slapd.suffix });
      await connector.create('group', { cn: 'team', member: ['u1', 'outside'] }, {});
      expect(entryOf(`cn=team,${slapd.groupsDn}`)?.['member']?.sort()).toEqual([
        'uid=outside,ou=other,dc=example,dc=org',
        'uid=u1,ou=people,dc=example,dc=org',
      ]);
      let requests = 0;
      const write = (members: string[]) =>
        connector.update(
          'group',
          'team',
          { mode: 'patch', body: { cn: 'team', member: members } },
          { beforeWrite: () => void requests++ },
        );
      expect((await write(['outside', 'u1'])).applied).toBe('none');
      await write(['u2', 'outside', 'cn=nested,ou=groups,dc=example,dc=org']);
      expect(requests).toBe(2);
      const group = await connector.readOne('group', 'team', {});
      expect(group?.body['member']).toEqual(expect.arrayContaining(['u2', 'outside', 'nested']));
      await connector.delete('group', 'team', {});
    });

    it('CONN-LDAP-83: memberOf is never written', async () => {
      const connector = open();
      const result = await connector.update('user', 'u1', { mode: 'patch', body: { uid: 'u1', memberOf: ['x'] } }, {});
      expect(result.applied).toBe('none');
    });

    it('CONN-LDAP-85, CONN-TCK-14: absent is success twice; an entry with others below it is not deleted', async () => {
      const connector = open();
      await connector.create('user', { uid: 'd1', sn: 'X' }, {});
      slapd.modify(
        ldifOf([
          [
            'uid=below,uid=d1,ou=people,dc=example,dc=org',
            { objectClass: 'inetOrgPerson', uid: 'below', cn: 'b', sn: 'b' },
          ],
        ]),
      );
      expect(await errorOf(connector.delete('user', 'd1', {}))).toMatchObject({
        kind: 'invalid',
        outcome: 'not-applied',
      });
      await connector.delete('user', 'below', {});
      expect(await connector.delete('user', 'd1', {})).toEqual({ id: 'd1', applied: 'deleted' });
      expect(await connector.delete('user', 'd1', {})).toEqual({ id: 'd1', applied: 'already-absent' });
    });

    it('CONN-LDAP-86: a deleted user leaves its groups; the last member of a class that needs one is replaced by the placeholder', async () => {
      const connector = open({ 'ldap.group.empty.member.dn': slapd.rootDn });
      await connector.create('user', { uid: 'leaver', sn: 'X' }, {});
      await connector.create('group', { cn: 'two', member: ['leaver', 'u1'] }, {});
      await connector.create('group', { cn: 'last', member: ['leaver'] }, {});
      await connector.delete('user', 'leaver', {});
      expect(entryOf(`cn=two,${slapd.groupsDn}`)?.['member']).toEqual(['uid=u1,ou=people,dc=example,dc=org']);
      expect(entryOf(`cn=last,${slapd.groupsDn}`)?.['member']).toEqual([slapd.rootDn]);
      await connector.delete('group', 'two', {});
      await connector.delete('group', 'last', {});
    });

    it('a password is written, and binds', async () => {
      const connector = open();
      await connector.create('user', { uid: 'pw', sn: 'X', userPassword: 'first-Secret1' }, {});
      const as = (password: string) => open({ 'ldap.user': `uid=pw,${slapd.peopleDn}` }, password).testConnection({});
      expect((await as('first-Secret1')).checks[0]?.ok).toBe(true);
      await connector.update('user', 'pw', { mode: 'patch', body: { userPassword: 'second-Secret1' } }, {});
      expect((await as('first-Secret1')).checks[0]).toMatchObject({
        ok: false,
        message: expect.stringContaining('ldap.password'),
      });
      expect((await as('second-Secret1')).checks[0]?.ok).toBe(true);
      await connector.delete('user', 'pw', {});
    });
  });

  describe('connection', () => {
    it('CONN-LDAP-10, CONN-LDAP-16: the test says line by line what works', async () => {
      const report = await open().testConnection({});
      expect(report.ok).toBe(true);
      expect(report.checks.map(({ name }) => name)).toEqual([
        'Connect and authenticate',
        'Path of users',
        'Read users',
        'Path of groups',
        'Read groups',
        'Capabilities',
      ]);
      const wrong = await open({ 'ldap.group.path': 'ou=nowhere,dc=example,dc=org' }).testConnection({});
      expect(wrong.checks.find(({ name }) => name === 'Path of groups')).toMatchObject({ ok: false });
    });

    it('CONN-TCK-19: a wrong password is auth for the whole system; without one nothing is sent', async () => {
      expect(await errorOf(readAll(open({}, 'wrong'), { type: 'user' }))).toMatchObject({
        kind: 'auth',
        scope: 'system',
        status: 49,
      });
      expect(await errorOf(readAll(open({}, ''), { type: 'user' }))).toMatchObject({ kind: 'fatal', scope: 'system' });
    });

    const trusted = { 'ips.tls.ca.certificates': readFileSync(fixture('ca.crt'), 'utf8') };
    const readOne = (properties: Record<string, string>) => open(properties).readOne('user', 'u1', {});

    it('CONN-LDAP-14, CONN-TCK-25: ldaps and StartTLS with the own authority', async () => {
      expect((await readOne({ ...trusted, 'ldap.url': slapd.tlsUrl }))?.id).toBe('u1');
      expect((await readOne({ ...trusted, 'ldap.tls.mode': 'starttls' }))?.id).toBe('u1');
      const connector = open({ ...trusted, 'ldap.tls.mode': 'starttls', 'ldap.page.size': '300' });
      expect(idsOf(await readAll(connector, { type: 'user' }))).toHaveLength(PEOPLE);
    });

    it.each([
      ['an unknown authority', {}],
      ['another host name', { ...trusted, host: 'localhost' }],
    ])(
      'CONN-LDAP-14, CONN-TCK-25: %s is refused, by ldaps and by StartTLS, before the password is sent',
      async (_, { host, ...properties }: Record<string, string>) => {
        const at = (url: string): string => (host === undefined ? url : url.replace('127.0.0.1', host));
        for (const more of [
          { 'ldap.url': at(slapd.tlsUrl) },
          { 'ldap.url': at(slapd.url), 'ldap.tls.mode': 'starttls' },
        ]) {
          const error = await errorOf(readOne({ ...properties, ...more }));
          expect(error).toMatchObject({ kind: 'transient', scope: 'system', outcome: 'not-applied' });
          expect(error.safeMessage).toContain('certificate');
        }
        expect((await readOne({ TrustAll: 'true', 'ldap.url': at(slapd.tlsUrl) }))?.id).toBe('u1');
      },
    );

    it('CONN-LDAP-13: a dropped connection is opened again for a read, and a list of addresses is tried in order', async () => {
      const connector = open({ 'ldap.url': `ldap://127.0.0.1:1,${slapd.url}` });
      expect((await connector.readOne('user', 'u1', {}))?.id).toBe('u1');
      await slapd.restart();
      expect((await connector.readOne('user', 'u1', {}))?.id).toBe('u1');
      expect(
        await connector.update('user', 'u1', { mode: 'patch', body: { uid: 'u1', sn: 'Again' } }, {}),
      ).toMatchObject({ applied: 'updated' });
    });

    it('CONN-TCK-20: what is stopped ends at once with cancelled', async () => {
      const controller = new AbortController();
      controller.abort();
      expect((await errorOf(readAll(open(), { type: 'user', signal: controller.signal }))).kind).toBe('cancelled');
    });
  });
});
