import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ldifEntry, ldifOf } from '../../simulators/directories/ldif.js';
import type { SambaDc } from '../../simulators/directories/samba.js';
import { startSlapd } from '../../simulators/directories/slapd.js';
import type { Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listChanges } from '../../state/plans/index.js';
import type { ChangeView } from '../../state/plans/index.js';
import { describeSamba, describeSlapd, startTestSamba } from '../support/directories.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { startScimmy } from '../support/foreign-scim.js';
import type { ForeignScimServer } from '../support/foreign-scim.js';
import { person } from '../support/world.js';

/** More than one search takes, so that portions meet. */
const PEOPLE = 130;
const idOf = (n: number): string => `p${String(n).padStart(3, '0')}`;
const EVERY_THIRD = (n: number): boolean => n % 3 === 0;

describeSlapd('a match report on servers that nobody of this project wrote: OpenLDAP and SCIMMY', () => {
  let slapd: Slapd;
  let scimmy: ForeignScimServer;
  let source: ScimSimulator;
  let engine: TestEngine;
  let hr: TestSystem;
  let changes: ChangeView[];

  const numbers = Array.from({ length: PEOPLE }, (_, n) => n);
  const people = numbers.map((n) => person(idOf(n), { userName: idOf(n), title: 'New' }));

  beforeAll(async () => {
    slapd = await startSlapd();
    // Every third is there already; one name belongs to an entry of another kind.
    slapd.modify(
      numbers
        .filter(EVERY_THIRD)
        .map((n) => {
          const id = idOf(n);
          return ldifEntry(`uid=${id},${slapd.peopleDn}`, { objectClass: 'inetOrgPerson', uid: id, cn: id, sn: 'Old' });
        })
        .concat(
          ldifEntry(`uid=${idOf(1)},${slapd.peopleDn}`, {
            objectClass: ['device', 'extensibleObject'],
            cn: 'a printer',
            uid: idOf(1),
          }),
        )
        .join('\n'),
    );
    const there = people
      .filter((_, n) => EVERY_THIRD(n))
      .map((one) => ({ ...one, id: `s-${String(one['id'])}`, title: 'Old' }));
    scimmy = await startScimmy({ people: there });
    source = await startScimSimulator({ users: people });
    engine = await TestEngine.start();
    hr = await engine.addSource('HR', source.url);
    await engine.addTarget('Directory', slapd.url, {
      typeName: 'LDAP Server',
      properties: { 'ldap.user': slapd.rootDn, 'ldap.user.path': slapd.peopleDn, 'ldap.group.path': slapd.groupsDn },
      secrets: { 'ldap.password': slapd.rootPassword },
    });
    const { auth } = scimmy;
    if (auth.kind !== 'basic') throw new Error('SCIMMY has another authentication');
    await engine.addTarget('SCIMMY', scimmy.url, {
      properties: { Authentication: 'BasicAuthentication', User: auth.user },
      secrets: { Password: auth.password },
    });
    await engine.runJob(hr, 'readPlan');
    const { planNo } = await engine.newestPlan(hr);
    changes = await listChanges(engine.pool, planNo, {}, { limit: 1_000 });
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    await source?.stop();
    await scimmy?.stop();
    await slapd?.stop();
  });

  const matches = (target: string): [string, ChangeView['match']][] =>
    changes
      .filter((one) => one.targetName === target)
      .map((one): [string, ChangeView['match']] => [one.sourceKey, one.match])
      .sort(([a], [b]) => a.localeCompare(b));
  const expected = (hidden: (n: number) => boolean): [string, string][] =>
    numbers.map((n) => [idOf(n), EVERY_THIRD(n) ? 'adopt' : hidden(n) ? 'invisible' : 'create']);

  it('PLN-14: OpenLDAP: who is there is adopted by his DN, a name that another entry has is invisible, the rest is created', () => {
    expect(matches('Directory')).toEqual(expected((n) => n === 1));
    const [first] = changes.filter((one) => one.targetName === 'Directory');
    expect(first).toMatchObject({ sourceKey: 'p000', matchBy: ['distinguishedName'], targetKey: idOf(0) });
    expect(changes.find((one) => one.match === 'invisible')?.matchNote).toContain(
      `uid=${idOf(1)},${slapd.peopleDn} has the`,
    );
  });

  it('PLN-14: SCIMMY: who is there is adopted by the user name, the rest is created', () => {
    expect(matches('SCIMMY')).toEqual(expected(() => false));
    expect(changes.filter((one) => one.targetName === 'SCIMMY')[0]).toMatchObject({
      matchBy: ['userName'],
      targetKey: 's-p000',
      attributes: ['title'],
    });
  });

  it('PLN-14: what is clear is applied: accounts are taken over or created, and nothing else is touched', async () => {
    const plan = await engine.newestPlan(hr);
    await engine.approveAndApply(plan);
    const states = await listChanges(engine.pool, plan.planNo, { state: 'applied' }, { limit: 1_000 });
    expect(states).toHaveLength(2 * PEOPLE - 1);
    const entries = slapd.search(slapd.peopleDn, '(objectClass=inetOrgPerson)');
    expect(entries.map((entry) => `${entry['uid']?.[0]} ${entry['sn']?.[0]}`).sort()).toEqual(
      numbers.filter((n) => n !== 1).map((n) => `${idOf(n)} Example`),
    );
    const { users } = await scimmy.snapshot();
    expect(users).toHaveLength(PEOPLE);
    expect(users.filter(({ title }) => title === 'New')).toHaveLength(PEOPLE);
  });
});

describeSamba('a match report on Samba as domain controller', () => {
  const BASE = 'DC=example,DC=test';
  const PLACE = `OU=People,${BASE}`;
  const dnOf = (cn: string, place = PLACE): string => `CN=${cn},${place}`;
  const user = (sAMAccountName: string) => ({ objectClass: 'user', sAMAccountName, sn: 'Old' });
  let dc: SambaDc;
  let source: ScimSimulator;
  let engine: TestEngine;
  let hr: TestSystem;

  beforeAll(async () => {
    dc = await startTestSamba();
    const unit = (dn: string) => [dn, { objectClass: 'organizationalUnit' }] as const;
    dc.modify(ldifOf([unit(PLACE), unit(`OU=Groups,${BASE}`), unit(`OU=Elsewhere,${BASE}`), unit(`OU=Sub,${PLACE}`)]));
    dc.modify(
      ldifOf([
        [dnOf('by-name'), user('by-name')],
        // The account name only, below the path.
        [dnOf('Somebody Else', `OU=Sub,${PLACE}`), user('by-account')],
        // The account name of one, the name of another.
        [dnOf('two'), user('not-two')],
        [dnOf('Two by account'), user('two')],
        // The domain has the name, this system does not see who.
        [dnOf('elsewhere', `OU=Elsewhere,${BASE}`), user('elsewhere')],
      ]),
    );
    const names = ['by-name', 'by-account', 'two', 'elsewhere', 'new'];
    source = await startScimSimulator({ users: names.map((name) => person(name, { userName: name })) });
    engine = await TestEngine.start();
    hr = await engine.addSource('HR', source.url);
    await engine.addTarget('Domain', dc.tlsUrl, {
      typeName: 'Microsoft Active Directory',
      properties: {
        'ldap.user': dc.administrator,
        'ldap.user.path': PLACE,
        'ldap.group.path': `OU=Groups,${BASE}`,
        'ips.tls.ca.certificates': dc.authority,
      },
      secrets: { 'ldap.password': dc.password },
    });
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    await source?.stop();
    await dc?.stop();
  });

  it('PLN-14, CONN-LDAP-65: by the DN, by the account name below the path, by two, hidden in the domain, and new; then what is clear is applied', async () => {
    await engine.runJob(hr, 'readPlan');
    const plan = await engine.newestPlan(hr);
    const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 100 });
    const both = 'distinguishedName sAMAccountName';
    const found = changes.map((one) => [one.sourceKey, one.match, one.matchBy.join(' '), one.targetKey]);
    expect(found.sort(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
      ['by-account', 'adopt', both, 'Somebody Else'],
      ['by-name', 'adopt', both, 'by-name'],
      ['elsewhere', 'invisible', 'sAMAccountName', null],
      ['new', 'create', both, null],
      ['two', 'ambiguous', both, null],
    ]);
    await engine.approveAndApply(plan);
    const accounts = dc.search(PLACE, '(objectClass=user)', ['cn', 'sAMAccountName', 'sn']);
    const lines = accounts.map((one) => [one['cn']?.[0], one['samaccountname']?.[0], one['sn']?.[0]].join(', '));
    expect(lines.sort()).toEqual([
      'Somebody Else, by-account, Example',
      'Two by account, two, Old',
      'by-name, by-name, Example',
      'new, new, Example',
      'two, not-two, Old',
    ]);
    expect(dc.search(dnOf('elsewhere', `OU=Elsewhere,${BASE}`))[0]?.['sn']).toEqual(['Old']);
  }, 60_000);
});
