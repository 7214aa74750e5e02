import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGate, readGate } from '../../state/drain/gate.js';
import { leaseRows } from '../../state/drain/lease.js';
import { settle } from '../../state/drain/settle.js';
import type { Settlement } from '../../state/drain/settle.js';
import { ChainOvertakenError, holdFence, RunTakenOverError, takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { freezeRun, loadFrozenRun } from '../../state/runs/open-run.js';
import { closeRunAs, listEndedTargets, listResults, readStatistics } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const USER = 1;

describe('attempts that die, stand still and overtake each other', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function start(count = 2): Promise<void> {
    const users = ['P', 'Q', 'R', 'S', 'T'].slice(0, count).map((id) => person(id));
    world = await World.start({ source: { users } });
    cloud = await world.addTarget('Cloud');
  }

  /** Works on the run until the process dies at the point, which it must. */
  async function dieIn(runKey: string, point: CrashPoint): Promise<void> {
    const mortal = new Mortal(point);
    const pool = mortal.pool(world.engine.databaseUrl);
    const process = world.engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    await world.engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBeDefined();
    await expireLeases(world.engine.pool, world.hr.no);
  }

  /** An opened run whose users are read and not yet written. */
  async function readOnly(): Promise<{ runKey: string; jobId: string; fence: RunFence }> {
    const run = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: run.runKey });
    await world.engine.sweep(run.runKey);
    await world.engine.readAll(run.runKey, ['user', 'group']);
    const chain = `target/${cloud.system.no}`;
    return { ...run, fence: await takeChain(world.engine.pool, run.runKey, world.engine.owner, chain) };
  }

  function lease(fence: RunFence): ReturnType<typeof leaseRows> {
    const pair = { sourceNo: world.hr.no, targetNo: cloud.system.no, type: USER };
    return leaseRows(world.engine.pool, {
      ...pair,
      fence,
      late: false,
      unseenToo: true,
      after: { prio: -1, entityNo: -1 },
      lastPrio: null,
      limit: 10,
      leaseMs: 60_000,
      requestTimeoutMs: 1_000,
    });
  }

  async function settleAll(runKey: string, leased: Awaited<ReturnType<typeof leaseRows>>): Promise<number> {
    const context = {
      runKey,
      sourceNo: world.hr.no,
      targetNo: cloud.system.no,
      type: USER,
      token: leased.token,
      recorded: new Set<'failed'>(),
    };
    const log = { operation: 'update', result: 'updated', code: null, message: null, durationMs: 0 } as const;
    return settle(
      world.engine.pool,
      context,
      leased.rows.map((row): Settlement => ({
        entityNo: row.entityNo,
        gen: row.gen,
        end: { kind: 'settled' },
        link: null,
        references: null,
        targetKeyChanged: false,
        change: null,
        decided: null,
        isCandidate: false,
        log,
      })),
    );
  }

  it('§6: "A settle whose token is refused upserts the row with force", which the settle of the newer holder does not take back', async () => {
    await start();
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    const { runKey, fence } = await readOnly();
    const zombie = await lease(fence);
    await expireLeases(world.engine.pool, world.hr.no);
    const newer = await lease(fence);
    expect(newer.rows).toMatchObject([{ takenOver: true, forced: true }]);
    // The request of the zombie was executed after that of the newer holder; its answer comes first.
    expect(await settleAll(runKey, zombie)).toBe(1);
    expect(await settleAll(runKey, newer)).toBe(0);
    expect((await lease(fence)).rows).toMatchObject([{ forced: true }]);
  });

  it('invariant 2: an attempt that wakes up and overtakes its successor makes it repeat, and does not end the run', async () => {
    await start();
    const { runKey, fence } = await readOnly();
    await takeChain(world.engine.pool, runKey, world.engine.owner, fence.chain);
    await expect(holdFence(world.engine.pool, fence)).rejects.toBeInstanceOf(ChainOvertakenError);
    await world.engine.pool.query('update run set owner = $2 where run_key = $1', [runKey, randomUUID()]);
    await expect(holdFence(world.engine.pool, fence)).rejects.toBeInstanceOf(RunTakenOverError);
  });

  it('§6 End of a drain: an attempt that was overtaken finds nothing to lease, which is not the end of the drain', async () => {
    await start();
    const run = await readOnly();
    const { activities } = world.engine;
    // The statement that leases is the first that tells an overtaken attempt from one without work.
    const mortal = new Mortal(undefined);
    const pool = mortal.pool(world.engine.databaseUrl);
    const query = pool.query.bind(pool);
    let isOvertaken = false;
    pool.query = async (text, params) => {
      if (/next_lease_token\(\)/.test(text) && !isOvertaken) {
        isOvertaken = true;
        await takeChain(world.engine.pool, run.runKey, world.engine.owner, run.fence.chain);
      }
      return query(text, params);
    };
    const process = world.engine.newProcess({ pool, owner: world.engine.owner });
    const input = { runKey: run.runKey, targetNo: cloud.system.no, type: 'user', late: false } as const;
    await expect(process.activities.drainChunk(input)).rejects.toThrow('another attempt works on');
    await process.activities.close();
    await pool.close();
    expect(await activities.drainChunk(input)).toEqual({ more: false });
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
  });

  it('RTY-4: refusals that a process died of long ago do not end the target for ever', async () => {
    await start();
    await closeGate(world.engine.pool, cloud.system.no, 1_000);
    await world.engine.pool.query(
      `update target_gate set closed_since = closed_since - interval '1 day', closed_until = closed_until - interval '1 day'`,
    );
    expect(await readGate(world.engine.pool, cloud.system.no)).toMatchObject({ closedForMs: 0, refusedForMs: 0 });
    await closeGate(world.engine.pool, cloud.system.no, 1_000);
    expect((await readGate(world.engine.pool, cloud.system.no)).refusedForMs).toBeLessThan(60_000);
    await world.engine.pool.query(`update target_gate set closed_until = clock_timestamp()`);
    const { job } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Success');
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
  });

  it('RTY-4: refusals one after the other are one row of refusals, also across chunks', async () => {
    await start();
    await closeGate(world.engine.pool, cloud.system.no, 1_000);
    await world.engine.pool.query(
      `update target_gate set closed_since = closed_since - interval '20 minutes', closed_until = clock_timestamp() - interval '5 seconds'`,
    );
    await closeGate(world.engine.pool, cloud.system.no, 60_000);
    expect((await readGate(world.engine.pool, cloud.system.no)).refusedForMs).toBeGreaterThan(19 * 60_000);
  });

  it('§5: a process that dies between the last page and the end of its type does not make it read again', async () => {
    await start();
    const { runKey, jobId } = await world.engine.request(world.hr);
    await dieIn(runKey, { statement: /update run_type set state = \$3/, side: 'before' });
    const mark = world.source.journal.mark();
    await world.engine.workThrough(runKey);
    const lists = world.source.journal
      .since(mark)
      .filter(({ operation, type }) => operation === 'list' && type === 'User');
    expect(lists).toEqual([]);
    const { job, statistics } = await world.engine.finished(jobId);
    expect(job).toMatchObject({ status: 'Success', errorMessage: null });
    expect(summary(statistics)).toMatchObject({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
  });

  it('ORD-8, STA-6: a source that failed is told of, also when the process died of it', async () => {
    await start();
    world.source.faults.arm({ effect: { kind: 'status', status: 403 }, match: { operations: ['list'], type: 'User' } });
    const { runKey, jobId } = await world.engine.request(world.hr);
    await dieIn(runKey, { statement: /update run_type set state = \$3/, side: 'after' });
    await world.engine.workThrough(runKey);
    const { job } = await world.engine.finished(jobId);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toContain('HR');
  });

  it('ORD-7, STA-6: a target that failed is told of, also when the process died of it', async () => {
    await start();
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 401 } });
    const { runKey, jobId } = await world.engine.request(world.hr);
    await dieIn(runKey, { statement: /insert into run_target .*ended_reason/s, side: 'after' });
    await world.engine.workThrough(runKey);
    const { job } = await world.engine.finished(jobId);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toBeNull();
    expect((await listEndedTargets(world.engine.pool, runKey)).map((end) => end.systemName)).toEqual(['Cloud']);
  });

  it('JOB-15: an attempt that wakes up late does not freeze the run a second time', async () => {
    await start();
    const { runKey } = await readOnly();
    const { pool, owner } = world.engine;
    const first = await loadFrozenRun(pool, runKey, owner);
    await freezeRun(pool, runKey, owner, 'delta', { ...first.frozen, now: '2001-01-01T00:00:00.000Z' });
    expect(await loadFrozenRun(pool, runKey, owner)).toEqual(first);
  });

  it('§6 End of a drain: a workflow that starts again tells the end of the intake itself', async () => {
    await start();
    const { runKey } = await readOnly();
    const isEnded = async (): Promise<unknown> =>
      (await world.engine.pool.query('select intake_ended as ended from run where run_key = $1', [runKey]))[0]?.[
        'ended'
      ];
    expect(await isEnded()).toBe(true);
    await world.engine.activities.openRun({ runKey });
    expect(await isEnded()).toBe(true);
    world.engine.owner = randomUUID();
    await world.engine.activities.openRun({ runKey });
    expect(await isEnded()).toBe(false);
  });

  it('§8: "A settle after the run was closed moves no counter", and adds no result to those that were counted (STA-10)', async () => {
    await start();
    await world.engine.runJob(world.hr);
    for (const id of ['P', 'Q']) world.source.store.update('User', id, { title: 'Lead' });
    const { runKey, fence } = await readOnly();
    const leased = await lease(fence);
    expect(leased.rows).toHaveLength(2);
    await settleAll(runKey, { ...leased, rows: leased.rows.slice(0, 1) });
    await closeRunAs(world.engine.pool, runKey, 'terminated', 'terminated');
    expect(await settleAll(runKey, { ...leased, rows: leased.rows.slice(1) })).toBe(0);
    expect((await listResults(world.engine.pool, runKey, { limit: 10 })).results).toHaveLength(1);
    expect(summary(await readStatistics(world.engine.pool, runKey))).toEqual({
      'HR user': 'read 2',
      'Cloud user': 'updated 1',
    });
  });

  it('STA-10: a run that is closed for its lost workflow counts each pair once, however often it was written', async () => {
    await start();
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    const { runKey, fence } = await readOnly();
    const first = await lease(fence);
    await world.engine.pool.query('update backlog set gen = gen + 1');
    expect(await settleAll(runKey, first)).toBe(0);
    expect(await settleAll(runKey, await lease(fence))).toBe(0);
    await closeRunAs(world.engine.pool, runKey, 'lost', 'the workflow is lost');
    expect(summary(await readStatistics(world.engine.pool, runKey))).toMatchObject({ 'Cloud user': 'updated 1' });
  });
});
