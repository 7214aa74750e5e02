import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import {
  deleteSystem,
  ensureProgram,
  hasOpenJob,
  removeOperationalData,
  saveTransformation,
  updateSystem,
} from '../../state/config/index.js';
import { closeRunAs, listResults, requestRun } from '../../state/runs/index.js';
import { Actor, Gate } from '../support/actors.js';
import { withGroups } from '../support/engine.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('several actors on the runs of a source', () => {
  let world: World;
  let cloud: WorldTarget;
  let actor: Actor;

  beforeEach(async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    // One test deletes somebody in each of many jobs.
    cloud = await world.addTarget('Cloud', {}, { properties: { 'ips.governor.delete': 'off' } });
    actor = Actor.join(world.engine);
  });
  afterEach(async () => {
    await actor.leave();
    await world.stop();
  });

  const raiseProgram = (): Promise<unknown> =>
    world.engine.dataSource.transaction((manager) => ensureProgram(manager, cloud.system.no, randomBytes(32)));
  /** How far the sweeps of the target have come. */
  const sweeps = async (): Promise<number[]> => {
    const text = 'select after_no as "no" from pair_sweep where target_id = $1 order by type';
    return (await world.engine.pool.query<{ no: number }>(text, [cloud.system.no])).map((row) => row.no);
  };
  /** Until a session of this database waits for a lock, or has had the time not to: the other actor is as far as it can come. */
  async function somebodyWaits(): Promise<void> {
    for (let look = 0; look < 100; look += 1) {
      const waiting = await world.engine.pool.query(
        `select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query not like '%heartbeat_at%'`,
      );
      if (waiting.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it('JOB-15: of two attempts that open a run the first to freeze its configuration wins', async () => {
    const { runKey } = await world.engine.request(world.hr);
    actor.before(/for key share/, async () => {
      await world.engine.setTransformation(cloud.system, { ...withGroups('target') });
      await world.engine.activities.openRun({ runKey });
    });
    await actor.activities.openRun({ runKey });
    expect(actor.unreached).toBe(0);
    const frozen = await world.engine.pool.query(
      `select (frozen->'targets'->0->>'transformationVersion')::int as version from run where run_key = $1`,
      [runKey],
    );
    expect(frozen).toEqual([{ version: 2 }]);
  });

  /** Opens a run while a transaction that changes its configuration is under way: it has loaded what was before, and waits for the row. */
  async function openDuring(runKey: string, change: (manager: EntityManager) => Promise<void>): Promise<void> {
    let opening: Promise<unknown> | undefined;
    await world.engine.dataSource.transaction(async (manager) => {
      await change(manager);
      opening = actor.activities.openRun({ runKey });
      await somebodyWaits();
    });
    await opening;
  }

  it('JOB-15, §6: of a save that comes while a run is opened the run gets the document, and the newer one has the higher number', async () => {
    const { runKey } = await world.engine.request(world.hr);
    const newer = randomBytes(32);
    await openDuring(runKey, async (manager) => {
      const document = { ...withGroups('target'), user: { ignore: true, mappings: [] } };
      await saveTransformation(manager, cloud.system.no, { document, description: 'test', modifiedBy: 'test' });
      await ensureProgram(manager, cloud.system.no, newer);
    });
    const frozen = await world.engine.pool.query(
      `select (t->>'transformationVersion')::int as version, (t->>'programNumber')::int as number from run, json_array_elements(frozen->'targets') t where run_key = $1`,
      [runKey],
    );
    // Number 1 was that of the save (with a hash of this test); the run knows what was saved, and numbers that.
    expect(frozen).toEqual([{ version: 2, number: 2 }]);
  });

  it('§6: a target that is deleted while a run is opened is not part of it, and leaves no rows', async () => {
    const wiki = await world.addTarget('Wiki');
    const { runKey } = await world.engine.request(world.hr);
    await openDuring(runKey, async (manager) => {
      await manager.query('select no from system where no = $1 for update', [wiki.system.no]);
      await removeOperationalData(manager, wiki.system.no);
      await deleteSystem(manager, wiki.system.no);
    });
    await world.engine.workThrough(runKey, actor.process);
    expect(userNames(cloud.simulator)).toHaveLength(3);
    for (const table of ['run_target', 'link', 'backlog', 'pair_sweep', 'program']) {
      const column = table === 'program' ? 'system_no' : 'target_id';
      const rows = await world.engine.pool.query(`select 1 from ${table} where ${column} = $1`, [wiki.system.no]);
      expect([table, rows.length]).toEqual([table, 0]);
    }
  });

  it('RST-6, RST-9: a target that was disconnected in the middle of a job belongs to the job until its end', async () => {
    const { runKey } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.dataSource.transaction((manager) =>
      updateSystem(manager, cloud.system.no, { sources: { selection: 'none' } }),
    );
    expect(await hasOpenJob(world.engine.dataSource, cloud.system.no)).toBe(true);
    await world.engine.workThrough(runKey, actor.process);
    expect(await hasOpenJob(world.engine.dataSource, cloud.system.no)).toBe(false);
  });

  it('§6: a sweep for a program that is newer than the frozen one is left to the next run', async () => {
    await world.engine.runJob(world.hr);
    const { runKey } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await raiseProgram();
    expect(await actor.activities.sweepPairs({ runKey })).toEqual({ more: false });
    expect(await sweeps()).toEqual([0, 0, 0]);
  });

  it('§6: a sweep that is started anew while it is worked on is not lost', async () => {
    await world.engine.runJob(world.hr);
    const { runKey } = await world.engine.request(world.hr);
    await world.engine.setEnabled(cloud.system, false);
    await world.engine.setEnabled(cloud.system, true);
    await actor.activities.openRun({ runKey });
    // Listed with after_no 0, started anew with after_no 0, before this one locks it.
    actor.after(/^select max\(entity_no\)/, async () => void (await raiseProgram()));
    await actor.activities.sweepPairs({ runKey });
    expect(actor.unreached).toBe(0);
    expect(await sweeps()).toEqual([0, 0, 0]);
  });

  it('§8: a settle after the run was closed moves no counter, also when it began before', async () => {
    const { runKey, jobId } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user']);
    const sent = new Gate();
    const closing = new Gate();
    actor.after(/^call create user/, async () => {
      sent.open();
      await closing.opened;
    });
    const draining = actor.activities
      .drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: false })
      .catch(() => undefined);
    await sent.opened;
    const finisher = Actor.join(world.engine);
    finisher.after(/^update run set state = 'finished'/, async () => {
      closing.open();
      await somebodyWaits();
    });
    await finisher.activities.finishRun({ runKey, end: 'stopped' });
    await draining;
    expect(finisher.unreached).toBe(0);
    await finisher.leave();
    const { statistics } = await world.engine.finished(jobId);
    const { results } = await listResults(world.engine.pool, runKey, { limit: 10 });
    // Two were settled before the end, the third began before and came after.
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 2' });
    expect(results).toHaveLength(2);
    expect(userNames(cloud.simulator)).toHaveLength(3);
    // What was written is known nevertheless.
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
  });

  it('JOB-13: a request between the end of a run and the start of the waiting one gets the waiting one', async () => {
    const ask = (): ReturnType<typeof requestRun> =>
      requestRun(world.engine.pool, { sourceNo: world.hr.no, kind: 'read', trigger: 'IMMEDIATE', triggeredBy: 'test' });
    const [first, second] = await Promise.all([ask(), ask()]);
    const states = [first.state, second.state].sort();
    expect(states).toEqual(['queued', 'starting']);
    const running = first.state === 'starting' ? first : second;
    const queued = first.state === 'queued' ? first : second;
    await closeRunAs(world.engine.pool, running.runKey, 'lost', 'test');
    expect(await ask()).toEqual({ ...queued, existing: true });
  });

  it('⚠ "never overwrites what was written under a higher one, and counts such a pair as in step": no request, no livelock', async () => {
    await world.engine.runJob(world.hr);
    await world.engine.pool.query('update link set program = 99, target_hash = null where target_id = $1', [
      cloud.system.no,
    ]);
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr, 'resync');
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    // What changed after that waits for a run that knows the program.
    world.source.store.update('User', 'P', { title: 'Lead' });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3' });
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    await world.engine.pool.query('update link set program = 1 where target_id = $1', [cloud.system.no]);
    await world.engine.runJob(world.hr);
    expect(cloud.simulator.store.snapshot().users.find((user) => user['userName'] === 'P@example.com')).toMatchObject({
      title: 'Lead',
    });
  });

  it('invariant 2: a page of an attempt that was overtaken is refused; the newer attempt counts', async () => {
    const { runKey, jobId } = await world.engine.request(world.hr);
    const opened = await actor.activities.openRun({ runKey });
    actor.after(/^call readPage user/, async () => void (await world.engine.readAll(runKey, opened.types)));
    await expect(actor.activities.intakeChunk({ runKey, type: 'user' })).rejects.toThrow();
    expect(actor.unreached).toBe(0);
    const counted = await world.engine.pool.query(
      `select read_count as read from run_counter where run_key = $1 and type = 1 and action = 'read'`,
      [runKey],
    );
    expect(counted).toEqual([{ read: 3 }]);
    await world.engine.workThrough(runKey);
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
  });

  it('ORD-7: an attempt that was overtaken does not end the target for the newer one', async () => {
    const { runKey, jobId } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user']);
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 401 }, match: { methods: ['POST'] }, times: 3 });
    const input = { runKey, targetNo: cloud.system.no, type: 'user', late: false } as const;
    actor.before(/from run_chain c join run r/, async () => {
      expect(await world.engine.activities.drainChunk(input)).toEqual({ more: false });
    });
    await expect(actor.activities.drainChunk(input)).rejects.toThrow();
    expect(actor.unreached).toBe(0);
    await world.engine.activities.finishRun({ runKey, end: 'completed' });
    const { job } = await world.engine.finished(jobId);
    expect([job.status, job.errorMessage, userNames(cloud.simulator)]).toEqual([
      'Success',
      null,
      userNames(world.source),
    ]);
  });

  it('STP-1, §9 Stop: whatever statement a stop comes before, the next run finishes and creates nobody twice', async () => {
    for (let nth = 4; nth < 60; nth += 5) {
      const { store } = world.source;
      store.add('User', person(`N${nth}`));
      store.update('User', 'P', { title: `T${nth}` });
      if (nth > 4) store.remove('User', `N${nth - 5}`);
      const stopped = Actor.join(world.engine);
      const { runKey, jobId } = await world.engine.request(world.hr);
      // Not awaited: the stop may have to wait for the transaction that it interrupts.
      stopped.before(/^(?!select cancel_requested)/, async () => void world.engine.requestStop(jobId), nth);
      await world.engine.workThrough(runKey, stopped.process).catch(() => undefined);
      await stopped.activities.finishRun({ runKey, end: 'stopped' }).catch(() => undefined);
      await stopped.leave();
      const { job } = await world.engine.finished(jobId);
      expect([nth, stopped.unreached, job.status]).toEqual([nth, 0, 'Manually Terminated']);
      const { job: next } = await world.engine.runJob(world.hr);
      expect([nth, next.status, userNames(cloud.simulator)]).toEqual([nth, 'Success', userNames(world.source)]);
      const mark = cloud.simulator.journal.mark();
      await world.engine.runJob(world.hr);
      expect([nth, ...writesSince(cloud.simulator, mark)]).toEqual([nth]);
    }
    for (const [key, { creates }] of cloud.simulator.journal.createsPerKey()) expect([key, creates]).toEqual([key, 1]);
  }, 60_000);
});
