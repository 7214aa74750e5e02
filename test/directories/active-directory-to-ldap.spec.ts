import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { ldifEntry, ldifOf, type LdifAttributes } from '../../simulators/directories/ldif.js';
import type { SambaDc } from '../../simulators/directories/samba.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { describeSamba, startTestSamba } from '../support/directories.js';
import { TestEngine, withGroups, type FinishedJob, type TestSystem } from '../support/engine.js';
import { sized } from '../support/sizes.js';
import { summary } from '../support/world.js';
import { Company, groupLine, lineOf, modifyLdif } from './support/company.js';

/** More than a domain controller gives of one attribute at once (MaxValRange). */
const PEOPLE = 2_000;
/** A unit that comes in as a whole; with it there are 5,000. */
const LATE = sized(10, 3_000);
const GROUPS = sized(8, 30);
const LIMIT_MS = sized(120_000, 900_000);

const BASE = 'DC=example,DC=test';
const USERS = `OU=People,${BASE}`;
const TEAMS = `OU=Groups,${BASE}`;
const OUTSIDE = `OU=Bought,${BASE}`;

/* Entries of the source are named by `cn`, those of the target by the `sAMAccountName`; the target keeps mail addresses unique. */
describeSamba('a whole life: Active Directory to an LDAP server', () => {
  const company = new Company(PEOPLE);
  const dnOf = (id: string): string => {
    const { unit } = company.person(id);
    return `CN=${id},${unit === undefined ? '' : `OU=${unit},`}${USERS}`;
  };
  const attributesOf = (id: string): LdifAttributes => {
    const { given, family, mail, name = id } = company.person(id);
    return { objectClass: 'user', sAMAccountName: name, givenName: given, sn: family, mail };
  };
  const unit = (dn: string) => [dn, { objectClass: 'organizationalUnit' }] as const;
  const lateIds = Array.from({ length: LATE }, (_, n) => `l${String(n).padStart(4, '0')}`);
  let dc: SambaDc;
  let slapd: Slapd;
  let engine: TestEngine;
  let source: TestSystem;

  const memberDns = (name: string): string[] => {
    const { people = [], groups = [] } = company.groups.get(name) ?? {};
    return [...[...people].map(dnOf), ...[...groups].map((one) => `CN=${one},${TEAMS}`)];
  };
  const setMembers = (name: string, ids: Iterable<string>, nested: Iterable<string> = []): void => {
    const isNew = !company.groups.has(name);
    company.group(name, ids, nested);
    const dn = `CN=${name},${TEAMS}`;
    if (isNew) dc.modify(ldifEntry(dn, { objectClass: 'group', sAMAccountName: name, member: memberDns(name) }));
    else dc.modify(modifyLdif(dn, { member: memberDns(name) }));
  };
  const change = (id: string, changes: { given?: string; mail?: string; name?: string }): void => {
    const { given, mail, name = id } = Object.assign(company.person(id), changes);
    dc.modify(modifyLdif(dnOf(id), { givenName: [given], mail: [mail], sAMAccountName: [name] }));
  };
  const join = (id: string, changes: { name?: string; mail?: string } = {}): void => {
    company.add(id, changes);
    dc.modify(ldifEntry(dnOf(id), attributesOf(id)));
  };
  const leave = (id: string): void => {
    dc.modify(`dn: ${dnOf(id)}\nchangetype: delete`);
    company.people.delete(id);
    for (const members of company.groups.values()) members.people.delete(id);
  };
  const move = (id: string, unitName: string): void => {
    const superior = `newsuperior: OU=${unitName},${USERS}`;
    dc.modify(`dn: ${dnOf(id)}\nchangetype: moddn\nnewrdn: CN=${id}\ndeleteoldrdn: 1\n${superior}`);
    company.person(id).unit = unitName;
  };

  beforeAll(async () => {
    const units = [USERS, TEAMS, OUTSIDE, `OU=North,${USERS}`].map(unit);
    const people = [...company.people.keys()].map((id) => [dnOf(id), attributesOf(id)] as const);
    const later = new Company(0);
    const outside = lateIds.map((id) => {
      const { given, family, mail } = later.add(id);
      return [
        `CN=${id},${OUTSIDE}`,
        { objectClass: 'user', sAMAccountName: id, givenName: given, sn: family, mail },
      ] as const;
    });
    dc = await startTestSamba({ ldif: ldifOf([...units, ...people, ...outside]) });
    slapd = await startSlapd({ overlays: ['unique'], databaseLines: ['index mail eq'] });
    const ids = [...company.people.keys()];
    for (let n = 0; n < GROUPS - 1; n++)
      setMembers(
        `g${n}`,
        ids.filter((_, index) => index % GROUPS === n),
      );
    setMembers('nesting', ['p0000'], ['g0', 'g1']);
    engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
    source = await engine.addSource('Domain', dc.tlsUrl, {
      typeName: 'Microsoft Active Directory',
      properties: {
        'ldap.user': dc.administrator,
        'ldap.user.path': USERS,
        'ldap.group.path': TEAMS,
        'ips.tls.ca.certificates': dc.authority,
        'ldap.api.version': '2',
        'ldap.user.attributes': 'sn,givenName,mail,displayName,uSNChanged',
        // Samba cuts values into ranges only when it is asked to, Windows whenever there are more.
        'ldap.group.attributes': 'uSNChanged,sAMAccountName,member;range=0-1499',
        'ips.delta.read': 'enabled',
        'ips.delta.max.share': '100',
        'ips.governor.group.members.percent': 'off',
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
      transformation: namesFollow(),
    });
  }, LIMIT_MS);
  afterAll(async () => {
    await engine?.stop();
    await slapd?.stop();
    await dc?.stop();
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
  /** Runs a job, compares, and runs another one, a delta job, that must find nothing. */
  const settle = async (kind: 'read' | 'resync' = 'read'): Promise<FinishedJob> => {
    const finished = await engine.runJob(source, kind);
    expect(finished.job.status).toBe('Success');
    compare();
    const again = summary((await engine.runJob(source)).statistics);
    expect([again['Directory user'] ?? '', again['Directory group'] ?? '']).toEqual(['', '']);
    return finished;
  };
  const uuidOf = (name: string): string | undefined =>
    slapd.search(slapd.peopleDn, `(uid=${name})`, ['entryUUID'])[0]?.['entryuuid']?.[0];

  it(
    'JOB-3, CONN-AD-14: everybody and every group, nested ones too, is created',
    async () => {
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({
        'Directory user': `created ${PEOPLE}`,
        'Directory group': `created ${GROUPS}`,
      });
    },
    LIMIT_MS,
  );

  it(
    'RDM-6, CONN-AD-15, CONN-AD-27: a delta job brings who joins, changes, gets another name, and moves inside; two people swap their mail addresses',
    async () => {
      join('new1');
      change('p0001', { given: 'Änne' });
      change('p0005', { name: 'p0005-married' });
      const [left, right] = [company.person('p0002').mail, company.person('p0003').mail];
      change('p0002', { mail: right });
      change('p0003', { mail: left });
      move('p0004', 'North');
      setMembers('g1', [...company.people.keys()].slice(0, 20).concat('new1'));
      const account = uuidOf('p0005');
      const { job } = await settle();
      expect(job).toMatchObject({ readMode: 'Delta Read' });
      expect([account, uuidOf('p0005-married')]).toEqual([expect.any(String), account]);
    },
    LIMIT_MS,
  );

  it(
    'DEL-1, CONN-AD-17, CONN-CORE-46: a delta job deletes nobody; the next full one does; who comes back has a new account',
    async () => {
      leave('p0010');
      leave('p0011');
      const delta = await engine.runJob(source);
      expect(delta.job).toMatchObject({ status: 'Success', readMode: 'Delta Read' });
      expect(delta.job.outcome).toContain(
        'Domain, user: 2 deletions reported by the source system; only a full read deletes',
      );
      const before = uuidOf('p0010');
      expect(before).toBeDefined();
      await settle('resync');
      join('p0010');
      await settle();
      expect([undefined, before]).not.toContain(uuidOf('p0010'));
    },
    LIMIT_MS,
  );

  it(
    'CNF-1, LNK-1: somebody is re-created with a new identifier: the entry is taken over, and stays in its groups',
    async () => {
      const entry = uuidOf('p0012');
      const { mail } = company.person('p0012');
      leave('p0012');
      join('p0012-anew', { name: 'p0012', mail });
      setMembers('g2', ['p0012-anew', 'p0013']);
      await settle('resync');
      expect([entry, uuidOf('p0012')]).toEqual([expect.any(String), entry]);
    },
    LIMIT_MS,
  );

  it(
    'CONN-AD-01, CONN-AD-27, WRT-7, CONN-LDAP-64: a unit comes in as a whole; a group of all, whose members come in ranges, is filled, nested and emptied',
    async () => {
      dc.modify(`dn: ${OUTSIDE}\nchangetype: moddn\nnewrdn: OU=Bought\ndeleteoldrdn: 1\nnewsuperior: ${USERS}`);
      for (const id of lateIds) company.add(id, { unit: 'Bought' });
      setMembers('g3', company.people.keys());
      setMembers('nesting', ['p0000'], ['g0', 'g3']);
      const asked = ['member', 'member;range=0-1499'];
      expect(dc.search(`CN=g3,${TEAMS}`, '(objectClass=*)', asked)[0]).toMatchObject({
        'member;range=0-1499': { length: 1_500 },
      });
      // What lies in a unit that moves has not changed: only a full read sees it.
      await settle('resync');
      expect(slapd.search(slapd.groupsDn, '(cn=g3)')[0]?.['member']).toHaveLength(company.people.size);
      setMembers('g3', []);
      await settle();
    },
    LIMIT_MS,
  );
});

/** The default transformation, by which entries also get the new name of a person. */
function namesFollow(): JsonObject {
  const document = withGroups('target', 'LDAP Server');
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const mappings = Array.isArray(user['mappings']) ? user['mappings'] : [];
  const always = mappings.map((mapping) => {
    const { scope: _, ...rest } = isJsonObject(mapping) ? mapping : {};
    return rest;
  });
  return { ...document, user: { ...user, mappings: always } };
}
