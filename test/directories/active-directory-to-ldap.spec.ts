import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { ldifEntry, ldifOf } from '../../simulators/directories/ldif.js';
import type { SambaDc } from '../../simulators/directories/samba.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { describeSamba, startTestSamba } from '../support/directories.js';
import { TestEngine, withGroups, type TestSystem } from '../support/engine.js';
import { group as scimGroup, person as scimPerson, summary } from '../support/world.js';
import { sized } from '../support/sizes.js';
import { Company, groupLine, lineOf, modifyLdif } from './support/company.js';

const BASE = 'DC=example,DC=test';
/** More than a domain controller gives of one attribute at once (MaxValRange). */
const PEOPLE = 2_000;
const GROUPS = sized(8, 30);
const EMPLOYEES = sized(25, 60);

/* One domain controller for both lives: it is source below one unit and target below another. */
describeSamba('whole lives with Active Directory', () => {
  const company = new Company(PEOPLE);
  const sourcePeople = `OU=People,OU=Source,${BASE}`;
  const dnOf = (id: string): string => {
    const { unit: place } = company.person(id);
    return `CN=${id},${place === undefined ? '' : `OU=${place},`}${sourcePeople}`;
  };
  const attributesOf = (id: string) => {
    const { given, family, mail } = company.person(id);
    return { objectClass: 'user', sAMAccountName: id, givenName: given, sn: family, mail };
  };
  let dc: SambaDc;
  const unit = (name: string, below = BASE) =>
    [`OU=${name},${below}`, { objectClass: 'organizationalUnit', ou: name }] as const;
  const domain = (unitName: string): Record<string, string> => ({
    'ldap.user': dc.administrator,
    'ldap.user.path': `OU=People,OU=${unitName},${BASE}`,
    'ldap.group.path': `OU=Groups,OU=${unitName},${BASE}`,
    'ips.tls.ca.certificates': dc.authority,
    'ips.governor.group.members.percent': 'off',
  });
  const silent = (statistics: Parameters<typeof summary>[0], target: string): void => {
    const numbers = summary(statistics);
    expect([numbers[`${target} user`] ?? '', numbers[`${target} group`] ?? '']).toEqual(['', '']);
  };

  beforeAll(async () => {
    const units = ['Source', 'Target'].flatMap((name) => [
      unit(name),
      ...['People', 'Groups'].map((one) => unit(one, `OU=${name},${BASE}`)),
    ]);
    const people = [...company.people.keys()].map((id) => [dnOf(id), attributesOf(id)] as const);
    dc = await startTestSamba({ ldif: ldifOf([...units, ...people]) });
  }, 120_000);
  afterAll(() => dc?.stop());

  describe('Active Directory to an LDAP server', () => {
    const groups = `OU=Groups,OU=Source,${BASE}`;
    let slapd: Slapd;
    let engine: TestEngine;
    let source: TestSystem;

    const memberDns = (name: string): string[] => {
      const members = company.groups.get(name);
      return [...(members?.people ?? [])]
        .map(dnOf)
        .concat([...(members?.groups ?? [])].map((one) => `CN=${one},${groups}`));
    };
    const setMembers = (name: string, ids: Iterable<string>, nested: Iterable<string> = []): void => {
      const isNew = !company.groups.has(name);
      company.group(name, ids, nested);
      const dn = `CN=${name},${groups}`;
      if (isNew) dc.modify(ldifEntry(dn, { objectClass: 'group', sAMAccountName: name, member: memberDns(name) }));
      else dc.modify(modifyLdif(dn, { member: memberDns(name) }));
    };
    const change = (id: string, changes: { given?: string; mail?: string }): void => {
      const { given, mail } = Object.assign(company.person(id), changes);
      dc.modify(modifyLdif(dnOf(id), { givenName: [given], mail: [mail] }));
    };
    const join = (id: string): void => {
      company.add(id);
      dc.modify(ldifEntry(dnOf(id), attributesOf(id)));
    };
    const leave = (id: string): void => {
      dc.modify(`dn: ${dnOf(id)}\nchangetype: delete`);
      company.people.delete(id);
      for (const members of company.groups.values()) members.people.delete(id);
    };

    beforeAll(async () => {
      slapd = await startSlapd({ overlays: ['unique'], databaseLines: ['index mail eq'] });
      const ids = [...company.people.keys()];
      for (let n = 0; n < GROUPS; n++)
        setMembers(
          `g${n}`,
          ids.filter((_, index) => index % GROUPS === n),
        );
      setMembers('nesting', ['p0000'], ['g0', 'g1']);
      engine = await TestEngine.start();
      source = await engine.addSource('Domain', dc.tlsUrl, {
        typeName: 'Microsoft Active Directory',
        properties: {
          ...domain('Source'),
          'ldap.api.version': '2',
          'ldap.user.attributes': 'sn,givenName,mail,displayName,uSNChanged',
          // Samba cuts values into ranges only when it is asked to, Windows whenever there are more.
          'ldap.group.attributes': 'uSNChanged,sAMAccountName,member;range=0-1499',
          'ips.delta.read': 'enabled',
          'ips.delta.max.share': '100',
        },
        secrets: { 'ldap.password': dc.password },
      });
      await engine.addTarget('Directory', slapd.url, {
        typeName: 'LDAP Server',
        properties: {
          'ldap.user': slapd.rootDn,
          'ldap.user.path': slapd.peopleDn,
          'ldap.group.path': slapd.groupsDn,
          'ldap.group.empty.member.dn': slapd.rootDn,
          'ips.governor.group.members.percent': 'off',
        },
        secrets: { 'ldap.password': slapd.rootPassword },
      });
    }, 120_000);
    afterAll(async () => {
      await engine?.stop();
      await slapd?.stop();
    });

    const compare = (): void => {
      const entries = slapd.search(slapd.suffix);
      const of = (objectClass: string) => entries.filter((entry) => entry['objectclass']?.includes(objectClass));
      const uid = (dn: string): string => /^(?:uid|cn)=([^,]*)/.exec(dn)?.[1] ?? dn;
      expect(
        of('inetOrgPerson')
          .map((one) => lineOf(one['uid']?.[0] ?? '', one['mail'], one['givenname'], one['sn']))
          .sort(),
      ).toEqual(company.describePeople());
      const members = (entry: Record<string, string[]>) =>
        (entry['member'] ?? []).filter((dn) => dn !== slapd.rootDn).map(uid);
      expect(
        of('groupOfNames')
          .map((one) => groupLine(one['cn']?.[0] ?? '', members(one)))
          .sort(),
      ).toEqual(company.describeGroups(true));
    };
    const settle = async (kind: 'read' | 'resync' = 'read'): Promise<void> => {
      const finished = await engine.runJob(source, kind);
      expect(finished.job.status).toBe('Success');
      compare();
      silent((await engine.runJob(source)).statistics, 'Directory');
    };

    it('JOB-3, CONN-AD-14: everybody and every group, nested ones too, is created', async () => {
      await settle();
    }, 120_000);

    it('RDM-6, CONN-AD-15, CONN-AD-27: a delta job brings who joins, changes, and moves inside; two people swap their mail addresses', async () => {
      join('new1');
      change('p0001', { given: 'Änne' });
      const [left, right] = [company.person('p0002').mail, company.person('p0003').mail];
      change('p0002', { mail: right });
      change('p0003', { mail: left });
      dc.modify(ldifOf([unit('North', sourcePeople)]));
      dc.modify(
        `dn: ${dnOf('p0004')}\nchangetype: moddn\nnewrdn: CN=p0004\ndeleteoldrdn: 1\nnewsuperior: OU=North,${sourcePeople}`,
      );
      company.person('p0004').unit = 'North';
      setMembers('g1', [...company.people.keys()].slice(0, 20).concat('new1'));
      const finished = await engine.runJob(source);
      expect(finished.job).toMatchObject({ status: 'Success', readMode: 'Delta Read' });
      compare();
    }, 120_000);

    it('DEL-1, CONN-AD-17, CONN-CORE-46: a delta job deletes nobody; the next full one does; who comes back has a new account', async () => {
      leave('p0010');
      leave('p0011');
      const delta = await engine.runJob(source);
      expect(delta.job).toMatchObject({ status: 'Success', readMode: 'Delta Read' });
      expect(delta.job.outcome).toContain(
        'Domain, user: 2 deletions reported by the source system; only a full read deletes',
      );
      expect(slapd.search(slapd.peopleDn, '(uid=p0010)')).toHaveLength(1);
      await settle('resync');
      join('p0010');
      await settle();
      expect(slapd.search(slapd.peopleDn, '(uid=p0010)')).toHaveLength(1);
    }, 120_000);

    it('CONN-AD-01, WRT-7, CONN-LDAP-64: a group of all, whose members come in two ranges, is filled and emptied', async () => {
      setMembers('g2', company.people.keys());
      const asked = ['member', 'member;range=0-1499'];
      expect(dc.search(`CN=g2,${groups}`, '(objectClass=*)', asked)[0]).toMatchObject({
        'member;range=0-1499': { length: 1_500 },
      });
      await settle();
      setMembers('g2', []);
      await settle();
    }, 120_000);
  });

  describe('a SCIM system to Active Directory', () => {
    const people = `OU=People,OU=Target,${BASE}`;
    let hr: ScimSimulator;
    let engine: TestEngine;
    let source: TestSystem;

    beforeAll(async () => {
      hr = await startScimSimulator();
      for (let n = 0; n < EMPLOYEES; n++) hr.store.add('User', employee(`e${n}`));
      hr.store.add('Group', { ...scimGroup('staff', ['e0', 'e1', 'e2']), displayName: 'staff' });
      hr.store.add('Group', {
        ...scimGroup('all', []),
        displayName: 'all',
        members: [
          { value: 'staff', type: 'Group' },
          { value: 'e3', type: 'User' },
        ],
      });
      engine = await TestEngine.start();
      source = await engine.addSource('HR', hr.url);
      await engine.addTarget('Domain', dc.tlsUrl, {
        typeName: 'Microsoft Active Directory',
        properties: domain('Target'),
        secrets: { 'ldap.password': dc.password },
        transformation: withAccounts(),
      });
    }, 120_000);
    afterAll(async () => {
      await engine?.stop();
      await hr?.stop();
    });

    const employee = (id: string, changes: JsonObject = {}): JsonObject =>
      scimPerson(id, {
        userName: id,
        displayName: `Employee ${id}`,
        emails: [{ value: `${id}@example.org`, primary: true }],
        ...changes,
      });
    const compare = (): void => {
      const { users, groups } = hr.store.snapshot();
      const expected = users.map((user) => lineOf(nameOf(user), mailOf(user), `Employee`, '512'));
      const found = dc.search(people, '(objectClass=user)', ['cn', 'mail', 'displayName', 'userAccountControl']);
      expect(
        found
          .map((one) =>
            lineOf(
              one['cn']?.[0] ?? '',
              one['mail'],
              one['displayname']?.[0]?.split(' ')[0],
              one['useraccountcontrol'],
            ),
          )
          .sort(),
      ).toEqual(expected.sort());
      const names = new Map([
        ...users.map((user) => [user['id'], nameOf(user)] as const),
        ...groups.map((one) => [one['id'], String(one['displayName'])] as const),
      ]);
      const wanted = groups.map((one) =>
        groupLine(
          String(one['displayName']),
          (Array.isArray(one['members']) ? one['members'] : []).map((member) =>
            isJsonObject(member) ? (names.get(member['value'] ?? null) ?? '') : '',
          ),
        ),
      );
      const there = dc.search(`OU=Groups,OU=Target,${BASE}`, '(objectClass=group)', ['cn', 'member']);
      expect(
        there
          .map((one) =>
            groupLine(
              one['cn']?.[0] ?? '',
              (one['member'] ?? []).map((dn) => /^CN=([^,]*)/.exec(dn)?.[1] ?? dn),
            ),
          )
          .sort(),
      ).toEqual(wanted.sort());
    };
    const settle = async (): Promise<void> => {
      const finished = await engine.runJob(source);
      expect(finished.job.status).toBe('Success');
      compare();
      silent((await engine.runJob(source)).statistics, 'Domain');
    };

    it('CONN-AD-33: accounts are made disabled with a password, and enabled', async () => {
      await settle();
    }, 120_000);

    it('people join and change, two swap their mail addresses, one leaves, groups change', async () => {
      hr.store.add('User', employee('joiner'));
      hr.store.update('User', 'e5', { displayName: 'Employee Änne' });
      hr.store.update('User', 'e6', { emails: [{ value: 'e7@example.org', primary: true }] });
      hr.store.update('User', 'e7', { emails: [{ value: 'e6@example.org', primary: true }] });
      hr.store.remove('User', 'e8');
      hr.store.update('Group', 'staff', { members: ['e1', 'joiner'].map((value) => ({ value, type: 'User' })) });
      await settle();
      hr.store.add('User', employee('e8'));
      await settle();
    }, 120_000);

    it('CONN-CORE-53, CONN-AD-33, RTY-5: a create that stops between its two requests is found, completed, and counts as created', async () => {
      hr.store.add('User', employee('half'));
      const { runKey } = await engine.request(source);
      let writes = 0;
      const dying = engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          open: (context) => {
            const connector = factory.open(context);
            return {
              ...connector,
              create: (type, body, options) =>
                connector.create(type, body, {
                  ...options,
                  beforeWrite: () => {
                    options.beforeWrite?.();
                    if (++writes === 2) throw new Error('the process dies here');
                  },
                }),
            };
          },
        }),
      });
      await dying.activities.openRun({ runKey });
      await engine.readAll(runKey, ['user', 'group'], dying.activities);
      await dying.activities.drainChunk({ runKey, targetNo: 2, type: 'user', late: false }).catch(() => undefined);
      await dying.activities.close();
      const half = (): string[] | undefined =>
        dc.search(people, '(cn=half)', ['userAccountControl'])[0]?.['useraccountcontrol'];
      expect(half()).toEqual(['514']);
      // The lease of the process that died is over.
      await engine.pool.query(
        `update backlog set lease_until = now() - interval '10 minutes' where lease_until is not null`,
      );
      await engine.workThrough(runKey);
      expect(half()).toEqual(['512']);
      await settle();
      // Only who counts as created by us is deleted when the person leaves.
      hr.store.remove('User', 'half');
      await settle();
      expect(half()).toBeUndefined();
    }, 120_000);
  });
});

function nameOf(user: JsonObject): string {
  return String(user['userName']);
}

function mailOf(user: JsonObject): unknown {
  const [email] = Array.isArray(user['emails']) ? user['emails'] : [];
  return isJsonObject(email) ? email['value'] : undefined;
}

/** The default transformation with a password and an account that is enabled, both set by the create only. */
function withAccounts(): JsonObject {
  const document = withGroups('target', 'Microsoft Active Directory');
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const mappings = Array.isArray(user['mappings']) ? user['mappings'] : [];
  const account = [
    { constant: 'Initial-Passw0rd', targetPath: '$.unicodePwd', scope: 'createEntity' },
    { constant: '512', targetPath: '$.userAccountControl', scope: 'createEntity' },
  ];
  return { ...document, user: { mappings: [...mappings, ...account] } };
}
