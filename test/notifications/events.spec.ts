import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { NOTIFICATION_PROPERTIES } from '../../core/notifications/settings.js';
import { removeOperationalData, resetSystem } from '../../state/config/index.js';
import { listMails, readStreak } from '../../state/notifications/index.js';
import { closeRunAs, requestRun, requestStop } from '../../state/runs/index.js';
import { expireLeases, Mortal, ProcessDiedError } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { jobThatEnds, MailScene, NO_RETRIES } from '../support/mail-scene.js';
import { person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const INTERMEDIATE = 'Provisioning Running with Error';
const FAILURE = 'Provisioning Finished with Error';
const SUCCESS = 'Provisioning Success';
const HELD = 'Provisioning Held for Approval';
const REPEAT = { [NOTIFICATION_PROPERTIES.repeat]: 'true' };

describe('what is told of jobs', () => {
  let scene: MailScene;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    scene = await MailScene.start();
  });
  afterAll(() => scene.stop());
  afterEach(() => world.stop());

  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

  async function start(
    options: {
      readonly hr?: Record<string, string>;
      readonly cloud?: Record<string, string>;
      readonly users?: number;
    } = {},
  ): Promise<void> {
    const users = names(options.users ?? 0).map((id): JsonObject => person(id));
    world = await World.join(scene.engine, { source: { users }, hr: { properties: { ...NO_RETRIES, ...options.hr } } });
    cloud = await world.addTarget('Cloud', {}, { properties: { ...NO_RETRIES, ...options.cloud } });
  }

  const counts = (sql: string): Promise<object[]> => scene.engine.pool.query(sql, [world.hr.no]);

  describe('which jobs', () => {
    it('NTF-1: Read and Resync, whoever or whatever has started them; a Simulate job has no mail and changes no streak', async () => {
      await start();
      await scene.subscribe(world.hr, 'anna@example.com');
      const { engine } = scene;
      world.source.faults.arm({ effect: { kind: 'status', status: 503 } });
      await engine.runJob(world.hr, 'simulate');
      await engine.runJob(world.hr, 'simulateCompare');
      expect(await scene.round()).toEqual([]);
      expect(await readStreak(engine.pool, world.hr.no)).toMatchObject({ failedJobs: 0 });
      await engine.runJob(world.hr, 'resync');
      expect(await scene.round()).toEqual([FAILURE]);
      const asked = { sourceNo: world.hr.no, kind: 'read', trigger: 'REPEAT', triggeredBy: null } as const;
      await engine.workThrough((await requestRun(engine.pool, asked)).runKey);
      expect(await scene.round()).toEqual([]);
      world.source.faults.clear();
      await engine.workThrough((await requestRun(engine.pool, asked)).runKey);
      expect(await scene.round()).toEqual([SUCCESS]);
      expect(scene.server.received.map(({ parsed }) => /Job type: (.*)/.exec(parsed.text ?? '')?.[1])).toEqual([
        'Resync',
        'Read',
      ]);
    });

    it('NTF-1: a job that nobody has to be told of stores nothing', async () => {
      await start({ users: 3 });
      await scene.subscribe(world.hr, 'quiet@example.com', ['jobs', 'held', 'reminder']);
      await world.job();
      await world.job('resync');
      expect(await counts('select 1 from notification_state where source_id = $1')).toEqual([]);
      expect(await counts('select 1 from mail_event where system_no = $1')).toEqual([]);
    });

    it('NTF-15: the halves of a source that plans first: success of a plan ends no streak of its application', async () => {
      await start({ hr: { 'ips.plan.first': 'true' }, users: 1 });
      await scene.subscribe(world.hr, 'anna@example.com');
      const { engine } = scene;
      await world.job();
      cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
      await engine.approveAndApply(await engine.newestPlan(world.hr));
      expect(await scene.round()).toEqual([INTERMEDIATE, FAILURE]);
      expect(scene.server.received.at(-1)?.parsed.text).toContain('Job type: Apply');
      await world.job();
      expect(await scene.round()).toEqual([]);
      cloud.simulator.faults.clear();
      world.source.store.update('User', 'p0', { title: 'Lead' });
      await world.job();
      await engine.approveAndApply(await engine.newestPlan(world.hr));
      expect(await scene.round()).toEqual([SUCCESS]);
    });
  });

  describe('which events', () => {
    it('NTF-12: the intermediate mail is there while the job still runs, and there is one of a job, however many entities fail', async () => {
      await start({ hr: REPEAT, users: 4 });
      const other = await world.addTarget('Wiki', {}, { properties: NO_RETRIES });
      await scene.subscribe(world.hr, 'anna@example.com');
      for (const { simulator } of [cloud, other])
        simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
      const { activities } = scene.engine;
      const { runKey } = await scene.engine.request(world.hr);
      await activities.openRun({ runKey });
      await scene.engine.readAll(runKey, ['user', 'group']);
      await activities.drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: false });
      expect(await scene.round()).toEqual([INTERMEDIATE]);
      const { text } = scene.server.received.at(-1)?.parsed ?? {};
      expect(text).toContain('Status: Running with Error');
      expect(text).toContain(`Target systems: ${cloud.system.name}, ${other.system.name}`);
      await scene.engine.workThrough(runKey);
      expect(await scene.round()).toEqual([FAILURE]);
    });

    it('NTF-12: of targets in which the first entities fail at the same moment one is the first', async () => {
      await start({ hr: REPEAT, users: 8 });
      const targets = [cloud, ...(await Promise.all(['Wiki', 'Mail', 'CRM'].map((name) => world.addTarget(name))))];
      await scene.subscribe(world.hr, 'anna@example.com');
      for (const { simulator } of targets)
        simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
      const { runKey } = await scene.engine.request(world.hr);
      const { activities } = scene.engine;
      await activities.openRun({ runKey });
      await scene.engine.readAll(runKey, ['user', 'group']);
      const drain = ({ system }: WorldTarget): Promise<unknown> =>
        activities.drainChunk({ runKey, targetNo: system.no, type: 'user', late: false });
      await Promise.all(targets.map(drain));
      expect(await scene.round()).toEqual([INTERMEDIATE]);
      await scene.engine.workThrough(runKey);
      expect(await scene.round()).toEqual([FAILURE]);
    });

    it.each(['before', 'after'] as const)(
      'NTF-12, NTF-20: a process that dies %s the commit of the first failed entity: one event, one mail',
      async (side) => {
        await start({ hr: REPEAT, users: 2 });
        await scene.subscribe(world.hr, 'anna@example.com');
        cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
        const { engine } = scene;
        const { runKey } = await engine.request(world.hr);
        const mortal = new Mortal({ side, statement: /insert into run_failure/ });
        const pool = mortal.pool(engine.databaseUrl);
        const process = engine.newProcess({ pool, reached: mortal.reached });
        await expect(engine.workThrough(runKey, process)).rejects.toThrow(ProcessDiedError);
        await process.activities.close().catch(() => undefined);
        await pool.close();
        expect(await counts('select kind from mail_event where system_no = $1')).toEqual(
          side === 'after' ? [{ kind: 'intermediate' }] : [],
        );
        await expireLeases(engine.pool, world.hr.no);
        await engine.workThrough(runKey);
        expect(await scene.round()).toEqual([INTERMEDIATE, FAILURE]);
      },
    );

    it('NTF-12: an entity that cannot be read is one that fails', async () => {
      await start({ users: 1 });
      await scene.subscribe(world.hr, 'anna@example.com');
      world.source.faults.arm({ effect: { kind: 'missingId' }, match: { operations: ['list'], type: 'User' } });
      expect((await world.job()).status).toBe('Finished with Error');
      expect(await scene.round()).toEqual([INTERMEDIATE, FAILURE]);
    });

    it('NTF-14: a job that is stopped while nobody works on it, too; one that has only waited is none', async () => {
      await start();
      await scene.subscribe(world.hr, 'anna@example.com');
      const { pool } = scene.engine;
      const first = await scene.engine.request(world.hr);
      const waiting = await scene.engine.request(world.hr, 'resync');
      await requestStop(pool, waiting.jobId);
      expect(await scene.round()).toEqual([]);
      await pool.query(`update run set requested_at = now() - interval '90 seconds' where run_key = $1`, [
        first.runKey,
      ]);
      await requestStop(pool, first.jobId);
      expect(await scene.round()).toEqual([FAILURE]);
      expect(scene.server.received.at(-1)?.parsed.text).toContain(
        'Start time: not started\nStatus: Manually Terminated',
      );
    });

    it.each([
      ['failed', 'Finished with Error'],
      ['terminated', 'Manually Terminated'],
    ] as const)('NTF-13, NTF-14: a job whose workflow %s has ended, too', async (end, status) => {
      await start();
      await scene.subscribe(world.hr, 'anna@example.com');
      const { runKey } = await scene.engine.request(world.hr);
      await scene.engine.activities.openRun({ runKey });
      await closeRunAs(scene.engine.pool, runKey, end, 'the workflow is gone');
      await closeRunAs(scene.engine.pool, runKey, end, 'the workflow is gone');
      expect(await scene.round()).toEqual([FAILURE]);
      expect(scene.server.received.at(-1)?.parsed.text).toContain(`Status: ${status}`);
      expect(await readStreak(scene.engine.pool, world.hr.no)).toMatchObject({ failedJobs: 1 });
    });

    it('NTF-16: a job that fails without a failed entity has no intermediate mail', async () => {
      await start({ hr: REPEAT });
      await scene.subscribe(world.hr, 'anna@example.com');
      await jobThatEnds(world, cloud, 'nocon');
      expect(await scene.round()).toEqual([FAILURE]);
    });

    it('NTF-17: a pause is no event, and the resumed job is the same one', async () => {
      await start({ hr: REPEAT, users: 3 });
      await scene.subscribe(world.hr, 'anna@example.com');
      cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
      const { engine } = scene;
      const { runKey, jobId } = await engine.request(world.hr);
      await engine.activities.openRun({ runKey });
      await engine.readAll(runKey, ['user', 'group']);
      await engine.activities.drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: false });
      expect(await scene.round()).toEqual([INTERMEDIATE]);
      await engine.pool.query(
        `update run set requested_at = now() - interval '90 seconds', heartbeat_at = now() - interval '90 seconds' where run_key = $1`,
        [runKey],
      );
      expect((await engine.finished(jobId)).job.status).toBe('Pending Restart');
      expect(await scene.round()).toEqual([]);
      world.source.store.add('User', person('later'));
      const successor = engine.newProcess();
      await engine.workThrough(runKey, successor);
      await successor.activities.close();
      expect((await engine.finished(jobId)).job.formerIds).toEqual([jobId]);
      expect(await scene.round()).toEqual([FAILURE]);
    });

    it('NTF-18: skipped entities cause no mail, blocked deletions do', async () => {
      await start({ users: 4, cloud: { 'ips.delete.threshold.users': '1' } });
      await scene.subscribe(world.hr, 'anna@example.com');
      await world.job();
      await scene.engine.pool.query(
        `insert into quarantine (target_id, entity_no, note, author)
         select $2, entity_no, 'left alone', 'test' from entity where source_id = $1 and source_key = 'p0'`,
        [world.hr.no, cloud.system.no],
      );
      await scene.engine.pool.query(
        `insert into backlog (target_id, entity_no, source_id, type, reason, state)
         select $2, entity_no, $1, type, 'quarantine', 5 from entity where source_id = $1 and source_key = 'p0'`,
        [world.hr.no, cloud.system.no],
      );
      const second = await world.job();
      expect(second).toMatchObject({ status: 'Success', statistics: { 'Cloud user': 'skipped 1' } });
      expect(await scene.round()).toEqual([]);
      for (const id of ['p1', 'p2', 'p3']) world.source.store.remove('User', id);
      expect((await world.job()).status).toBe('Finished with Error');
      expect(await scene.round()).toEqual([INTERMEDIATE, FAILURE]);
    });
  });

  describe('what is remembered', () => {
    it('NTF-11: the state is kept whoever is subscribed; a reset forgets it and leaves the recipients', async () => {
      await start();
      const { engine } = scene;
      await jobThatEnds(world, cloud, 'fail');
      await jobThatEnds(world, cloud, 'nocon');
      const streak = await readStreak(engine.pool, world.hr.no);
      expect(streak).toMatchObject({ failedJobs: 2, intermediateSent: true, failureSent: true });
      await scene.subscribe(world.hr, 'anna@example.com');
      await engine.changeProperties(world.hr, { [NOTIFICATION_PROPERTIES.ignored]: '3' });
      expect(await readStreak(engine.pool, world.hr.no)).toEqual(streak);
      await engine.dataSource.transaction((manager) =>
        resetSystem(manager, world.hr.no, { role: 'source', keepOrigins: false }),
      );
      expect(await readStreak(engine.pool, world.hr.no)).toEqual({
        failedJobs: 0,
        intermediateSent: false,
        failureSent: false,
        failingSince: null,
        failedJob: null,
      });
      expect(await counts('select email from notification_recipient where system_no = $1')).toEqual([
        { email: 'anna@example.com' },
      ]);
      // Nothing of a streak that is forgotten recovers.
      await jobThatEnds(world, cloud, 'ok');
      expect(await scene.round()).toEqual([]);
    });

    it('NTF-11: a reset of a target changes nothing of it; with the source everything goes', async () => {
      await start();
      await scene.subscribe(world.hr, 'anna@example.com');
      await jobThatEnds(world, cloud, 'nocon');
      const { dataSource, pool } = scene.engine;
      await dataSource.transaction((manager) =>
        resetSystem(manager, cloud.system.no, { role: 'target', keepOrigins: false }),
      );
      expect(await readStreak(pool, world.hr.no)).toMatchObject({ failedJobs: 1 });
      await dataSource.transaction((manager) => removeOperationalData(manager, world.hr.no));
      expect(await counts('select 1 from notification_state where source_id = $1')).toEqual([]);
      for (const table of ['notification_recipient', 'mail_event'])
        expect([table, await counts(`select 1 from ${table} where system_no = $1`)]).toEqual([table, []]);
      expect(await listMails(pool, world.hr.no, 9)).toEqual([]);
      expect(await scene.round()).toEqual([]);
    });

    it.each([
      ['its books closed and not committed', { moment: 'finishing', nth: 1 }],
      ['the commit, its answer lost', { side: 'after', statement: /update run set state = 'finished'/ }],
      ['the commit', { side: 'before', statement: /update run set state = 'finished'/ }],
    ] satisfies [string, CrashPoint][])(
      'NTF-13, NTF-20: a process that dies at the end of a job with %s: one event, one mail',
      async (_what, point) => {
        await start();
        await scene.subscribe(world.hr, 'anna@example.com');
        world.source.faults.arm({ effect: { kind: 'status', status: 503 } });
        const { runKey } = await scene.engine.request(world.hr);
        const mortal = new Mortal(point);
        const pool = mortal.pool(scene.engine.databaseUrl);
        const process = scene.engine.newProcess({ pool, reached: mortal.reached });
        await expect(scene.engine.workThrough(runKey, process)).rejects.toThrow(ProcessDiedError);
        await process.activities.close().catch(() => undefined);
        await pool.close();
        const isOver = 'side' in point && point.side === 'after';
        expect(await readStreak(scene.engine.pool, world.hr.no)).toMatchObject({ failedJobs: isOver ? 1 : 0 });
        await scene.engine.workThrough(runKey);
        expect(await readStreak(scene.engine.pool, world.hr.no)).toMatchObject({ failedJobs: 1 });
        expect(await scene.round()).toEqual([FAILURE]);
      },
    );
  });

  describe('held changes', () => {
    it('GOV-7: are told once, by class and target, with the plan and how to review it', async () => {
      await start({ users: 40, cloud: { 'ips.governor.delete': '2' } });
      await scene.subscribe(world.hr, 'anna@example.com', ['held']);
      await scene.subscribe(world.hr, 'bert@example.com', ['jobs', 'reminder']);
      await world.job();
      for (const id of names(3)) world.source.store.remove('User', id);
      expect((await world.job()).status).toBe('Success');
      expect(await scene.round('anna@example.com')).toEqual([HELD]);
      const [plan] = await counts('select id from plan where source_id = $1');
      const mail = scene.server.received.at(-1);
      const id = String(Reflect.get(plan ?? {}, 'id'));
      expect(mail?.recipients).toEqual(['anna@example.com']);
      expect(mail?.parsed.text).toContain(
        `Held for approval: 3 delete in ${cloud.system.name}\nPlan: ${id}\nReview it: muster show ${id} (or GET https://muster.example.com/api/v1/plans/${id})`,
      );
      // They still wait, and nobody is told again.
      await world.job();
      expect(await scene.round()).toEqual([]);
      for (const id of names(7).slice(3)) world.source.store.remove('User', id);
      await world.job();
      expect(await scene.round()).toEqual([HELD]);
      expect(scene.server.received.at(-1)?.parsed.text).toContain('Held for approval: 4 delete in');
      await world.job();
      expect(await scene.round()).toEqual([]);
    });

    it('GOV-7, PLN-13: of a source that plans first the plan itself waits', async () => {
      await start({ hr: { 'ips.plan.first': 'true' }, users: 2 });
      await scene.subscribe(world.hr, 'anna@example.com', ['held']);
      await world.job();
      expect(await scene.round()).toEqual([HELD]);
      expect(scene.server.received.at(-1)?.parsed.text).toContain(
        `Held for approval: 2 create in ${cloud.system.name}`,
      );
    });
  });
});
