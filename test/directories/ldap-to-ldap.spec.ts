import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ldifEntry, ldifOf } from '../../simulators/directories/ldif.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { listResults } from '../../state/runs/index.js';
import { describeSlapd } from '../support/directories.js';
import { TestEngine, type FinishedJob, type TestSystem } from '../support/engine.js';
import { summary } from '../support/world.js';
import { Company, groupLine, lineOf, modifyLdif } from './support/company.js';

const PEOPLE = 5_000;

/* Two directories: a group of everybody, and a target that keeps mail addresses unique although they are no key of the entries. */
describeSlapd('a whole life: OpenLDAP to OpenLDAP', () => {
  const company = new Company(PEOPLE);
  let slapd: Slapd;
  let copy: Slapd;
  let engine: TestEngine;
  let source: TestSystem;

  const dnOf = (id: string): string => `uid=${id},ou=people,dc=example,dc=org`;
  const attributesOf = (id: string) => {
    const { given, family, mail } = company.person(id);
    return { objectClass: 'inetOrgPerson', uid: id, cn: id, givenName: given, sn: family, mail };
  };
  const groupDn = (name: string): string => `cn=${name},ou=groups,dc=example,dc=org`;
  const memberDns = (name: string): string[] => {
    const { people = [], groups = [] } = company.groups.get(name) ?? {};
    return [...[...people].map(dnOf), ...[...groups].map(groupDn)];
  };
  const groupLdif = (name: string): string =>
    ldifEntry(groupDn(name), { objectClass: 'groupOfNames', cn: name, member: memberDns(name) });
  const setMembers = (name: string, ids: Iterable<string>): void => {
    company.group(name, ids);
    slapd.modify(modifyLdif(groupDn(name), { member: memberDns(name) }));
  };
  const mail = (id: string, address: string): void => {
    company.person(id).mail = address;
    slapd.modify(modifyLdif(dnOf(id), { mail: [address] }));
  };

  beforeAll(async () => {
    company.group('everybody', company.people.keys());
    company.group('some', ['p0001', 'p0002']);
    company.group('nesting', ['p0003'], ['everybody', 'some']);
    const people = ldifOf([...company.people.keys()].map((id) => [dnOf(id), attributesOf(id)]));
    slapd = await startSlapd({ ldif: [people, ...[...company.groups.keys()].map(groupLdif)].join('\n') });
    copy = await startSlapd({ overlays: ['unique'], databaseLines: ['index mail eq'] });
    engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
    const properties = {
      'ldap.user': slapd.rootDn,
      'ldap.user.path': slapd.peopleDn,
      'ldap.group.path': slapd.groupsDn,
      'ips.governor.group.members.percent': 'off',
    };
    source = await engine.addSource('Directory', slapd.url, {
      typeName: 'LDAP Server',
      properties: { ...properties, 'ldap.api.version': '2' },
      secrets: { 'ldap.password': slapd.rootPassword },
    });
    await engine.addTarget('Copy', copy.url, {
      typeName: 'LDAP Server',
      properties: { ...properties, 'ldap.group.empty.member.dn': copy.rootDn },
      secrets: { 'ldap.password': copy.rootPassword },
    });
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
    await slapd?.stop();
    await copy?.stop();
  });

  const nameIn = (dn: string): string => /^(?:uid|cn)=([^,]*)/.exec(dn)?.[1] ?? dn;
  const compare = (): void => {
    const people = copy
      .search(copy.peopleDn, '(objectClass=inetOrgPerson)')
      .map((one) => lineOf(one['uid']?.[0] ?? '', one['mail'], one['givenname'], one['sn']));
    expect(people.sort()).toEqual(company.describePeople());
    const groups = copy
      .search(copy.groupsDn, '(objectClass=groupOfNames)')
      .map((one) =>
        groupLine(one['cn']?.[0] ?? '', (one['member'] ?? []).filter((dn) => dn !== copy.rootDn).map(nameIn)),
      );
    expect(groups.sort()).toEqual(company.describeGroups(true));
  };
  const settle = async (): Promise<FinishedJob> => {
    const finished = await engine.runJob(source);
    expect(finished.job.status).toBe('Success');
    compare();
    const again = summary((await engine.runJob(source)).statistics);
    expect([again['Copy user'] ?? '', again['Copy group'] ?? '']).toEqual(['', '']);
    return finished;
  };

  it('WRT-7, CONN-LDAP-81: everybody is created, a group of 5,000 and one that holds it', async () => {
    await settle();
  }, 60_000);

  it('CONN-LDAP-75, CONN-LDAP-81: one member leaves the group of 5,000; then 3,000 at once; then they come back', async () => {
    const ids = [...company.people.keys()];
    for (const members of [ids.slice(1), ids.slice(3_000), ids]) {
      setMembers('everybody', members);
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({ 'Copy group': 'updated 1' });
    }
  }, 60_000);

  it.each([
    ['two people swap theirs', ['p0010', 'p0011']],
    ['three pass theirs on in a ring', ['p0020', 'p0021', 'p0022']],
  ])(
    'CNF-10: the directory keeps mail addresses unique, and mail is no key: %s',
    async (_what, ids) => {
      const addresses = ids.map((id) => company.person(id).mail);
      for (const [n, id] of ids.entries()) mail(id, addresses[(n + 1) % ids.length] ?? '');
      const { statistics } = await settle();
      expect(summary(statistics)).toMatchObject({ 'Copy user': `updated ${ids.length}` });
    },
    60_000,
  );

  it('CNF-10: the address of somebody who keeps it in the directory: the update fails and names both and the attribute', async () => {
    copy.modify(modifyLdif(dnOf('p0030'), { mail: ['wanted@example.org'] }));
    mail('p0031', 'wanted@example.org');
    const { job } = await engine.runJob(source);
    expect(job.status).toBe('Finished with Error');
    const { results } = await listResults(engine.pool, job.runKey, { limit: 10 });
    expect(results.map(({ message }) => message).join()).toMatch(
      /the value of mail belongs to the target entity of source id p0030, so p0031 cannot have it too/,
    );
    copy.modify(modifyLdif(dnOf('p0030'), { mail: [company.person('p0030').mail] }));
    await settle();
  }, 60_000);
});
