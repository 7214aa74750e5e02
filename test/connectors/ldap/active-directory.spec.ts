import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector, Page, ReadPageRequest, Watermark } from '../../../connectors/contract.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import type { SambaDc } from '../../../simulators/directories/samba.js';
import { describeSamba, startTestSamba } from '../../support/directories.js';
import { openSamba, type RecordingConnector } from '../support/ldap.js';
import { errorOf, idsOf, readAll } from '../support/scim.js';

const PEOPLE = 120;
const BASE = 'DC=example,DC=test';
const personDn = (name: string): string => `CN=${name},OU=People,${BASE}`;
const groupDn = (name: string): string => `CN=${name},OU=Groups,${BASE}`;
const DELTA = { 'ldap.user.attributes': 'cn,uSNChanged', 'ldap.group.attributes': 'uSNChanged,cn' };
/** Active Directory takes the class user for computers, too. */
const ENABLED = '512';
const DISABLED = '514';

describeSamba('Active Directory on Samba', () => {
  let dc: SambaDc;
  const opened: Connector[] = [];
  const open = (properties: Record<string, string> = {}, password?: string): RecordingConnector => {
    const connector = openSamba(dc, properties, password);
    opened.push(connector);
    return connector;
  };
  const entryOf = (dn: string, attributes?: string[]) => dc.search(dn, '(objectClass=*)', attributes)[0];

  beforeAll(async () => {
    dc = await startTestSamba();
    const unit = (name: string) => [`OU=${name},${BASE}`, { objectClass: 'organizationalUnit', ou: name }] as const;
    const user = (name: string, where = personDn(name)) =>
      [where, { objectClass: 'user', sAMAccountName: name, sn: 'Example' }] as const;
    const group = (name: string, member: string[]) =>
      [
        groupDn(name),
        { objectClass: 'group', sAMAccountName: name, ...(member.length > 0 ? { member } : {}) },
      ] as const;
    dc.modify(
      ldifOf([
        ...['People', 'Groups', 'Elsewhere'].map(unit),
        [`OU=Sub,OU=People,${BASE}`, { objectClass: 'organizationalUnit', ou: 'Sub' }],
        ...Array.from({ length: PEOPLE }, (_, n) => user(`u${n}`)),
        user('outside', `CN=outside,OU=Elsewhere,${BASE}`),
        user('nested1', `CN=nested1,OU=Sub,OU=People,${BASE}`),
        group('bottom', [personDn('u3'), personDn('u4')]),
        group('middle', [groupDn('bottom'), personDn('u2')]),
        group('top', [groupDn('middle'), personDn('u1'), `CN=outside,OU=Elsewhere,${BASE}`]),
      ]),
    );
    // A cycle.
    dc.modify(`dn: ${groupDn('bottom')}\nchangetype: modify\nadd: member\nmember: ${groupDn('top')}`);
  }, 120_000);
  afterEach(async () => {
    for (const connector of opened.splice(0)) await connector.close();
  });
  afterAll(() => dc?.stop());

  describe('reading', () => {
    it('CONN-LDAP-24: a full read by ranges of the change counter: everybody once, each page by another process', async () => {
      const ids: string[] = [];
      let page: Page | undefined;
      let pages = 0;
      do {
        const request: ReadPageRequest = { type: 'user', mode: 'full', cursor: page?.next ?? null };
        page = await open({ 'ldap.page.size': '20' }).readPage(request);
        ids.push(...idsOf([page]));
        pages += 1;
        // What the engine stores is JSON.
        page = JSON.parse(JSON.stringify(page)) as Page;
      } while (page.next !== null);
      expect(ids).toHaveLength(PEOPLE + 1);
      expect(new Set(ids).size).toBe(PEOPLE + 1);
      expect(pages).toBeGreaterThan(1);
      expect(page.watermark).toMatchObject({ v: 1, invocationId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    });

    it('CONN-CORE-20, CONN-TCK-04: who changes while it is read is delivered again, and nobody is passed over', async () => {
      const connector = open({ 'ldap.page.size': '20' });
      const pages = [await connector.readPage({ type: 'user', mode: 'full', cursor: null })];
      const [first] = idsOf(pages);
      const unread = ['u118', 'u119'].filter((id) => !idsOf(pages).includes(id));
      for (const id of [first ?? '', ...unread])
        dc.modify(`dn: ${personDn(id)}\nchangetype: modify\nreplace: title\ntitle: changed`);
      for (let next = pages[0]?.next ?? null; next !== null; next = pages.at(-1)?.next ?? null)
        pages.push(await connector.readPage({ type: 'user', mode: 'full', cursor: next }));
      const ids = idsOf(pages);
      expect(new Set(ids).size).toBe(PEOPLE + 1);
      expect(ids.filter((id) => id === first)).toHaveLength(2);
    });

    it('CONN-LDAP-40, CONN-CORE-07, CONN-CORE-08: GUID and SID as bytes and as administration tools show them', async () => {
      const entity = await open().readOne('user', 'u1', {});
      const [guid] = dc.search(personDn('u1'), '(objectClass=*)', ['objectGUID'])[0]?.['objectguid'] ?? [];
      expect(entity?.body['objectGUID']).toEqual([guid]);
      const [text] = entity?.body['objectGUID;guid'] as string[];
      // The server understands the text form as name of the entry.
      expect(dc.search(`<GUID=${text}>`)[0]?.['cn']).toEqual(['u1']);
      const [sid] = entity?.body['objectSid;sid'] as string[];
      expect(dc.search(`<SID=${sid}>`)[0]?.['cn']).toEqual(['u1']);
      expect(entity?.body['uSNChanged']).toEqual([expect.stringMatching(/^\d+$/)]);
    });

    it('CONN-LDAP-36: the primary group is in neither list', async () => {
      const entity = await open().readOne('user', 'u1', {});
      expect(entity?.body['memberOf']).toEqual(['top']);
      expect(entity?.body['primaryGroupID']).toEqual(['513']);
    });

    it('CONN-LDAP-32, CONN-LDAP-33, CONN-AD-25: members by identifier with their type; a group is the authority for its members', async () => {
      const connector = open({ 'ldap.api.version': '2' });
      const group = await connector.readOne('group', 'top', {});
      expect(group?.body['member']).toEqual(
        expect.arrayContaining([
          { value: 'u1', type: 'User' },
          { value: 'middle', type: 'Group' },
          { value: 'outside', type: 'User' },
        ]),
      );
      // Another identifier than the name of the entry is looked up.
      const byAccount = await open({ 'ldap.attribute.user.id': 'sAMAccountName' }).readOne('group', 'bottom', {});
      expect(byAccount?.body['member']).toEqual(expect.arrayContaining(['u3', 'u4', 'top']));
    });

    it('CONN-AD-05, CONN-AD-06, CONN-AD-07: flattening over three levels and a cycle gives what walking the groups gives', async () => {
      const walked = new Set<string>();
      const seen = new Set<string>();
      const walk = (dn: string): void => {
        if (seen.has(dn)) return;
        seen.add(dn);
        const entry = entryOf(dn);
        if (entry?.['objectclass']?.includes('group') === true) entry['member']?.forEach(walk);
        else walked.add(entry?.['cn']?.[0] ?? '');
      };
      walk(groupDn('top'));
      const connector = open({ 'ad.group.flatten': 'true', 'ad.group.flatten.page.size': '100' });
      const group = await connector.readOne('group', 'top', {});
      expect([...walked].sort()).toEqual(['outside', 'u1', 'u2', 'u3', 'u4']);
      expect([...(group?.body['member'] as string[])].sort()).toEqual([...walked].sort());
    });

    it('CONN-LDAP-26: version 2 adds the account name; bytes that were not asked for are not delivered', async () => {
      const entity = await open({ 'ldap.api.version': '2', 'ldap.user.attributes': 'sn' }).readOne('user', 'u5', {});
      expect(Object.keys(entity?.body ?? {}).sort()).toEqual(['cn', 'distinguishedName', 'sAMAccountName', 'sn']);
    });
  });

  describe('delta', () => {
    const markOf = (pages: readonly Page[]): Watermark => pages.at(-1)?.watermark ?? { v: 0 };
    const fullMark = async (type: 'user' | 'group'): Promise<Watermark> => markOf(await readAll(open(DELTA), { type }));
    const changed = async (type: 'user' | 'group', watermark: Watermark, more: Record<string, string> = {}) => {
      const pages = await readAll(open({ ...DELTA, ...more }), { type, mode: 'delta', watermark });
      return {
        ids: idsOf(pages).sort(),
        tombstones: pages.at(-1)?.tombstones.map(({ id }) => id),
        mark: markOf(pages),
      };
    };

    it('CONN-AD-12, CONN-AD-13, CONN-AD-14, CONN-AD-15, CONN-TCK-06: what changed since the mark, and nothing else', async () => {
      const mark = await fullMark('user');
      expect((await changed('user', mark)).ids).toEqual([]);
      dc.modify(`dn: ${personDn('u10')}\nchangetype: modify\nreplace: title\ntitle: new`);
      dc.modify(ldifOf([[personDn('joiner'), { objectClass: 'user', sAMAccountName: 'joiner' }]]));
      const delta = await changed('user', mark);
      expect(delta.ids).toEqual(['joiner', 'u10']);
      expect((await changed('user', delta.mark)).ids).toEqual([]);
    });

    it('CONN-AD-14, CONN-AD-19, CONN-TCK-08: what changes between mark and last page is in the next delta', async () => {
      const connector = open({ ...DELTA, 'ldap.page.size': '20' });
      const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      dc.modify(`dn: ${personDn('u20')}\nchangetype: modify\nreplace: title\ntitle: meanwhile`);
      const rest = await readAll(connector, { type: 'user', cursor: first.next });
      expect((await changed('user', markOf(rest))).ids).toContain('u20');
    });

    it('CONN-AD-11, CONN-AD-17, CONN-TCK-06: a deleted object is a tombstone under its old identifier', async () => {
      const mark = await fullMark('user');
      dc.modify(ldifOf([[personDn('leaver'), { objectClass: 'user', sAMAccountName: 'leaver' }]]));
      dc.modify(`dn: ${personDn('leaver')}\nchangetype: delete`);
      expect(await changed('user', mark)).toMatchObject({ ids: [], tombstones: ['leaver'] });
    });

    it('CONN-AD-25: a changed group is delivered, its member is not, whose memberOf is behind until the next full read', async () => {
      const [users, groups] = [await fullMark('user'), await fullMark('group')];
      dc.modify(`dn: ${groupDn('bottom')}\nchangetype: modify\nadd: member\nmember: ${personDn('u30')}`);
      expect((await changed('group', groups)).ids).toEqual(['bottom']);
      expect((await changed('user', users)).ids).toEqual([]);
    });

    it('CONN-AD-26, CONN-AD-27: a move inside is delivered, one out of the path only with the check, one into it is', async () => {
      const mark = await fullMark('user');
      const move = (name: string, from: string, to: string) =>
        dc.modify(
          `dn: CN=${name},${from},${BASE}\nchangetype: moddn\nnewrdn: CN=${name}\ndeleteoldrdn: 1\nnewsuperior: ${to},${BASE}`,
        );
      move('u40', 'OU=People', 'OU=Sub,OU=People');
      move('u41', 'OU=People', 'OU=Elsewhere');
      move('outside', 'OU=Elsewhere', 'OU=People');
      expect(await changed('user', mark)).toMatchObject({ ids: ['outside', 'u40'], tombstones: [] });
      expect(await changed('user', mark, { 'ad.delta.scope.check': 'true' })).toMatchObject({
        ids: ['outside', 'u40'],
        tombstones: ['u41'],
      });
      move('u41', 'OU=Elsewhere', 'OU=People');
      move('outside', 'OU=People', 'OU=Elsewhere');
    });

    it('CONN-AD-18: who no longer matches the filter is not in a delta', async () => {
      const filter = { 'ldap.user.filter': '(!(title=hidden))' };
      const mark = markOf(await readAll(open({ ...DELTA, ...filter }), { type: 'user' }));
      dc.modify(`dn: ${personDn('u50')}\nchangetype: modify\nreplace: title\ntitle: hidden`);
      expect((await changed('user', mark, filter)).ids).toEqual([]);
    });

    it.each([
      ['another controller, or a restored one', { invocationId: '00000000-0000-4000-8000-000000000000' }],
      ['a counter that went back', { usn: '999999999' }],
      ['a mark of 150 days ago', { at: '2026-01-01T00:00:00.000Z' }],
      ['a mark of something else', { usn: null }],
    ])('CONN-AD-16, CONN-AD-20, CONN-TCK-07: %s is deltaLost', async (_, change) => {
      const mark = { ...(await fullMark('user')), ...change } as Watermark;
      expect(await errorOf(changed('user', mark))).toMatchObject({ kind: 'deltaLost' });
    });

    it('CONN-AD-29: a position of another controller begins again', async () => {
      const connector = open({ ...DELTA, 'ldap.page.size': '20' });
      const { next } = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
      const elsewhere = {
        ...next,
        mark: { ...(next?.['mark'] as object), dnsHostName: 'dc2.example.test' },
      } as Page['next'];
      expect(await errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: elsewhere }))).toMatchObject({
        kind: 'deltaLost',
      });
    });
  });

  describe('writing', () => {
    it('CONN-LDAP-60, CONN-LDAP-62, CONN-AD-32: an account without password is made disabled by the server', async () => {
      const connector = open();
      const body = { cn: 'Smith, John', sAMAccountName: 'jsmith', displayName: 'John', mail: 'j@x.org' };
      expect(await connector.create('user', body, {})).toMatchObject({ id: 'Smith, John', applied: 'created' });
      const entry = entryOf(personDn('Smith\\, John'));
      expect(entry).toMatchObject({ samaccountname: ['jsmith'], displayname: ['John'] });
      expect(Number(entry?.['useraccountcontrol']?.[0]) & 2).toBe(2);
      await connector.update(
        'user',
        'Smith, John',
        { mode: 'patch', body: { ...body, displayName: [], mail: [] } },
        {},
      );
      expect(entryOf(personDn('Smith\\, John'))?.['displayname']).toBeUndefined();
      expect((await connector.delete('user', 'Smith, John', {})).applied).toBe('deleted');
    });

    it('CONN-LDAP-65: the account name of somebody elsewhere below the path is a conflict, resolved by it', async () => {
      const connector = open();
      const body = { cn: 'other name', sAMAccountName: 'nested1' };
      expect(await errorOf(connector.create('user', body, {}))).toMatchObject({ kind: 'conflict', scope: 'entity' });
      const found = await connector.resolveExisting('user', body, connector.uniqueKeys('user'), {});
      expect(found).toMatchObject({ outcome: 'one', entity: { id: 'nested1' } });
      // By the server's own clock, never younger than it is.
      const createdAt = found.outcome === 'one' ? Date.parse(found.createdAt ?? '') : Number.NaN;
      expect(Math.abs(Date.now() - createdAt)).toBeLessThan(600_000);
      const elsewhere = { cn: 'x', sAMAccountName: 'outside' };
      expect((await errorOf(connector.create('user', elsewhere, {}))).kind).toBe('conflict');
      expect(await connector.resolveExisting('user', elsewhere, [], {})).toEqual({ outcome: 'none' });
    });

    it('CONN-AD-30, CONN-AD-33: made disabled with the password, then enabled; the new user binds', async () => {
      const connector = open();
      let requests = 0;
      const body = {
        cn: 'account',
        sAMAccountName: 'account',
        unicodePwd: 'Initial-Passw0rd',
        userAccountControl: ENABLED,
      };
      await connector.create('user', body, { beforeWrite: () => void requests++ });
      expect(requests).toBe(2);
      expect(entryOf(personDn('account'))?.['useraccountcontrol']).toEqual([ENABLED]);
      const report = await open({ 'ldap.user': personDn('account') }, 'Initial-Passw0rd').testConnection({});
      expect(report.checks[0]).toMatchObject({ ok: true });
      await connector.update('user', 'account', { mode: 'patch', body: { unicodePwd: 'Changed-Passw0rd' } }, {});
      const changed = await open({ 'ldap.user': personDn('account') }, 'Changed-Passw0rd').testConnection({});
      expect(changed.checks[0]).toMatchObject({ ok: true });
    });

    it('CONN-AD-33: what stopped between the two steps is found as ours, and completed', async () => {
      const connector = open();
      const body = { cn: 'half', sAMAccountName: 'half', unicodePwd: 'Initial-Passw0rd', userAccountControl: ENABLED };
      let requests = 0;
      const cut = connector.create('user', body, {
        beforeWrite: () => {
          if (++requests === 2) throw new Error('the process dies here');
        },
      });
      await expect(cut).rejects.toThrow('dies here');
      expect(entryOf(personDn('half'))?.['useraccountcontrol']).toEqual([DISABLED]);
      const { unicodePwd: _, ...sent } = body;
      const found = await connector.resolveExisting('user', sent, [], {});
      expect(found).toMatchObject({
        outcome: 'one',
        entity: { id: 'half', body: sent },
        createdAt: expect.any(String),
      });
      for (let round = 0; round < 2; round++) await connector.completeCreate?.('user', 'half', body, {});
      expect(entryOf(personDn('half'))?.['useraccountcontrol']).toEqual([ENABLED]);
    });

    it('CONN-AD-34: disabled instead of deleted is an update of the account state', async () => {
      const connector = open();
      await connector.update('user', 'half', { mode: 'patch', body: { userAccountControl: DISABLED } }, {});
      expect(entryOf(personDn('half'))?.['useraccountcontrol']).toEqual([DISABLED]);
    });

    it('CONN-AD-30: over a readable connection a password is refused before anything is sent', async () => {
      let requests = 0;
      const connector = open({ 'ldap.url': dc.url });
      const error = await errorOf(
        connector.create(
          'user',
          { cn: 'x', sAMAccountName: 'x', unicodePwd: 'Passw0rd.x1' },
          { beforeWrite: () => void requests++ },
        ),
      );
      // Samba already refuses the bind; a controller that takes it is not sent the password either.
      expect(error.kind).toBe('fatal');
      expect(requests).toBe(0);
    });

    it('CONN-AD-31: a password against the policy is invalid and leaves nothing behind', async () => {
      const body = { cn: 'weak', sAMAccountName: 'weak', unicodePwd: 'x', userAccountControl: ENABLED };
      const error = await errorOf(open().create('user', body, {}));
      expect(error).toMatchObject({
        kind: 'invalid',
        scope: 'entity',
        safeMessage: expect.stringContaining('password policy'),
      });
      expect(await open().readOne('user', 'weak', {})).toBeNull();
    });

    it.each([
      ['sAMAccountName', 'a'.repeat(21)],
      ['sAMAccountName', 'a*b'],
      ['cn', 'c'.repeat(65)],
    ])('CONN-AD-35, CONN-AD-36: %s %j is refused before anything is sent', async (name, value) => {
      let requests = 0;
      const body = { cn: 'ok', sAMAccountName: 'ok', [name]: value };
      const error = await errorOf(open().create('user', body, { beforeWrite: () => void requests++ }));
      expect(error).toMatchObject({ kind: 'invalid', safeMessage: expect.stringContaining(name) });
      expect(requests).toBe(0);
    });

    it('CONN-LDAP-81, CONN-LDAP-82: members are added and removed as differences; an unknown one fails the group when the others are in', async () => {
      const connector = open();
      await connector.create('group', { cn: 'team', sAMAccountName: 'team', member: ['u60', 'nested1'] }, {});
      const write = (members: string[]) =>
        connector.update('group', 'team', { mode: 'patch', body: { cn: 'team', member: members } }, {});
      await write(['u61', 'nested1', 'outside-ghost', 'u62']).catch((error: unknown) =>
        expect(error).toMatchObject({ kind: 'invalid', safeMessage: expect.stringContaining('1 members are unknown') }),
      );
      expect((await connector.readOne('group', 'team', {}))?.body['member']).toEqual(
        expect.arrayContaining(['u61', 'u62', 'nested1']),
      );
      expect(await write(['u62', 'nested1', 'u61'])).toMatchObject({ id: 'team', applied: 'none' });
      await write([]);
      expect(entryOf(groupDn('team'))?.['member']).toBeUndefined();
      await connector.delete('group', 'team', {});
    });

    it('CONN-LDAP-61, CONN-LDAP-70: with the DN as identifier, a nested path and a name with a comma', async () => {
      const connector = open({ 'ldap.attribute.user.id': 'distinguishedName' });
      const dn = `CN=Doe, Jane,OU=Sub,OU=People,${BASE}`;
      const { id } = await connector.create('user', { distinguishedName: dn, sAMAccountName: 'jdoe' }, {});
      expect(entryOf(id)?.['samaccountname']).toEqual(['jdoe']);
      const to = { distinguishedName: `CN=Doe, Jane B,OU=People,${BASE}`, sAMAccountName: 'jdoe' };
      const moved = await connector.update('user', id, { mode: 'patch', body: to }, {});
      expect(entryOf(moved.id)?.['cn']).toEqual(['Doe, Jane B']);
      expect((await connector.delete('user', moved.id, {})).applied).toBe('deleted');
    });
  });

  describe('connection', () => {
    it('CONN-LDAP-11, CONN-LDAP-16: the test tells Active Directory from other directories, and shows the rights', async () => {
      const report = await open().testConnection({});
      expect(report).toMatchObject({ ok: true });
      expect(report.checks.at(-1)).toMatchObject({ name: 'Rights to write', ok: true });
      expect(report.checks[0]?.message).not.toContain('warning');
    });

    it('CONN-LDAP-14: StartTLS; without encryption a strict controller refuses, with a hint', async () => {
      expect((await open({ 'ldap.url': dc.url, 'ldap.tls.mode': 'starttls' }).readOne('user', 'u1', {}))?.id).toBe(
        'u1',
      );
      const error = await errorOf(open({ 'ldap.url': dc.url }).readOne('user', 'u1', {}));
      expect(error).toMatchObject({ kind: 'fatal', scope: 'system' });
      expect(error.safeMessage).toContain('ldaps://');
    });

    it('a user principal name binds; a wrong password is told in words', async () => {
      expect((await open({ 'ldap.user': 'Administrator@example.test' }).readOne('user', 'u1', {}))?.id).toBe('u1');
      expect(await errorOf(open({}, 'wrong').readOne('user', 'u1', {}))).toMatchObject({
        kind: 'auth',
        scope: 'system',
      });
    });

    it('the Global Catalog is read, and never written', async () => {
      const connector = open({ 'ldap.url': dc.globalCatalogUrl });
      expect((await connector.readOne('user', 'u1', {}))?.id).toBe('u1');
      const error = await errorOf(connector.update('user', 'u1', { mode: 'patch', body: { title: 'x' } }, {}));
      expect(error).toMatchObject({ kind: 'fatal', scope: 'system', outcome: 'not-applied' });
    });
  });
});
