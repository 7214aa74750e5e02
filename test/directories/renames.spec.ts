import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { ldifEntry, ldifOf } from '../../simulators/directories/ldif.js';
import type { SambaDc } from '../../simulators/directories/samba.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import { describeSamba, startTestSamba } from '../support/directories.js';
import { TestEngine, withGroups, type FinishedJob, type TestSystem } from '../support/engine.js';
import { group as scimGroup, person as scimPerson, summary } from '../support/world.js';
import { groupLine, lineOf } from './support/company.js';

const BASE = 'DC=example,DC=test';
const PEOPLE = `OU=People,${BASE}`;
const GROUPS = `OU=Groups,${BASE}`;
const EMPLOYEES = 12;

/* One company in two targets: entries named by the user name in OpenLDAP, and by name and unit in Active Directory. */
describeSamba('CONN-LDAP-77: people get other names and move, in whole jobs', () => {
  let slapd: Slapd;
  let dc: SambaDc;
  let hr: ScimSimulator;
  let engine: TestEngine;
  let source: TestSystem;

  const employee = (id: string, userName = id): JsonObject =>
    scimPerson(id, { userName, title: 'One', displayName: `Employee ${id}` });

  beforeAll(async () => {
    slapd = await startSlapd();
    dc = await startTestSamba();
    const unit = (dn: string) => [dn, { objectClass: 'organizationalUnit' }] as const;
    dc.modify(ldifOf([unit(PEOPLE), unit(GROUPS), unit(`OU=One,${PEOPLE}`), unit(`OU=Two,${PEOPLE}`)]));
    hr = await startScimSimulator();
    for (let n = 0; n < EMPLOYEES; n++) hr.store.add('User', employee(`e${n}`));
    hr.store.add('Group', { ...scimGroup('staff', ['e0', 'e1', 'e2', 'e3']), displayName: 'staff' });
    engine = await TestEngine.start();
    source = await engine.addSource('HR', hr.url);
    await engine.addTarget('Directory', slapd.url, {
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
    await engine.addTarget('Domain', dc.tlsUrl, {
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
        ...mappings.filter((one) => !JSON.stringify(one).match(/distinguishedName|nestedPath|\$\.cn"/)),
        { sourcePath: '$.title', targetVariable: 'unit' },
        {
          sourcePath: '$.userName',
          targetPath: '$.distinguishedName',
          functions: [{ type: 'concatString', prefix: 'CN=', suffix: `,OU=\${unit},${PEOPLE}` }],
        },
      ]),
    });
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    await hr?.stop();
    await dc?.stop();
    await slapd?.stop();
  });

  const compare = (): void => {
    const { users, groups } = hr.store.snapshot();
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
    const uids = slapd.search(slapd.peopleDn, '(objectClass=inetOrgPerson)').map((one) => one['uid']?.[0] ?? '');
    expect(uids.sort()).toEqual([...nameOf.values()].sort());
    const inDirectory = slapd
      .search(slapd.groupsDn, '(objectClass=groupOfNames)')
      .map((one) => groupLine(one['cn']?.[0] ?? '', (one['member'] ?? []).map(rdn)));
    expect(inDirectory).toEqual(members);
    const accounts = dc
      .search(PEOPLE, '(objectClass=user)', ['cn', 'distinguishedName', 'sAMAccountName', 'displayName'])
      .map((one) => lineOf(one['samaccountname']?.[0] ?? '', one['cn'], one['distinguishedname'], one['displayname']));
    const expected = users.map(({ userName, title, displayName }) =>
      lineOf(String(userName), userName, `CN=${String(userName)},OU=${String(title)},${PEOPLE}`, displayName),
    );
    expect(accounts.sort()).toEqual(expected.sort());
    const inDomain = dc
      .search(GROUPS, '(objectClass=group)', ['cn', 'member'])
      .map((one) => groupLine(one['cn']?.[0] ?? '', (one['member'] ?? []).map(rdn)));
    expect(inDomain).toEqual(members);
  };
  const settle = async (): Promise<FinishedJob> => {
    const finished = await engine.runJob(source);
    expect(finished.job.status).toBe('Success');
    compare();
    const again = summary((await engine.runJob(source)).statistics);
    const writes = ['Directory user', 'Directory group', 'Domain user', 'Domain group'].map(
      (name) => again[name] ?? '',
    );
    expect(writes).toEqual(['', '', '', '']);
    return finished;
  };

  it('everybody is created, by name and in the unit', async () => {
    await settle();
  }, 60_000);

  it('CONN-LDAP-61: one gets another name, one moves, one does both; nobody is made anew, and their groups follow', async () => {
    hr.store.update('User', 'e1', { userName: 'e1-Müller', displayName: 'Employee Müller' });
    hr.store.update('User', 'e2', { title: 'Two' });
    hr.store.update('User', 'e3', { userName: 'e3-new', title: 'Two', displayName: 'Employee New' });
    hr.store.update('User', 'e4', { userName: 'E4' });
    const { statistics } = await settle();
    expect(summary(statistics)).toMatchObject({ 'Directory user': 'updated 3', 'Domain user': 'updated 4' });
  }, 60_000);

  it('a name passes from one to the next within one job', async () => {
    hr.store.update('User', 'e6', { userName: 'e6-free' });
    // Written first, and refused until the other one has let go of it.
    hr.store.update('User', 'e5', { userName: 'e6' });
    await settle();
  }, 60_000);

  it('CONN-LDAP-65: a name that somebody else has is a conflict that says so; nothing else is touched', async () => {
    const taken = `uid=taken,${slapd.peopleDn}`;
    slapd.modify(ldifEntry(taken, { objectClass: 'inetOrgPerson', uid: 'taken', cn: 'x', sn: 'Theirs' }));
    hr.store.update('User', 'e7', { userName: 'taken' });
    const { job } = await engine.runJob(source);
    expect(job.status).toBe('Finished with Error');
    const { results } = await listResults(engine.pool, job.runKey, { limit: 10 });
    expect(results.map(({ message }) => message).join()).toContain(
      'it cannot be renamed: another entry already has the name that uid gives it',
    );
    expect(slapd.search(taken)[0]?.['sn']).toEqual(['Theirs']);
    slapd.modify(`dn: ${taken}\nchangetype: delete`);
    await settle();
  }, 60_000);

  it('CONN-CORE-54: a process that dies between the requests of a rename; who was created by us stays so, and goes when the person leaves', async () => {
    hr.store.update('User', 'e8', { userName: 'e8-cut', displayName: 'Employee Cut', name: { familyName: 'Cut' } });
    const { runKey } = await engine.request(source);
    let writes = 0;
    const dying = engine.newProcess({
      decorateFactory: (factory) => ({
        ...factory,
        open: (context) => {
          const connector = factory.open(context);
          return {
            ...connector,
            update: (type, id, change, options) =>
              connector.update(type, id, change, {
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
    for (const targetNo of [2, 3]) {
      writes = 0;
      await dying.activities.drainChunk({ runKey, targetNo, type: 'user', late: false }).catch(() => undefined);
    }
    await dying.activities.close();
    const renamed = slapd.search(slapd.peopleDn, '(uid=e8-cut)')[0];
    expect(renamed?.['sn']).not.toEqual(['Cut']);
    expect(dc.search(PEOPLE, '(cn=e8-cut)', ['displayName'])[0]?.['displayname']).toEqual(['Employee e8']);
    // The lease of the process that died is over.
    await engine.pool.query(
      `update backlog set lease_until = now() - interval '10 minutes' where lease_until is not null`,
    );
    await engine.workThrough(runKey);
    await settle();
    hr.store.remove('User', 'e8');
    await settle();
  }, 60_000);
});

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
