import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { ldifOf } from '../../simulators/directories/ldif.js';
import { startSlapd, type Slapd } from '../../simulators/directories/slapd.js';
import { startScimSimulator, type ScimSimulator } from '../../simulators/scim/simulator.js';
import { describeSlapd } from '../support/directories.js';
import { TestEngine, type FinishedJob, type TestSystem } from '../support/engine.js';
import { summary, userNames } from '../support/world.js';
import { startCuttingProxy, type CuttingProxy } from './support/cutting-proxy.js';

const PEOPLE = 230;
const PAGE = '50';
/** The root of slapd knows no limits, so the source has a user of its own. */
const READER = { dn: 'uid=reader,dc=example,dc=org', password: 'reader-Secret1' };

describeSlapd('a source whose positions end with its connection', () => {
  let slapd: Slapd;
  let proxy: CuttingProxy;
  let engine: TestEngine;
  let source: TestSystem;
  let target: ScimSimulator;

  beforeAll(async () => {
    const people = Array.from({ length: PEOPLE }, (_, n) => {
      const uid = `u${String(n).padStart(3, '0')}`;
      return [
        `uid=${uid},ou=people,dc=example,dc=org`,
        { objectClass: 'inetOrgPerson', uid, cn: uid, sn: 'Example' },
      ] as const;
    });
    const reader = { objectClass: 'inetOrgPerson', uid: 'reader', cn: 'r', sn: 'r', userPassword: READER.password };
    slapd = await startSlapd({
      ldif: ldifOf([...people, [READER.dn, reader]]),
    });
    proxy = await startCuttingProxy(slapd.port);
    engine = await TestEngine.start();
    target = await startScimSimulator();
    source = await engine.addSource('Directory', `ldap://127.0.0.1:${proxy.port}`, {
      typeName: 'LDAP Server',
      properties: {
        'ldap.user': READER.dn,
        'ldap.user.path': slapd.peopleDn,
        'ldap.group.path': slapd.groupsDn,
        'ldap.page.size': PAGE,
        'com.sun.jndi.ldap.read.timeout': '1500',
      },
      secrets: { 'ldap.password': READER.password },
    });
    await engine.addTarget('Cloud', target.url);
    await engine.runJob(source);
  }, 60_000);
  afterAll(async () => {
    await engine?.stop();
    await target?.stop();
    await proxy?.stop();
    await slapd?.stop();
  });
  let mark = 0;
  beforeEach(() => {
    mark = target.journal.mark();
  });

  const epochOf = async ({ job }: FinishedJob): Promise<number> => {
    const [row] = await engine.pool.query<{ epoch: number }>(
      'select epoch from run_type where run_key = $1 and type = 1',
      [job.runKey],
    );
    return row?.epoch ?? -1;
  };
  const causeOf = async ({ job }: FinishedJob): Promise<string> => {
    const [row] = await engine.pool.query<{ cause: string }>(
      'select cause from run_type where run_key = $1 and type = 1',
      [job.runKey],
    );
    return row?.cause ?? '';
  };
  const everybodyIsThere = (): void => {
    expect(userNames(target)).toHaveLength(PEOPLE);
    expect(target.journal.writesSince(mark)).toEqual([]);
  };
  /** A process whose connector does something before its nth page of people. */
  const processThat = (page: number, act: () => Promise<void> | void) => {
    let pages = 0;
    const decorateFactory = (factory: ConnectorFactory): ConnectorFactory => ({
      ...factory,
      open: (context) => {
        const connector = factory.open(context);
        return {
          ...connector,
          readPage: async (request) => {
            if (request.type === 'user' && ++pages === page) await act();
            return connector.readPage(request);
          },
        };
      },
    });
    return engine.newProcess({ decorateFactory });
  };

  it('JOB-3, CHG-2: the first read has created everybody, the next one sends nothing', async () => {
    const finished = await engine.runJob(source);
    expect(finished.job.status).toBe('Success');
    expect(summary(finished.statistics)['Directory user']).toBe(`read ${PEOPLE}`);
    everybodyIsThere();
  });

  it('CONN-LDAP-24, CONN-TCK-03: a worker that dies between two pages loses the read, the next one begins it again', async () => {
    const { runKey, jobId } = await engine.request(source);
    const dying = processThat(3, () => {
      throw new Error('the process dies here');
    });
    await dying.activities.openRun({ runKey });
    await expect(dying.activities.intakeChunk({ runKey, type: 'user' })).rejects.toThrow('dies here');
    await dying.activities.close();
    await engine.workThrough(runKey);
    const finished = await engine.finished(jobId);
    expect(finished.job.status).toBe('Success');
    expect(summary(finished.statistics)['Directory user']).toBe(`read ${PEOPLE}`);
    expect(await epochOf(finished)).toBe(1);
    everybodyIsThere();
  });

  it('CONN-LDAP-24: slapd killed between two pages: the read begins again when it is back', async () => {
    const { runKey, jobId } = await engine.request(source);
    const process = processThat(3, async () => {
      await slapd.kill();
      await slapd.restart();
    });
    await engine.workThrough(runKey, process);
    await process.activities.close();
    const finished = await engine.finished(jobId);
    expect(finished.job.status).toBe('Success');
    expect(await epochOf(finished)).toBe(1);
    everybodyIsThere();
  });

  it('CONN-TCK-22: a connection that is cut in the middle of an answer is no end of the list', async () => {
    const { runKey, jobId } = await engine.request(source);
    const process = processThat(3, () => proxy.cutAfter(2_000));
    await engine.workThrough(runKey, process);
    await process.activities.close();
    const finished = await engine.finished(jobId);
    expect(finished.job.status).toBe('Success');
    expect(await epochOf(finished)).toBe(1);
    expect(proxy.cuts()).toBeGreaterThan(0);
    everybodyIsThere();
  });

  it('DEL-1, CONN-LDAP-22: a limit of the server makes the read incomplete, whatever the page size; nobody is deleted', async () => {
    slapd.modify(`dn: uid=u000,${slapd.peopleDn}\nchangetype: delete`);
    await slapd.restart([`limits dn.exact="${READER.dn}" size.prtotal=120`]);
    const finished = await engine.runJob(source);
    expect(finished.job.status).toBe('Finished with Error');
    expect(await causeOf(finished)).toContain('sizeLimitExceeded');
    everybodyIsThere();
    await slapd.restart([]);
  }, 60_000);

  it.each([
    ['busy', 'errCode: 51', 'busy'],
    ['unavailable', 'errCode: 52', 'unavailable'],
    ['over its time limit', 'errCode: 3', 'timeLimitExceeded'],
    ['slow', 'errCode: 0\nerrSleepTime: 3', 'no answer in time'],
  ])(
    'DEL-1, ORD-8: a server that is %s deletes nobody',
    async (_, trouble, cause) => {
      // The overlay ends every search that comes to this entry as the entry says: in the middle of the read.
      const names = trouble.split('\n').map((line) => line.split(':')[0]);
      const add = trouble.split('\n').map((line) => `add: ${line.split(':')[0]}\n${line}`);
      slapd.modify(
        `dn: uid=u100,${slapd.peopleDn}\nchangetype: modify\nadd: objectClass\nobjectClass: errAuxObject\n-\n${add.join('\n-\n')}`,
      );
      await slapd.restart(['overlay retcode', 'retcode-parent "ou=none,dc=example,dc=org"', 'retcode-indir']);
      const finished = await engine.runJob(source);
      expect(finished.job.status).toBe('Finished with Error');
      expect(await causeOf(finished)).toContain(cause);
      everybodyIsThere();
      await slapd.restart([]);
      const remove = names.map((name) => `delete: ${name}\n-\n`).join('');
      slapd.modify(
        `dn: uid=u100,${slapd.peopleDn}\nchangetype: modify\n${remove}delete: objectClass\nobjectClass: errAuxObject`,
      );
    },
    60_000,
  );

  it('DEL-23: who is really gone is deleted when the source can be read again', async () => {
    const finished = await engine.runJob(source);
    expect(finished.job.status).toBe('Success');
    expect(summary(finished.statistics)['Cloud user']).toBe('deleted 1');
    expect(userNames(target)).toHaveLength(PEOPLE - 1);
  });
});
