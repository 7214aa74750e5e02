import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeOperationalData, saveProperties } from '../../state/config/index.js';
import { deleteAllLogs } from '../../state/logs/delete-logs.js';
import type { SqlPool } from '../../state/database.js';
import { saveRetention } from '../../state/logs/settings.js';
import { closeRunAs, promoteQueuedRuns, readJob, requestRun } from '../../state/runs/index.js';
import type { RunKind } from '../../state/runs/index.js';
import { expireLeases, Mortal, ProcessDiedError } from '../support/crash.js';
import { downloadsOf } from '../support/log-downloads.js';
import type { Download } from '../support/log-downloads.js';
import { fingerprint } from '../support/table-fingerprints.js';
import { person, World } from '../support/world.js';

const CONTENT = 'ips.trace.created.entity.content';
const FAILED = 'ips.trace.failed.entity.content';
const TRACING = { 'ips.trace.created.entity': 'true', [CONTENT]: 'true' };
const SWITCHED_OFF = `Switched off by the platform after this job: ${CONTENT}`;
const DAY_MS = 24 * 3_600_000;

describe('content properties of a source', () => {
  let world: World;
  let download: Download;
  beforeEach(async () => {
    world = await World.start({ source: { users: [person('Ann'), person('Ben')] }, hr: { properties: TRACING } });
    await world.addTarget('Cloud');
    download = await downloadsOf(world.engine);
  });
  afterEach(() => world.stop());

  const isOn = async (name = CONTENT): Promise<boolean> => (await world.engine.properties(world.hr))[name] === 'true';
  const setAgain = (): Promise<void> => world.engine.changeProperties(world.hr, { [CONTENT]: 'true' });
  const stored = async (): Promise<number> => (await world.engine.pool.query('select 1 from traced_content')).length;

  /** Whether the download of created entities shows what they contained. */
  async function isShown(runKey: string): Promise<boolean> {
    const [text = ''] = Object.values(await download(runKey, 'createdEntitiesLog'));
    expect(text).toMatch(/^user:/);
    return text.includes('content={') && !text.includes('<hidden content>');
  }

  async function outcomeOf(jobId: string): Promise<readonly string[]> {
    return (await readJob(world.engine.pool, jobId))?.outcome ?? [];
  }

  /** Somebody who is created by the next job. */
  const joins = (id: string): void => void world.source.store.add('User', person(id));

  it.each(['read', 'resync'] as const)('TRC-2: a content property applies to one job, a %s', async (kind) => {
    const first = await world.job(kind);
    expect([await isShown(first.runKey), await isOn()]).toEqual([true, false]);
    expect(first.outcome).toContain(SWITCHED_OFF);
    joins('Cem');
    const second = await world.job(kind);
    expect([await isShown(second.runKey), second.outcome]).toEqual([false, []]);
  });

  it('TRC-2: a job that waits for another one does not inherit it', async () => {
    const [one, two] = [await world.engine.request(world.hr), await world.engine.request(world.hr)];
    await world.engine.workThrough(one.runKey);
    joins('Cem');
    await promoteQueuedRuns(world.engine.pool);
    await world.engine.workThrough(two.runKey);
    expect([await isShown(one.runKey), await isShown(two.runKey)]).toEqual([true, false]);
  });

  it('TRC-2: what is set again while the job runs is for the next one; what is not named by a change is not set again', async () => {
    const { activities } = world.engine;
    const one = await world.engine.request(world.hr);
    await activities.openRun({ runKey: one.runKey });
    await world.engine.changeProperties(world.hr, { 'ips.trace.updated.entity': 'true' });
    await world.engine.workThrough(one.runKey);
    expect([await isShown(one.runKey), await isOn()]).toEqual([true, false]);

    await setAgain();
    joins('Cem');
    const two = await world.engine.request(world.hr);
    await activities.openRun({ runKey: two.runKey });
    await setAgain();
    await world.engine.workThrough(two.runKey);
    expect([await isShown(two.runKey), await outcomeOf(two.jobId), await isOn()]).toEqual([true, [], true]);
    joins('Dan');
    const three = await world.job();
    expect([await isShown(three.runKey), await isOn()]).toEqual([true, false]);
  });

  it('TRC-2: what was switched off or on while the job runs changes nothing of that job', async () => {
    const one = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: one.runKey });
    await world.engine.changeProperties(world.hr, { [CONTENT]: 'false', [FAILED]: 'true' });
    await world.engine.workThrough(one.runKey);
    expect([await isShown(one.runKey), await isOn(), await isOn(FAILED)]).toEqual([true, false, true]);
    expect(await outcomeOf(one.jobId)).toEqual([]);
  });

  it('TRC-2: a change of other properties that was begun before the end of the job does not switch it on again', async () => {
    const before = await world.engine.properties(world.hr);
    expect(before[CONTENT]).toBe('true');
    await world.job();
    const stale = { ...before, 'ips.trace.updated.entity': 'true' };
    await world.engine.setProperties(world.hr, stale, ['ips.trace.updated.entity']);
    expect(await isOn()).toBe(false);
    await world.engine.setProperties(world.hr, stale, [CONTENT]);
    expect(await isOn()).toBe(true);
  });

  it.each([
    ['another property', 'ips.trace.updated.entity', false],
    ['the property itself', CONTENT, true],
  ])(
    'TRC-2: a job that ends while a change of %s is being stored waits for it, and switches off what it finds then',
    async (_what, name, isOnThen) => {
      const { engine, hr } = world;
      const { runKey } = await engine.request(hr);
      await engine.activities.openRun({ runKey });
      const plain = { ...(await engine.properties(hr)), [name]: 'true' };
      let end: Promise<void> | undefined;
      await engine.dataSource.transaction(async (manager) => {
        await saveProperties(manager, engine.keyring, hr, { plain, secrets: {}, keptSecretNames: [], named: [name] });
        end = engine.workThrough(runKey);
        const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'delete from content_switch%'`;
        while ((await engine.pool.query(waiting)).length === 0) await new Promise((wake) => setTimeout(wake, 20));
      });
      await end;
      expect([await isShown(runKey), await isOn()]).toEqual([true, isOnThen]);
    },
  );

  it('TRC-2: a job that is stopped has used it, also one whose workers are gone and one whose workflow is lost', async () => {
    const ends: [string, (runKey: string, jobId: string) => Promise<unknown>][] = [
      [
        'Manually Terminated',
        async (runKey, jobId) => {
          await world.engine.requestStop(jobId);
          await world.engine.activities.finishRun({ runKey, end: 'stopped' });
        },
      ],
      [
        'Manually Terminated',
        async (runKey, jobId) => {
          await world.engine.pool.query(
            `update run set requested_at = now() - interval '90 seconds', heartbeat_at = now() - interval '90 seconds' where run_key = $1`,
            [runKey],
          );
          await world.engine.requestStop(jobId);
        },
      ],
      ['Finished with Error', (runKey) => closeRunAs(world.engine.pool, runKey, 'lost', 'the workflow is lost')],
    ];
    for (const [status, end] of ends) {
      await setAgain();
      const { runKey, jobId } = await world.engine.request(world.hr);
      await world.engine.activities.openRun({ runKey });
      await end(runKey, jobId);
      expect((await readJob(world.engine.pool, jobId))?.status).toBe(status);
      expect([await outcomeOf(jobId), await isOn()]).toEqual([expect.arrayContaining([SWITCHED_OFF]), false]);
    }
  });

  it('TRC-2: a job that never began has not used it, and a job that is resumed is the same job', async () => {
    const never = await world.engine.request(world.hr);
    const waiting = await world.engine.request(world.hr);
    await world.engine.requestStop(waiting.jobId);
    expect(await isOn()).toBe(true);
    await world.engine.activities.openRun({ runKey: never.runKey });
    await world.engine.activities.intakeChunk({ runKey: never.runKey, type: 'user' });
    await world.engine.changeProperties(world.hr, { [CONTENT]: 'false' });
    await world.engine.pool.query(
      `update run set requested_at = now() - interval '90 seconds', heartbeat_at = now() - interval '90 seconds' where run_key = $1`,
      [never.runKey],
    );
    await world.engine.workThrough(never.runKey);
    const job = await readJob(world.engine.pool, never.jobId);
    expect([job?.formerIds, await isShown(never.runKey)]).toEqual([[never.jobId], true]);
  });

  it('TRC-2, JOB-8: Simulate neither uses nor resets it', async () => {
    for (const kind of ['simulate', 'simulateCompare'] satisfies RunKind[]) {
      const { runKey, outcome } = await world.job(kind);
      expect([await isShown(runKey), await isOn(), await stored()]).toEqual([false, true, 0]);
      expect(outcome).not.toContain(SWITCHED_OFF);
    }
    expect(await isShown((await world.job()).runKey)).toBe(true);
  });

  it('TRC-2, PLN-4, PLN-11: a plan creates nobody, so that the property waits for the job that does; switching it off makes no plan obsolete', async () => {
    await world.engine.changeProperties(world.hr, { [FAILED]: 'true' });
    const { runKey } = await world.job('readPlan');
    expect([await isShown(runKey), await isOn(), await isOn(FAILED)]).toEqual([false, true, false]);
    const { job, statistics } = await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    expect(statistics.map((row) => row.created)).toContain(2);
    expect([await isShown(job.runKey), await isOn()]).toEqual([true, false]);
  });

  it('TRC-2, RDM-9: a scheduled job uses it, also one that is forced to read fully', async () => {
    await world.engine.changeProperties(world.hr, { 'ips.delta.read': 'enabled', 'ips.full.read.force.count': '1' });
    await world.job();
    for (const id of ['Cem', 'Dan']) {
      await setAgain();
      joins(id);
      const asked = { kind: 'read', trigger: 'REPEAT', triggeredBy: null } as const;
      const { runKey, jobId } = await requestRun(world.engine.pool, { sourceNo: world.hr.no, ...asked });
      await world.engine.workThrough(runKey);
      expect([await isShown(runKey), await isOn()]).toEqual([true, false]);
      expect((await readJob(world.engine.pool, jobId))?.triggerType).toBe('REPEAT');
    }
  });

  it('TRC-2: a process that dies before the end is committed leaves the property on, and the one that ends the job switches it off, once', async () => {
    for (const moment of ['finishing', 'finished'] as const) {
      await setAgain();
      joins(moment);
      const { runKey, jobId } = await world.engine.request(world.hr);
      const mortal = new Mortal({ moment, nth: 1 });
      const pool = mortal.pool(world.engine.databaseUrl);
      const process = world.engine.newProcess({ pool, reached: mortal.reached });
      await world.engine.workThrough(runKey, process).catch((error: unknown) => {
        if (!mortal.isDead) throw error;
      });
      await process.activities.close();
      await pool.close();
      expect(mortal.diedAt).toBe(`${moment} 1`);
      expect([moment, await isOn()]).toEqual([moment, moment === 'finishing']);
      // Set again after the end was committed: it is for the next job, whoever repeats the end.
      if (moment === 'finished') await setAgain();
      await expireLeases(world.engine.pool, world.hr.no);
      await world.engine.workThrough(runKey).catch(() => undefined);
      expect([moment, await isOn()]).toEqual([moment, moment === 'finished']);
      expect(await isShown(runKey)).toBe(true);
      expect((await outcomeOf(jobId)).filter((line) => line === SWITCHED_OFF)).toHaveLength(1);
    }
  });

  it('TRC-8: what no job has used within 7 days is switched off by the clean-up, what a job uses is not', async () => {
    const at = (days: number) =>
      world.engine.newProcess({ clock: () => new Date(Date.now() + days * DAY_MS) }).activities;
    expect(await at(6.9).findHealable()).not.toHaveProperty('hasOldLogs');
    await at(6.9).removeOldLogs();
    expect(await isOn()).toBe(true);
    // A job that has begun goes on: it switches off what it uses when it ends.
    const { runKey } = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey });
    expect(await at(8).findHealable()).not.toHaveProperty('hasOldLogs');
    await at(8).removeOldLogs();
    expect(await isOn()).toBe(true);
    await setAgain();
    expect(await at(8).findHealable()).toMatchObject({ hasOldLogs: true });
    await at(8).removeOldLogs();
    expect(await isOn()).toBe(false);
    expect(await at(8).findHealable()).not.toHaveProperty('hasOldLogs');
    expect((await world.engine.properties(world.hr))['ips.trace.created.entity']).toBe('true');
    await world.engine.workThrough(runKey);
    expect(await isShown(runKey)).toBe(true);
  });

  it('TRC-8: the clean-up says what it has switched off, as the platform', async () => {
    const lines: unknown[] = [];
    const log = { debug: () => 0, warn: () => 0, error: () => 0, info: (...line: unknown[]) => void lines.push(line) };
    const clock = (): Date => new Date(Date.now() + 8 * DAY_MS);
    await world.engine.newProcess({ clock, log }).activities.removeOldLogs();
    expect(lines).toEqual([
      [
        { systemNo: world.hr.no, property: CONTENT, author: 'platform' },
        'no job has used it within 7 days: the property is switched off',
      ],
    ]);
  });
});

describe('retention of contents', () => {
  let world: World;
  let download: Download;
  beforeEach(async () => {
    world = await World.start({ source: { users: [person('Ann'), person('Ben')] }, hr: { properties: TRACING } });
    await world.addTarget('Cloud');
    download = await downloadsOf(world.engine);
    await world.job();
  });
  afterEach(async () => {
    await saveRetention(world.engine.pool, 7);
    await world.stop();
  });

  const stored = async (): Promise<number> => (await world.engine.pool.query('select 1 from traced_content')).length;
  const age = (days: number): Promise<unknown> =>
    world.engine.pool.query(`update run set ended_at = now() - make_interval(days => $1) - interval '1 minute'`, [
      days,
    ]);
  const text = async (): Promise<string> => {
    const [run] = await world.engine.pool.query<{ key: string }>('select run_key::text as key from run');
    return Object.values(await download(run?.key ?? '', 'createdEntitiesLog'))[0] ?? '';
  };
  async function everythingElse(): Promise<Record<string, string>> {
    const { traced_content: _contents, installation: _settings, ...others } = await fingerprint(world.engine.pool);
    return others;
  }

  it('RET-4, LOG-6: contents are kept for fewer days than the log, from the end of the job on; the records stay, and nothing else moves', async () => {
    const { pool, activities } = world.engine;
    await age(1);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
    await saveRetention(pool, 7, 2);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
    await activities.removeOldLogs();
    expect([await stored(), (await text()).match(/content=\{/g)?.length]).toEqual([2, 2]);
    const before = await everythingElse();
    await saveRetention(pool, 7, 1);
    expect(await activities.findHealable()).toMatchObject({ hasOldLogs: true });
    await activities.removeOldLogs();
    expect(await stored()).toBe(0);
    expect(await everythingElse()).toEqual(before);
    expect((await text()).match(/content = <hidden content>/g)).toHaveLength(2);
    expect(await activities.findHealable()).not.toHaveProperty('hasOldLogs');
    for (const days of [0, 31]) await expect(saveRetention(pool, 30, days)).rejects.toThrow('check');
  });

  it.each([
    ['RET-4: contents that are too old', (pool: SqlPool) => saveRetention(pool, 7, 1)],
    ['RET-2: contents of a log that is deleted', (pool: SqlPool) => deleteAllLogs(pool)],
  ])(
    '%s are removed in portions, and a clean-up that is interrupted goes on with the next round',
    async (_, expire) => {
      const { pool, activities } = world.engine;
      await pool.query(
        `insert into traced_content select run_key, system_id, type, result, 1000 + n, place, content from traced_content, generate_series(1, 2500) n where entity_no = (select min(entity_no) from traced_content)`,
      );
      await age(1);
      await expire(pool);
      const mortal = new Mortal({ moment: 'logsRemoved', nth: 1 });
      const process = world.engine.newProcess({ reached: mortal.reached });
      await expect(process.activities.removeOldLogs()).rejects.toThrow(ProcessDiedError);
      expect(await stored()).toBe(502);
      await activities.removeOldLogs();
      expect(await stored()).toBe(0);
    },
  );

  it('RET-1, RET-2, RET-3: contents go with the log of their job', async () => {
    const { pool, activities } = world.engine;
    await deleteAllLogs(pool);
    await activities.removeOldLogs();
    expect(await stored()).toBe(0);
    await world.engine.changeProperties(world.hr, { [CONTENT]: 'true' });
    world.source.store.add('User', person('Cem'));
    await world.job();
    expect(await stored()).toBe(1);
    await age(8);
    await activities.removeOldLogs();
    expect(await stored()).toBe(0);
  });

  it('RST-9: contents go with the source, and those of a target with the target', async () => {
    const { dataSource } = world.engine;
    const crm = await world.addTarget('CRM');
    await world.engine.changeProperties(world.hr, { [CONTENT]: 'true' });
    await world.job();
    expect(await stored()).toBe(4);
    await dataSource.transaction((manager) => removeOperationalData(manager, crm.system.no));
    expect(await stored()).toBe(2);
    await dataSource.transaction((manager) => removeOperationalData(manager, world.hr.no));
    expect(await stored()).toBe(0);
  });
});
