import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ldifEntry } from '../../simulators/directories/ldif.js';
import { startSlapd } from '../../simulators/directories/slapd.js';
import type { Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listChanges } from '../../state/plans/index.js';
import type { ChangeView } from '../../state/plans/index.js';
import { describeSlapd } from '../support/directories.js';
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
