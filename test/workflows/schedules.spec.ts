import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleHandle } from '@temporalio/client';
import { ScheduleSync } from '../../api/schedules/schedule-sync.js';
import { scheduleIdOf } from '../../api/schedules/temporal-spec.js';
import type { ScheduleSpec } from '../../core/schedule/schedule.js';
import { createLogger } from '../../runtime/logger.js';
import { deleteSystem, removeOperationalData } from '../../state/config/index.js';
import { listJobs, requestRun } from '../../state/runs/index.js';
import { deleteSchedule, listSkippedPoints, requestScheduledRun, saveSchedule } from '../../state/schedules/index.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { testTemporal } from '../support/temporal.js';
import { RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();
/** The server of all suites may be busy. */
const BUSY_MS = 25_000;

temporal.describe('schedules in Temporal', () => {
  let driver: RunDriver;
  let engine: TestEngine;
  let source: TestSystem;
  let count = 0;

  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
    engine = await TestEngine.start();
    await engine.addTarget('Cloud', 'http://127.0.0.1:1');
  });
  afterAll(async () => {
    await engine.pool.query('delete from schedule');
    await syncAt(new Date());
    await engine.stop();
    await driver.close();
  });
  beforeEach(async () => {
    count += 1;
    await engine.pool.query('delete from schedule');
    source = await engine.addSource(`HR ${count}`, 'http://127.0.0.1:1');
  });

  const queue = `test-${randomUUID()}.workflows`;
  const at = (iso: string): Date => new Date(iso);
  const handle = (): ScheduleHandle => driver.client.schedule.getHandle(scheduleIdOf(source.id));
  const save = (spec: ScheduleSpec, now: Date, enabled = true): Promise<void> =>
    saveSchedule(engine.pool, source.no, { spec, enabled }, now);

  /** One round as if it were this time. */
  async function syncAt(now: Date): Promise<void> {
    const log = createLogger({ logLevel: 'silent' }, {});
    const client = async () => driver.client;
    expect(
      await new ScheduleSync({
        pool: engine.pool,
        client,
        log,
        workflowQueue: queue,
        now: () => now,
        deadlineMs: BUSY_MS,
      }).sync(),
    ).toBe(true);
  }

  async function nextTimes(): Promise<string[]> {
    return (await handle().describe()).info.nextActionTimes.map((time) => time.toISOString().slice(0, 16));
  }

  const weekly = (zone: string, time: string): ScheduleSpec => ({
    kind: 'weekly',
    days: ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'],
    time,
    zone,
  });

  it.each([
    ['Europe/Berlin', '02:30', '2027-03-27T00:00Z', ['2027-03-27T01:30', '2027-03-28T01:00', '2027-03-29T00:30']],
    ['Europe/Berlin', '02:30', '2027-10-30T00:00Z', ['2027-10-30T00:30', '2027-10-31T00:30', '2027-11-01T01:30']],
    ['America/New_York', '02:30', '2027-03-13T00:00Z', ['2027-03-13T07:30', '2027-03-14T07:00', '2027-03-15T06:30']],
    ['America/New_York', '01:30', '2027-11-06T00:00Z', ['2027-11-06T05:30', '2027-11-07T05:30', '2027-11-08T06:30']],
    ['Australia/Lord_Howe', '02:15', '2027-10-01T18:00Z', ['2027-10-02T15:30', '2027-10-03T15:15']],
    ['Australia/Lord_Howe', '01:45', '2027-04-02T00:00Z', ['2027-04-02T14:45', '2027-04-03T14:45', '2027-04-04T15:15']],
    ['Australia/Sydney', '02:30', '2027-10-01T18:00Z', ['2027-10-02T16:00', '2027-10-03T15:30']],
    ['Australia/Sydney', '02:30', '2027-04-02T00:00Z', ['2027-04-02T15:30', '2027-04-03T15:30', '2027-04-04T16:30']],
    ['America/Santiago', '00:30', '2027-09-04T00:00Z', ['2027-09-04T04:30', '2027-09-05T04:00', '2027-09-06T03:30']],
    [
      'America/Santiago',
      '23:30',
      '2027-04-02T00:00Z',
      ['2027-04-02T02:30', '2027-04-03T02:30', '2027-04-04T02:30', '2027-04-05T03:30'],
    ],
  ])('SCH-5: the next action times of %s at %s from %s', async (zone, time, from, expected) => {
    await save(weekly(zone, time), at(from));
    await syncAt(at(from));
    expect((await nextTimes()).slice(0, expected.length)).toEqual(expected);
  });

  it('SCH-5: a backfill over both changes of the clock asks for each day exactly once', async () => {
    const from = at('2027-10-29T00:00Z');
    await save(weekly('Europe/Berlin', '02:30'), from);
    await syncAt(from);
    const points = await pointsOf(3, () =>
      handle().backfill({ start: at('2027-10-29T12:00Z'), end: at('2027-11-01T12:00Z'), overlap: 'ALLOW_ALL' }),
    );
    expect(points).toEqual(['2027-10-30T00:30', '2027-10-31T00:30', '2027-11-01T01:30']);
    const spring = at('2028-03-24T00:00Z');
    await save(weekly('Europe/Berlin', '02:31'), spring);
    await syncAt(spring);
    const later = await pointsOf(6, () =>
      handle().backfill({ start: at('2028-03-24T12:00Z'), end: at('2028-03-27T12:00Z'), overlap: 'ALLOW_ALL' }),
    );
    expect(later.slice(3)).toEqual(['2028-03-25T01:31', '2028-03-26T01:00', '2028-03-27T00:31']);
  });

  it.each([
    ['02:15', '2027-10-01T18:00Z', ['2027-10-02T15:30', '2027-10-03T15:15', '2027-10-04T15:15'], '2027-10-04T18:00Z'],
    ['01:45', '2027-04-02T00:00Z', ['2027-04-02T14:45', '2027-04-03T14:45', '2027-04-04T15:15'], '2027-04-04T18:00Z'],
  ])('SCH-5: a backfill on Lord Howe, which moves by half an hour, at %s from %s', async (time, from, expected, to) => {
    await save(weekly('Australia/Lord_Howe', time), at(from));
    await syncAt(at(from));
    const range = { start: at(from), end: at(to), overlap: 'ALLOW_ALL' } as const;
    expect(await pointsOf(expected.length, () => handle().backfill(range))).toEqual(expected);
  });

  it('SCH-3, SCH-7: an interval has fixed points, counted from the anchor to the second', async () => {
    const anchor = new Date(Date.now() - 10_000);
    await save({ kind: 'interval', everyMinutes: 45 }, anchor);
    await syncAt(anchor);
    const anchorMs = Math.floor(anchor.getTime() / 1000) * 1000;
    const times = (await handle().describe()).info.nextActionTimes.map((time) => time.getTime());
    expect(times.slice(0, 3)).toEqual([1, 2, 3].map((n) => anchorMs + n * 45 * 60_000));
  });

  it('SCH-8, STA-3, STA-4: a point requests a Read with trigger REPEAT and nobody as its author', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, new Date());
    await syncAt(new Date());
    await pointsOf(1, () => handle().trigger());
    const [job, ...more] = await listJobs(engine.pool, { sourceNo: source.no, limit: 5 });
    expect(job).toMatchObject({ type: 'READ', triggerType: 'REPEAT', triggeredBy: null, status: 'Running' });
    expect(more).toEqual([]);
  });

  it.each(['starting', 'queued'])(
    'SCH-8, SCH-9: while any job is %s the point is skipped with its reason and not caught up',
    async (state) => {
      await save({ kind: 'interval', everyMinutes: 60 }, new Date());
      const manual = await requestRun(engine.pool, {
        sourceNo: source.no,
        kind: 'resync',
        trigger: 'IMMEDIATE',
        triggeredBy: 'x',
      });
      await engine.pool.query('update run set state = $2 where run_key = $1', [manual.runKey, state]);
      const point = at('2027-01-01T00:00Z');
      expect(await requestScheduledRun(engine.pool, source.id, point)).toBe('skipped');
      expect(await listSkippedPoints(engine.pool, source.no, 5)).toEqual([
        { at: point, reason: 'a job of this source was running or waiting' },
      ]);
      await engine.pool.query(`update run set state = 'finished', status = 'Success' where run_key = $1`, [
        manual.runKey,
      ]);
      // Told again by a repeated activity, it stays skipped; the next one is used.
      expect(await requestScheduledRun(engine.pool, source.id, point)).toBe('known');
      expect(await requestScheduledRun(engine.pool, source.id, at('2027-01-01T01:00Z'))).toBe('started');
    },
  );

  it('SCH-8: an activity that is repeated after its commit requests nothing more', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, new Date());
    const point = at('2027-01-01T00:00Z');
    const answers = await Promise.all([1, 2, 3].map(() => requestScheduledRun(engine.pool, source.id, point)));
    expect(answers.sort()).toEqual(['known', 'known', 'started']);
    expect(await listSkippedPoints(engine.pool, source.no, 5)).toEqual([]);
  });

  it('SCH-6, SYS-20: a schedule that is off, or whose source is disabled, is paused and runs nothing', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, new Date(), false);
    await syncAt(new Date());
    expect((await handle().describe()).state.paused).toBe(true);
    expect(await requestScheduledRun(engine.pool, source.id, at('2027-01-01T00:00Z'))).toBe('off');
    await save({ kind: 'interval', everyMinutes: 60 }, new Date());
    await syncAt(new Date());
    expect((await handle().describe()).state.paused).toBe(false);
    await engine.setEnabled(source, false);
    await syncAt(new Date());
    expect((await handle().describe()).state.paused).toBe(true);
    expect(await requestScheduledRun(engine.pool, source.id, at('2027-01-01T00:00Z'))).toBe('off');
    await engine.setEnabled(source, true);
    await syncAt(new Date());
    expect((await handle().describe()).state.paused).toBe(false);
    expect(await listSkippedPoints(engine.pool, source.no, 5)).toEqual([]);
  });

  it('SCH-6: an operator who pauses a schedule in Temporal is overruled by the switch', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, new Date());
    await syncAt(new Date());
    await handle().pause();
    await syncAt(new Date());
    expect((await handle().describe()).state.paused).toBe(false);
  });

  it('SCH-10: points that passed while the platform was down are told as skipped, and none is run', async () => {
    const anchor = at('2026-01-01T00:00Z');
    await save({ kind: 'interval', everyMinutes: 60 }, anchor);
    await syncAt(at('2026-01-01T03:30Z'));
    await syncAt(at('2026-01-01T03:40Z'));
    const skipped = await listSkippedPoints(engine.pool, source.no, 10);
    expect(skipped.map((point) => `${point.at.toISOString().slice(11, 16)} ${point.reason}`)).toEqual([
      '03:00 the platform was not running',
      '02:00 the platform was not running',
      '01:00 the platform was not running',
    ]);
    expect(await listJobs(engine.pool, { sourceNo: source.no, limit: 5 })).toEqual([]);
    expect((await handle().describe()).policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
  });

  it('SCH-10: points of the time when the schedule was off were not missed', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, at('2026-01-01T00:00Z'), false);
    await syncAt(at('2026-01-02T00:00Z'));
    expect(await listSkippedPoints(engine.pool, source.no, 10)).toEqual([]);
  });

  it('SYS-9, SYS-23: a source that cannot run gets a job that says why', async () => {
    await save({ kind: 'interval', everyMinutes: 60 }, new Date());
    await engine.pool.query(`update system set enabled = false where name = 'Cloud'`);
    expect(await requestScheduledRun(engine.pool, source.id, at('2027-01-01T00:00Z'))).toBe('refused');
    await engine.pool.query(`update system set enabled = true where name = 'Cloud'`);
    await engine.setProperties(source, {});
    expect(await requestScheduledRun(engine.pool, source.id, at('2027-01-01T01:00Z'))).toBe('refused');
    const jobs = await listJobs(engine.pool, { sourceNo: source.no, limit: 5 });
    expect(jobs.map((job) => [job.status, job.triggerType, job.errorMessage])).toEqual([
      ['Finished with Error', 'REPEAT', `${source.name} has no properties: enter the connection to its back end first`],
      ['Finished with Error', 'REPEAT', `no enabled target is connected to ${source.name}`],
    ]);
  });

  it('after a loss of all data of Temporal every schedule is made again from PostgreSQL', async () => {
    await save(weekly('Europe/Berlin', '02:30'), at('2027-03-27T00:00Z'));
    await syncAt(at('2027-03-27T00:00Z'));
    const before = await nextTimes();
    await handle().delete();
    await syncAt(at('2027-03-27T00:00Z'));
    expect(await nextTimes()).toEqual(before);
  });

  it('SCH-2: a changed schedule replaces the points in Temporal', async () => {
    await save(weekly('Europe/Berlin', '02:30'), at('2027-03-01T00:00Z'));
    await syncAt(at('2027-03-01T00:00Z'));
    await save(weekly('Asia/Kolkata', '09:00'), at('2027-03-01T00:00Z'));
    await syncAt(at('2027-03-01T00:00Z'));
    expect((await nextTimes())[0]).toBe('2027-03-01T03:30');
  });

  it('SCH-11: a schedule that was removed, or whose source was deleted, goes from Temporal too', async () => {
    for (const remove of [
      () => deleteSchedule(engine.pool, source.no),
      () =>
        engine.dataSource.transaction(async (manager) => {
          await removeOperationalData(manager, source.no);
          await deleteSystem(manager, source.no);
        }),
    ]) {
      await save({ kind: 'interval', everyMinutes: 60 }, new Date());
      await syncAt(new Date());
      await visible();
      await remove();
      await syncAt(new Date());
      await expect(handle().describe()).rejects.toBeInstanceOf(ScheduleNotFoundError);
    }
  });

  /** Lists of Temporal are a moment behind. */
  async function visible(): Promise<void> {
    for (;;) {
      for await (const one of driver.client.schedule.list()) if (one.scheduleId === scheduleIdOf(source.id)) return;
    }
  }

  /** Points of the source that the workflows of `fire` have told, once there are so many, to the minute. */
  async function pointsOf(expected: number, fire: () => Promise<unknown>): Promise<string[]> {
    return driver.withWorkers(queue, engine.activities, async () => {
      await fire();
      for (;;) {
        const rows = await engine.pool.query<{ at: Date }>(
          'select at from schedule_point where source_no = $1 order by at',
          [source.no],
        );
        if (rows.length >= expected) return rows.map((row) => row.at.toISOString().slice(0, 16));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
  }
});
