import { expect } from '@jest/globals';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.js';
import { ldifOf } from '../../../simulators/directories/ldif.js';
import type { SambaDc } from '../../../simulators/directories/samba.js';
import { startSlapd, type Slapd } from '../../../simulators/directories/slapd.js';
import { startScimSimulator, type ScimSimulator } from '../../../simulators/scim/simulator.js';
import { listResults } from '../../../state/runs/index.js';
import { startTestSamba } from '../../support/directories.js';
import { TestEngine, withGroups, type FinishedJob, type TestSystem } from '../../support/engine.js';
import { group as scimGroup, person as scimPerson, summary } from '../../support/world.js';
import { groupLine } from './company.js';

const BASE = 'DC=example,DC=test';
/** Where the people of the domain lie. */
export const PEOPLE = `OU=People,${BASE}`;
const GROUPS = `OU=Groups,${BASE}`;
const EMPLOYEES = 12;

/** One company in two targets: entries named by the user name in OpenLDAP, and by name and unit in Active Directory. */
export class NamedCompany {
  private constructor(
    readonly slapd: Slapd,
    readonly dc: SambaDc,
    readonly hr: ScimSimulator,
    readonly engine: TestEngine,
    readonly source: TestSystem,
  ) {}

  static async start(): Promise<NamedCompany> {
    const slapd = await startSlapd();
    const dc = await startTestSamba();
    const unit = (dn: string) => [dn, { objectClass: 'organizationalUnit' }] as const;
    dc.modify(ldifOf([unit(PEOPLE), unit(GROUPS), unit(`OU=One,${PEOPLE}`), unit(`OU=Two,${PEOPLE}`)]));
    const hr = await startScimSimulator();
    for (let n = 0; n < EMPLOYEES; n++) hr.store.add('User', employee(`e${n}`));
    hr.store.add('Group', { ...scimGroup('staff', ['e0', 'e1', 'e2', 'e3']), displayName: 'staff' });
    const engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
    const source = await engine.addSource('HR', hr.url);
    await addDirectory(engine, slapd);
    await addDomain(engine, dc);
    return new NamedCompany(slapd, dc, hr, engine, source);
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.hr.stop();
    await this.dc.stop();
    await this.slapd.stop();
  }

  /** Both targets are what the source is. */
  compare(): void {
    const { users, groups } = this.hr.store.snapshot();
    const nameOf = new Map(users.map((user) => [user['id'], String(user['userName'])]));
    const members = groups.map((one) =>
      groupLine(
        String(one['displayName']),
        (Array.isArray(one['members']) ? one['members'] : []).map((member) =>
          isJsonObject(member) ? (nameOf.get(member['value'] ?? null) ?? '') : '',
        ),
      ),
    );
    const rdn = (dn: string): string => /^[^=]*=([^,]*)/.exec(dn)?.[1] ?? dn;
    const people = this.slapd
      .search(this.slapd.peopleDn, '(objectClass=inetOrgPerson)')
      .map((one) => `${one['uid']?.[0] ?? ''} ${one['givenname']?.[0] ?? ''}`);
    expect(people.sort()).toEqual(users.map(({ id, userName }) => `${String(userName)} ${String(id)}`).sort());
    const inDirectory = this.slapd
      .search(this.slapd.groupsDn, '(objectClass=groupOfNames)')
      .map((one) => groupLine(one['cn']?.[0] ?? '', (one['member'] ?? []).map(rdn)));
    expect(inDirectory).toEqual(members);
    const attributes = ['cn', 'distinguishedName', 'sAMAccountName', 'displayName', 'userPrincipalName'];
    const accounts = this.dc
      .search(PEOPLE, '(objectClass=user)', attributes)
      .map((one) =>
        [
          ...['samaccountname', 'cn', 'distinguishedname', 'displayname', 'userprincipalname'].map((name) => one[name]),
        ].join(' '),
      );
    const expected = users.map(({ userName, title, displayName }) => {
      const name = String(userName);
      return [name, name, `CN=${name},OU=${String(title)},${PEOPLE}`, displayName, `mail.${name}@example.test`].join(
        ' ',
      );
    });
    expect(accounts.sort()).toEqual(expected.sort());
    const inDomain = this.dc
      .search(GROUPS, '(objectClass=group)', ['cn', 'member'])
      .map((one) => groupLine(one['cn']?.[0] ?? '', (one['member'] ?? []).map(rdn)));
    expect(inDomain).toEqual(members);
  }

  /** Runs a job, compares, and runs another one that must find nothing. */
  async settle(): Promise<FinishedJob> {
    const finished = await this.engine.runJob(this.source);
    expect([finished.job.status, await this.failures(finished.job.runKey)]).toEqual(['Success', []]);
    await this.isSettled();
    return finished;
  }

  /** What the results of a run complain of. */
  async failures(runKey: string): Promise<string[]> {
    const { results } = await listResults(this.engine.pool, runKey, { limit: 20 });
    return results.flatMap(({ message }) => message ?? []);
  }

  /** Both targets are what the source is, and another job writes nothing. */
  async isSettled(): Promise<void> {
    this.compare();
    const again = summary((await this.engine.runJob(this.source)).statistics);
    const writes = ['Directory user', 'Directory group', 'Domain user', 'Domain group'].map(
      (name) => again[name] ?? '',
    );
    expect(writes).toEqual(['', '', '', '']);
  }

  /** What the servers gave each account and never change, by what tells who it is. */
  identities(): Record<string, string | undefined> {
    const inDirectory = this.slapd
      .search(this.slapd.peopleDn, '(objectClass=inetOrgPerson)', ['givenName', 'entryUUID'])
      .map((one) => [`directory ${one['givenname']?.[0] ?? ''}`, one['entryuuid']?.[0]] as const);
    const inDomain = this.dc
      .search(PEOPLE, '(objectClass=user)', ['displayName', 'objectGUID'])
      .map((one) => [`domain ${one['displayname']?.[0] ?? ''}`, one['objectguid']?.[0]] as const);
    return Object.fromEntries([...inDirectory, ...inDomain]);
  }
}

function addDirectory(engine: TestEngine, slapd: Slapd): Promise<TestSystem> {
  return engine.addTarget('Directory', slapd.url, {
    typeName: 'LDAP Server',
    properties: {
      'ldap.user': slapd.rootDn,
      'ldap.user.path': slapd.peopleDn,
      'ldap.group.path': slapd.groupsDn,
      'ldap.group.empty.member.dn': slapd.rootDn,
    },
    secrets: { 'ldap.password': slapd.rootPassword },
    transformation: withMappings('LDAP Server', (mappings) => mappings.map(withoutScope)),
  });
}

function addDomain(engine: TestEngine, dc: SambaDc): Promise<TestSystem> {
  return engine.addTarget('Domain', dc.tlsUrl, {
    typeName: 'Microsoft Active Directory',
    properties: {
      'ldap.user': dc.administrator,
      'ldap.user.path': PEOPLE,
      'ldap.group.path': GROUPS,
      'ldap.attribute.user.id': 'distinguishedName',
      'ips.tls.ca.certificates': dc.authority,
    },
    secrets: { 'ldap.password': dc.password },
    transformation: withMappings('Microsoft Active Directory', (mappings) => [
      ...mappings.filter((one) => !JSON.stringify(one).match(/distinguishedName|nestedPath|\$\.cn"|userPrincipalName/)),
      { sourcePath: '$.title', targetVariable: 'unit' },
      {
        sourcePath: '$.userName',
        targetPath: '$.distinguishedName',
        functions: [{ type: 'concatString', prefix: 'CN=', suffix: `,OU=\${unit},${PEOPLE}` }],
      },
      {
        sourcePath: '$.userName',
        targetPath: '$.userPrincipalName',
        functions: [{ type: 'concatString', prefix: 'mail.', suffix: '@example.test' }],
      },
    ]),
  });
}

function employee(id: string): JsonObject {
  return scimPerson(id, { userName: id, title: 'One', displayName: `Employee ${id}` });
}

function withMappings(typeName: string, change: (mappings: JsonValue[]) => JsonValue[]): JsonObject {
  const document = withGroups('target', typeName);
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const mappings = Array.isArray(user['mappings']) ? [...user['mappings']] : [];
  return { ...document, user: { ...user, mappings: change(mappings) } };
}

/** What is written by the create only is written by updates, too. */
function withoutScope(mapping: JsonValue): JsonValue {
  if (!isJsonObject(mapping)) return mapping;
  const { scope: _, ...rest } = mapping;
  return rest;
}
