import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expireLeases, Mortal } from '../support/crash.js';
import type { EngineProcess } from '../support/engine.js';
import { describeSamba } from '../support/directories.js';
import { summary } from '../support/world.js';
import { NamedCompany, PEOPLE } from './support/named-company.js';

/** Has something in front of it, because it is in between. */
const isAside = (name: string): boolean => /^[0-9a-f]{12}-/.test(name);

/* ADR 0082. Whose account is whose is told by what never changes: the first name in OpenLDAP, the display name in the domain. */
describeSamba('CNF-10: names of entries that change hands, in whole jobs', () => {
  let company: NamedCompany;
  let identities: Record<string, string | undefined>;
  beforeAll(async () => {
    company = await NamedCompany.start();
    await company.settle();
    identities = company.identities();
  }, 120_000);
  afterAll(() => company?.stop());

  /** Gives each of them another name in the source; nobody has it for himself at any moment there. */
  function rename(names: Readonly<Record<string, string>>): void {
    const { store } = company.hr;
    for (const id of Object.keys(names)) store.update('User', id, { userName: `between-${id}` });
    for (const [id, userName] of Object.entries(names)) store.update('User', id, { userName });
  }

  /** Names of all entries. */
  function namesIn(target: 'directory' | 'domain'): string[] {
    const { slapd, dc } = company;
    return target === 'directory'
      ? slapd.search(slapd.peopleDn, '(objectClass=inetOrgPerson)').flatMap((one) => one['uid'] ?? [])
      : dc.search(PEOPLE, '(objectClass=user)', ['cn']).flatMap((one) => one['cn'] ?? []);
  }

  it.each([
    ['two swap theirs, one of them in a group', { e0: 'e4', e4: 'e0' }],
    ['three pass theirs on in a ring', { e5: 'e6', e6: 'e7', e7: 'e5' }],
    ['two pairs swap at the same time', { e8: 'e9', e9: 'e8', e10: 'e11', e11: 'e10' }],
    ['back again, and a chain to a new one', { e0: 'e0', e4: 'e4', e1: 'e2', e2: 'brand-new' }],
  ])('CNF-10, CONN-LDAP-77: %s: entries and their groups keep who they are', async (_what, names) => {
    rename(names);
    const { statistics } = await company.settle();
    const updated = `updated ${Object.keys(names).length}`;
    expect(summary(statistics)).toMatchObject({ 'Directory user': updated, 'Domain user': updated });
    expect(company.identities()).toEqual(identities);
  });

  it('CNF-10, CONN-LDAP-77: two of the same name in two units change places', async () => {
    rename({ e5: 'e5', e6: 'e6', e7: 'e7', e8: 'e8', e9: 'e9', e10: 'e10', e11: 'e11' });
    company.hr.store.update('User', 'e3', { title: 'Two' });
    await company.settle();
    rename({ e3: 'e4', e4: 'e3' });
    company.hr.store.update('User', 'e3', { title: 'One' });
    company.hr.store.update('User', 'e4', { title: 'Two' });
    await company.settle();
    expect(company.identities()).toEqual(identities);
  });

  it('CNF-10: only the principal names are swapped in the domain', async () => {
    const [left, right] = ['e10', 'e11'].map((name) => `CN=${name},OU=One,${PEOPLE}`);
    // As somebody has left them: each job writes what the mapping says.
    const set = (dn: string | undefined, name: string): void =>
      company.dc.modify(
        `dn: ${dn ?? ''}\nchangetype: modify\nreplace: userPrincipalName\nuserPrincipalName: mail.${name}@example.test\n-\n`,
      );
    set(left, 'nobody');
    set(right, 'e10');
    set(left, 'e11');
    const { job } = await company.engine.runJob(company.source, 'resync');
    expect(job.status).toBe('Success');
    await company.isSettled();
    expect(company.identities()).toEqual(identities);
  });

  /** Works through a run until the process dies at the `nth` request that may change a directory, or at the `nth` moment. */
  async function dieAt(runKey: string, moment: 'request' | 'answered' | 'settled', nth: number): Promise<boolean> {
    let requests = 0;
    let isDead = false;
    const mortal = new Mortal(moment === 'request' ? undefined : { moment, nth });
    const process: EngineProcess = company.engine.newProcess({
      reached: mortal.reached,
      timing: { claimPollMs: 20 },
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
                  requests += 1;
                  isDead ||= moment === 'request' && requests === nth;
                  if (isDead) throw new Error('the process is dead');
                },
              }),
          };
        },
      }),
    });
    await company.engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!isDead && !mortal.isDead) throw error;
    });
    await process.activities.close();
    return isDead || mortal.isDead;
  }

  it.each(['request', 'answered'] as const)(
    'CNF-10, CONN-CORE-54: a process that dies at any %s of a swap leaves both accounts linked, and the run heals them',
    async (moment) => {
      let inBetween = 0;
      let deaths = 0;
      for (let nth = 1; ; nth += 1) {
        const isSwapped = company.hr.store.find('User', 'userName', 'e9')[0]?.['id'] === 'e0';
        rename(isSwapped ? { e0: 'e0', e9: 'e9' } : { e0: 'e9', e9: 'e0' });
        const { runKey, jobId } = await company.engine.request(company.source);
        const isDead = await dieAt(runKey, moment, nth);
        if ([...namesIn('directory'), ...namesIn('domain')].some(isAside)) inBetween += 1;
        await expireLeases(company.engine.pool, company.source.no);
        if (isDead) await company.engine.workThrough(runKey);
        const { status } = (await company.engine.finished(jobId)).job;
        expect([nth, status, await company.failures(runKey)]).toEqual([nth, 'Success', []]);
        company.compare();
        expect(company.identities()).toEqual(identities);
        if (!isDead) break;
        deaths += 1;
      }
      expect(deaths).toBeGreaterThanOrEqual(4);
      expect(inBetween).toBeGreaterThan(0);
      await company.isSettled();
    },
    180_000,
  );

  it.each([
    ['settled', 'e10', 'e11'],
    ['answered', 'e7', 'e8'],
  ] as const)(
    'CNF-10, DEL-20, DEL-23: a process dies when one that stepped aside is %s, the job is stopped, and he leaves: he is deleted, and nobody else',
    async (moment, leaver, other) => {
      let runKey = '';
      const inBetween = (): boolean => [...namesIn('directory'), ...namesIn('domain')].some(isAside);
      for (let nth = 1; !inBetween(); nth += 1) {
        const isSwapped = company.hr.store.find('User', 'userName', other)[0]?.['id'] === leaver;
        rename(isSwapped ? { [leaver]: leaver, [other]: other } : { [leaver]: other, [other]: leaver });
        runKey = (await company.engine.request(company.source)).runKey;
        expect([nth, await dieAt(runKey, moment, nth)]).toEqual([nth, true]);
        await expireLeases(company.engine.pool, company.source.no);
        if (!inBetween()) await company.engine.workThrough(runKey);
      }
      await company.engine.activities.openRun({ runKey });
      await company.engine.activities.finishRun({ runKey, end: 'stopped' });
      company.hr.store.remove('User', leaver);
      // Where he has not stepped aside yet, the other one gets his name when he is gone.
      await company.engine.runJob(company.source);
      await company.settle();
      const left = [`directory ${leaver}`, `domain Employee ${leaver}`];
      identities = Object.fromEntries(Object.entries(identities).filter(([name]) => !left.includes(name)));
      expect(company.identities()).toEqual(identities);
    },
    120_000,
  );
});
