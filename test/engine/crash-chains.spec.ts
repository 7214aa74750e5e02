import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGate, readGate } from '../../state/drain/gate.js';
import { leaseRows } from '../../state/drain/lease.js';
import { settle } from '../../state/drain/settle.js';
import type { Settlement } from '../../state/drain/settle.js';
import { ChainOvertakenError, holdFence, RunTakenOverError, takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { person, userNames, World } from '../support/world.js';
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
      limit: 10,
      leaseMs: 60_000,
      requestTimeoutMs: 1_000,
    });
  }

  async function settleAll(runKey: string, leased: Awaited<ReturnType<typeof leaseRows>>): Promise<number> {
    const context = { runKey, sourceNo: world.hr.no, targetNo: cloud.system.no, type: USER, token: leased.token };
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
      if (/nextval\('lease_token_seq'\)/.test(text) && !isOvertaken) {
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
    expect(await readGate(world.engine.pool, cloud.system.no)).toEqual({ closedForMs: 0, refusedForMs: 0 });
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
});
