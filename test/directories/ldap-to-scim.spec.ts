import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ldifEntry, ldifOf } from '../../simulators/directories/ldif.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { describeSlapd } from '../support/directories.js';
import { TestEngine, withGroups, type FinishedJob, type TestSystem } from '../support/engine.js';
import { startBetterAuthScim, startScimmy, type ForeignScimServer } from '../support/foreign-scim.js';
import { summary } from '../support/world.js';
import { isLarge, sized } from '../support/sizes.js';
import { Company, modifyLdif } from './support/company.js';
import { forBetterAuth, membersLine, namedByCn, personLine, text } from './support/foreign-accounts.js';

const PEOPLE = sized(600, 6_200);
const GROUPS = sized(12, 30);
/** Members of the large group. */
const MANY = sized(300, 5_000);
const LIMIT_MS = sized(60_000, 600_000);
/** Better Auth takes groups of 1,000 members at most: it gets 2,000 people, and the large group begins behind the first of them. */
const FIRST_OF_MANY = sized(0, 1_100);
const SOME = isLarge
  ? { pattern: /^(p[01].*|[^p].*)$/, condition: '$.userName =~ /(p[01].*|[^p].*)/' }
  : { pattern: /^(p00.*|p0301|[^p].*)$/, condition: '$.userName =~ /(p00.*|p0301|[^p].*)/' };
const everybody = (): boolean => true;
/** SCIMMY compares each removed member with all others: 5,000 that go with an operation each take six minutes, as lists less than one (docs/compatibility.md). */
const SCIMMY_PROPERTIES: Record<string, string> = isLarge
  ? { 'scim.profile': JSON.stringify({ members: { removal: 'list' } }) }
  : {};

/* What is expected comes from the company beside the directory; what is there, from the servers themselves. */
describeSlapd('a whole life: OpenLDAP to two SCIM servers of other authors', () => {
  const company = new Company(PEOPLE);
  const leftOut = [...company.people.keys()].filter((id) => !SOME.pattern.test(id)).length;
  let slapd: Slapd;
  let engine: TestEngine;
  let source: TestSystem;
  let targets: {
    readonly name: string;
    readonly server: ForeignScimServer;
    readonly nested: boolean;
    readonly takes: (id: string) => boolean;
    readonly properties: Readonly<Record<string, string>>;
  }[];

  const dnOf = (id: string): string => {
    const { unit } = company.people.get(id) ?? {};
    return `uid=${id},${unit === undefined ? '' : `ou=${unit},`}ou=people,dc=example,dc=org`;
  };
  const attributesOf = (id: string) => {
    const { given, family, mail, name = id } = company.person(id);
    return { objectClass: 'inetOrgPerson', uid: id, cn: name, givenName: given, sn: family, mail };
  };
  const memberDns = (name: string): string[] => {
    const group = company.groups.get(name);
    return [...(group?.people ?? [])]
      .map(dnOf)
      .concat([...(group?.groups ?? [])].map((one) => `cn=${one},${slapd.groupsDn}`));
  };
  const groupLdif = (name: string): string =>
    ldifEntry(`cn=${name},${slapd.groupsDn}`, { objectClass: 'groupOfNames', cn: name, member: memberDns(name) });
  const setMembers = (name: string, ids: Iterable<string>, groups: Iterable<string> = []): void => {
    company.group(name, ids, groups);
    slapd.modify(modifyLdif(`cn=${name},${slapd.groupsDn}`, { member: memberDns(name) }));
  };
  const change = (id: string, changes: { given?: string; family?: string; mail?: string; name?: string }): void => {
    const { given, family, mail, name = id } = Object.assign(company.person(id), changes);
    slapd.modify(modifyLdif(dnOf(id), { givenName: [given], sn: [family], mail: [mail], cn: [name] }));
  };
  const leave = (id: string): void => {
    slapd.modify(`dn: ${dnOf(id)}\nchangetype: delete`);
    company.people.delete(id);
    for (const group of company.groups.values()) group.people.delete(id);
  };
  const join = (id: string, changes: { mail?: string; name?: string } = {}): void => {
    company.add(id, changes);
    slapd.modify(ldifEntry(dnOf(id), attributesOf(id)));
  };

  beforeAll(async () => {
    slapd = await startSlapd({
      ldif: ldifOf([...company.people.keys()].map((id) => [dnOf(id), attributesOf(id)])),
      overlays: ['memberof'],
      databaseLines: ['overlay refint', 'refint_attributes member'],
      globalLines: ['moduleload refint'],
    });
    const ids = [...company.people.keys()];
    for (let n = 0; n < GROUPS; n++) {
      company.group(
        `g${n}`,
        ids.filter((_, index) => index % GROUPS === n || index === 0),
      );
      slapd.modify(groupLdif(`g${n}`));
    }
    engine = await TestEngine.start();
    source = await engine.addSource('Directory', slapd.url, {
      typeName: 'LDAP Server',
      properties: {
        'ldap.user': slapd.rootDn,
        'ldap.user.path': slapd.peopleDn,
        'ldap.group.path': slapd.groupsDn,
        'ldap.api.version': '2',
      },
      secrets: { 'ldap.password': slapd.rootPassword },
      transformation: namedByCn(),
    });
    targets = [
      { name: 'SCIMMY', server: await startScimmy(), nested: true, takes: everybody, properties: SCIMMY_PROPERTIES },
      {
        name: 'Better Auth',
        server: await startBetterAuthScim(),
        nested: false,
        takes: (id) => SOME.pattern.test(id),
        properties: {},
      },
    ];
    for (const { name, server, nested, properties } of targets) {
      const { auth } = server;
      await engine.addTarget(name, server.url, {
        transformation: nested ? withGroups('target') : forBetterAuth(SOME.condition),
        properties: {
          'scim.support.patch.operation': 'true',
          // Groups are emptied at once here.
          'ips.governor.group.members.percent': 'off',
          ...properties,
          ...(auth.kind === 'basic' ? { Authentication: 'BasicAuthentication', User: auth.user } : {}),
        },
        secrets:
          auth.kind === 'basic'
            ? { Password: auth.password }
            : { 'ips.http.header.Authorization': `Bearer ${auth.token}` },
      });
    }
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    for (const { server } of targets ?? []) await server.stop();
    await slapd?.stop();
  });

  /** Runs a job, compares every target with the company, and runs another one that must find nothing. */
  const settle = async (): Promise<FinishedJob> => {
    const job = await engine.runJob(source);
    expect(job.job.status).toBe('Success');
    for (const { server, nested, takes } of targets) {
      const { users, groups } = await server.snapshot();
      expect(users.map(personLine).sort()).toEqual(company.describePeople(takes));
      const names = new Map([
        ...users.map((user) => [text(user['id']), text(user['userName'])] as const),
        ...groups.map((group) => [text(group['id']), text(group['displayName'])] as const),
      ]);
      expect(groups.map((group) => membersLine(group, names)).sort()).toEqual(company.describeGroups(nested, takes));
    }
    const again = summary((await engine.runJob(source)).statistics);
    for (const { name } of targets)
      // Whom the condition leaves out counts as skipped each time.
      expect(
        `${again[`${name} user`] ?? ''} ${again[`${name} group`] ?? ''}`.replace(`skipped ${leftOut}`, '').trim(),
      ).toBe('');
    return job;
  };

  /** Identifiers that the servers gave somebody. */
  const accounts = async (userName: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const { server } of targets) {
      const { users } = await server.snapshot();
      found.push(users.find((user) => user['userName'] === userName)?.['id']);
    }
    expect(found).toEqual([expect.any(String), expect.any(String)]);
    return found;
  };

  it(
    'JOB-3: everybody and every group is created',
    async () => {
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'JOB-6, CHG-1: people join and change, and move between organizational units',
    async () => {
      join('new1');
      change('p0003', { given: 'Änne', family: 'Ümläut "x"' });
      company.person('p0004').unit = 'north';
      slapd.modify(ldifOf([[`ou=north,${slapd.peopleDn}`, { objectClass: 'organizationalUnit', ou: 'north' }]]));
      slapd.modify(
        `dn: uid=p0004,${slapd.peopleDn}\nchangetype: modrdn\nnewrdn: uid=p0004\ndeleteoldrdn: 1\nnewsuperior: ou=north,${slapd.peopleDn}`,
      );
      setMembers('g1', ['new1', 'p0004', 'p0005']);
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'CHG-1: somebody gets another name: the account and its groups stay',
    async () => {
      const before = await accounts('p0006');
      change('p0006', { name: 'p0006-married', family: 'Married' });
      await settle();
      expect(await accounts('p0006-married')).toEqual(before);
    },
    LIMIT_MS,
  );

  it(
    'CNF-10: two people swap their mail addresses',
    async () => {
      const [left, right] = [company.person('p0002').mail, company.person('p0301').mail];
      change('p0002', { mail: right });
      change('p0301', { mail: left });
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'DEL-23, CONN-LDAP-86: people leave, one comes back under the same identifier, another person as somebody new',
    async () => {
      leave('p0010');
      leave('p0011');
      leave('p0012');
      await settle();
      join('p0010');
      join('again');
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'DEL-23: one leaves and another joins in the same place between two jobs',
    async () => {
      leave('p0020');
      join('anew');
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'CNF-1, LNK-1: somebody is re-created with a new identifier: the accounts are taken over, and stay in their groups',
    async () => {
      const before = await accounts('p0007');
      const { mail } = company.person('p0007');
      leave('p0007');
      join('p0007-anew', { name: 'p0007', mail });
      setMembers('g5', ['p0007-anew', 'p0008']);
      await settle();
      expect(await accounts('p0007')).toEqual(before);
    },
    LIMIT_MS,
  );

  it(
    'WRT-7: a large group, and groups within groups',
    async () => {
      setMembers('g2', [...company.people.keys()].slice(FIRST_OF_MANY, FIRST_OF_MANY + MANY));
      expect(company.groups.get('g2')?.people.size).toBe(MANY);
      setMembers('g3', ['p0001'], ['g2', 'g4']);
      await settle();
      setMembers('g2', ['p0001']);
      await settle();
    },
    LIMIT_MS,
  );

  it(
    'DEL-6: a group goes',
    async () => {
      slapd.modify(`dn: cn=g9,${slapd.groupsDn}\nchangetype: delete`);
      company.groups.delete('g9');
      await settle();
    },
    LIMIT_MS,
  );
});
