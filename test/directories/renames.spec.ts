import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ldifEntry } from '../../simulators/directories/ldif.js';
import { listResults } from '../../state/runs/index.js';
import { describeSamba } from '../support/directories.js';
import { summary } from '../support/world.js';
import { NamedCompany, PEOPLE } from './support/named-company.js';

describeSamba('CONN-LDAP-77: people get other names and move, in whole jobs', () => {
  let company: NamedCompany;
  beforeAll(async () => {
    company = await NamedCompany.start();
  }, 120_000);
  afterAll(() => company?.stop());

  it('everybody is created, by name and in the unit', async () => {
    await company.settle();
  }, 60_000);

  it('CONN-LDAP-61: one gets another name, one moves, one does both; nobody is made anew, and their groups follow', async () => {
    company.hr.store.update('User', 'e1', { userName: 'e1-Müller', displayName: 'Employee Müller' });
    company.hr.store.update('User', 'e2', { title: 'Two' });
    company.hr.store.update('User', 'e3', { userName: 'e3-new', title: 'Two', displayName: 'Employee New' });
    company.hr.store.update('User', 'e4', { userName: 'E4' });
    const { statistics } = await company.settle();
    expect(summary(statistics)).toMatchObject({ 'Directory user': 'updated 3', 'Domain user': 'updated 4' });
  }, 60_000);

  it('a name passes from one to the next within one job', async () => {
    company.hr.store.update('User', 'e6', { userName: 'e6-free' });
    // Written first, and refused until the other one has let go of it.
    company.hr.store.update('User', 'e5', { userName: 'e6' });
    await company.settle();
  }, 60_000);

  it('CONN-LDAP-65: a name that somebody else has is a conflict that says so; nothing else is touched', async () => {
    const taken = `uid=taken,${company.slapd.peopleDn}`;
    company.slapd.modify(ldifEntry(taken, { objectClass: 'inetOrgPerson', uid: 'taken', cn: 'x', sn: 'Theirs' }));
    company.hr.store.update('User', 'e7', { userName: 'taken' });
    const { job } = await company.engine.runJob(company.source);
    expect(job.status).toBe('Finished with Error');
    const { results } = await listResults(company.engine.pool, job.runKey, { limit: 10 });
    expect(results.map(({ message }) => message).join()).toContain(
      'it cannot be renamed: another entry already has the name that uid gives it',
    );
    expect(company.slapd.search(taken)[0]?.['sn']).toEqual(['Theirs']);
    company.slapd.modify(`dn: ${taken}\nchangetype: delete`);
    await company.settle();
  }, 60_000);

  it('CONN-CORE-54: a process that dies between the requests of a rename; who was created by us stays so, and goes when the person leaves', async () => {
    company.hr.store.update('User', 'e8', {
      userName: 'e8-cut',
      displayName: 'Employee Cut',
      name: { givenName: 'e8', familyName: 'Cut' },
    });
    const { runKey } = await company.engine.request(company.source);
    let writes = 0;
    const dying = company.engine.newProcess({
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
    await company.engine.readAll(runKey, ['user', 'group'], dying.activities);
    for (const targetNo of [2, 3]) {
      writes = 0;
      await dying.activities.drainChunk({ runKey, targetNo, type: 'user', late: false }).catch(() => undefined);
    }
    await dying.activities.close();
    const renamed = company.slapd.search(company.slapd.peopleDn, '(uid=e8-cut)')[0];
    expect(renamed?.['sn']).not.toEqual(['Cut']);
    expect(company.dc.search(PEOPLE, '(cn=e8-cut)', ['displayName'])[0]?.['displayname']).toEqual(['Employee e8']);
    // The lease of the process that died is over.
    await company.engine.pool.query(
      `update backlog set lease_until = now() - interval '10 minutes' where lease_until is not null`,
    );
    await company.engine.workThrough(runKey);
    await company.settle();
    company.hr.store.remove('User', 'e8');
    await company.settle();
  }, 60_000);
});
