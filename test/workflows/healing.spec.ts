import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ScheduleSync } from '../../api/schedules/schedule-sync.js';
import { ensureHealSchedule, healScheduleIdOf, healSoon } from '../../api/healing/heal-schedule.js';
import { createLogger } from '../../runtime/logger.js';
import { createMailer } from '../../runtime/mailer.js';
import { loadInstallation } from '../../state/config/index.js';
import { addRecipient } from '../../state/notifications/index.js';
import { startMailServer } from '../support/mail-server.js';
import { person, userNames, World } from '../support/world.js';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities } from './support/fake-activities.js';
import { GOLDEN_ROUNDS, runRound } from './support/golden-healing.js';
import { RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();

temporal.describe('rounds of healing', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  it('HEA-4: each pair of systems has its turn in a round; one that fails keeps the others from nothing', async () => {
    const fake = GOLDEN_ROUNDS[1]?.activities();
    if (fake === undefined) throw new Error('no golden round');
    await runRound(driver, fake, async (handle) => {
      expect(await handle.result()).toEqual({ pairs: 6 });
    });
    expect(fake.callsOf('heal').sort()).toEqual([
      'heal 1 A',
      'heal 1 B',
      'heal 2 A',
      'heal 2 B',
      'heal 3 A',
      'heal 3 B',
    ]);
  });

  it('NTF-20: a round whose mails cannot be sent is a round all the same', async () => {
    const fake = new FakeActivities({
      healable: { pairs: [{ sourceNo: 1, targetNo: 1, sourceName: 'HR', targetName: 'A' }], hasMails: true },
      healFailure: 'send mails',
    });
    await runRound(driver, fake, async (handle) => {
      expect(await handle.result()).toEqual({ pairs: 1 });
    });
    expect(fake.callsOf('heal', 'send').sort()).toEqual(['heal 1 A', 'send mails']);
  });

  it('CRT-5, CRT-7: certificates that end soon are tended in a round, and mails beside them', async () => {
    const fake = new FakeActivities({
      healable: { pairs: [], hasMails: true, hasCertificates: true },
      healFailure: 'tend certificates',
    });
    await runRound(driver, fake, async (handle) => {
      expect(await handle.result()).toEqual({ pairs: 0 });
    });
    expect(fake.callsOf('send', 'tend').sort()).toEqual(['send mails', 'tend certificates']);
  });

  it('RET-1: a round removes old logs when there are any; when that fails it is a round all the same', async () => {
    const fake = new FakeActivities({
      healable: { pairs: [{ sourceNo: 1, targetNo: 1, sourceName: 'HR', targetName: 'A' }], hasOldLogs: true },
      healFailure: 'remove old logs',
    });
    await runRound(driver, fake, async (handle) => {
      expect(await handle.result()).toEqual({ pairs: 1 });
    });
    expect(fake.callsOf('heal', 'remove').sort()).toEqual(['heal 1 A', 'remove old logs']);
  });

  it('NTF-20: a failed job, the next round of the schedule, the mailbox', async () => {
    const server = await startMailServer();
    const world = await World.start({ engine: { mailer: createMailer(server.settings) } });
    const queue = `test-${randomUUID()}.workflows`;
    const { id } = await loadInstallation(world.engine.pool);
    try {
      const anna = { name: 'Anna', email: 'anna@example.com', topics: ['jobs'], addedBy: 'test' } as const;
      await addRecipient(world.engine.pool, world.hr.no, 'jobs', anna, 1);
      await world.addTarget('Cloud');
      world.source.faults.arm({ effect: { kind: 'status', status: 403 } });
      await world.engine.runJob(world.hr);
      await ensureHealSchedule(driver.client, id, queue);
      await driver.withWorkers(queue, world.engine.activities, async () => {
        await healSoon(driver.client, id);
        while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      });
      expect(server.newSubjects()).toEqual(['Provisioning Finished with Error. Source System: HR']);
    } finally {
      await driver.client.schedule
        .getHandle(healScheduleIdOf(id))
        .delete()
        .catch(() => undefined);
      await world.stop();
      await server.stop();
    }
  });

  it('HEA-4: the schedule is made when Temporal has none, kept by the comparison, and its rounds heal', async () => {
    const world = await World.start({ source: { users: [person('P')] } });
    const queue = `test-${randomUUID()}.workflows`;
    const sync = new ScheduleSync({
      pool: world.engine.pool,
      client: async () => driver.client,
      log: createLogger({ logLevel: 'silent' }, {}),
      workflowQueue: queue,
      deadlineMs: 25_000,
    });
    const { id } = await loadInstallation(world.engine.pool);
    const handle = driver.client.schedule.getHandle(healScheduleIdOf(id));
    try {
      const { simulator } = await world.addTarget('Cloud');
      simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] }, times: 1 });
      await world.engine.runJob(world.hr);
      await world.engine.letTimePass();
      await sync.sync();
      await sync.sync();
      const { spec, policies } = await handle.describe();
      expect(spec.intervals?.map((interval) => interval.every)).toEqual([60_000]);
      expect(policies.overlap).toBe('SKIP');
      // The engine's own scope stands for Temporal's.
      await driver.withWorkers(queue, world.engine.activities, async () => {
        await healSoon(driver.client, id);
        while (userNames(simulator).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      });
      // Lost, and made again by the next comparison.
      await handle.delete();
      await sync.sync();
      expect((await handle.describe()).scheduleId).toBe(healScheduleIdOf(id));
    } finally {
      await handle.delete().catch(() => undefined);
      await world.stop();
    }
  });
});
