import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { requestStop } from '../../state/runs/index.js';
import type { FaultPoint } from '../../activities/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import type { EngineProcess } from '../support/engine.js';
import { person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = Array.from({ length: 12 }, (_, number) => `p${String(number).padStart(2, '0')}`);
const REFUSAL = { kind: 'status', status: 400, scimType: 'invalidValue' } as const;

describe('healing beside others', () => {
  let engine: TestEngine;
  let world: World;
  let target: WorldTarget;
  let mark: number;
  beforeAll(async () => {
    engine = await TestEngine.start({ concurrency: 2 });
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  /** Nobody has an account yet, and the time of everybody has come. */
  async function allAreDue(): Promise<void> {
    world = await World.join(engine, { source: { users: PEOPLE.map((id) => person(id)) } });
    target = await world.addTarget('Cloud', { latency: { create: { fixedMs: 25 } } });
    target.simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] } });
    await world.job();
    target.simulator.faults.clear();
    await engine.letTimePass();
    mark = target.simulator.journal.mark();
  }

  const pair = (): { sourceNo: number; targetNo: number } => ({ sourceNo: world.hr.no, targetNo: target.system.no });

  const due = async (): Promise<number> =>
    (await engine.pool.query('select 1 from backlog where source_id = $1', [world.hr.no])).length;

  /** Everybody has one account, created once, and nothing is left. */
  async function expectHealed(): Promise<void> {
    expect(userNames(target.simulator)).toEqual(PEOPLE.map((id) => `${id}@example.com`));
    expect([...target.simulator.journal.createsPerKey().values()].filter(({ creates }) => creates !== 1)).toEqual([]);
    expect(await due()).toBe(0);
    const links = await engine.pool.query('select distinct state, origin from link where target_id = $1', [
      target.system.no,
    ]);
    expect(links).toEqual([{ state: 1, origin: 1 }]);
  }

  async function inProcesses(count: number, work: (process: EngineProcess) => Promise<void>): Promise<void> {
    const processes = Array.from({ length: count }, () => engine.newProcess());
    try {
      await Promise.all(processes.map(work));
    } finally {
      for (const process of processes) await process.activities.close();
    }
  }

  async function untilWritten(count: number): Promise<void> {
    while (writesSince(target.simulator, mark).length < count) await sleep(2);
  }

  it('HEA-4, invariant 2: two rounds at once take different rows; everybody is written once', async () => {
    await allAreDue();
    await inProcesses(2, ({ activities }) => activities.healPair(pair()));
    expect(writesSince(target.simulator, mark)).toHaveLength(PEOPLE.length);
    await expectHealed();
  });

  it('HEA-4, engine.md §6: a round gives way to a job that comes, and the job writes the rest', async () => {
    await allAreDue();
    const healing = engine.newProcess();
    const round = healing.activities.healPair(pair());
    await untilWritten(2);
    const { status } = await world.job();
    await round;
    await healing.activities.close();
    expect(status).toBe('Success');
    expect(writesSince(target.simulator, mark)).toHaveLength(PEOPLE.length);
    await expectHealed();
  });

  it.each([
    ['the source is disabled', () => engine.setEnabled(world.hr, false), () => engine.setEnabled(world.hr, true)],
    [
      'the target is disabled',
      () => engine.setEnabled(target.system, false),
      () => engine.setEnabled(target.system, true),
    ],
    ['a job is stopped', stopAJob, resume],
  ] as const)(
    'HEA-4: a round ends soon when %s, and nothing that it had in hand is lost',
    async (_, disturb, restore) => {
      await allAreDue();
      const healing = engine.newProcess();
      // Slow enough that the round would take long.
      target.simulator.faults.arm({ effect: { kind: 'delay', ms: 150 }, match: { methods: ['POST'] } });
      const round = healing.activities.healPair(pair());
      await untilWritten(2);
      await disturb();
      await round;
      await healing.activities.close();
      expect(userNames(target.simulator).length).toBeLessThan(PEOPLE.length);
      const leases = await engine.pool.query('select 1 from backlog where source_id = $1 and lease_token is not null', [
        world.hr.no,
      ]);
      expect(leases).toEqual([]);
      target.simulator.faults.clear();
      await restore();
      await world.job();
      await expectHealed();
    },
  );

  it.each<[FaultPoint, number]>([
    ['intentsCommitted', 1],
    ['sending', 3],
    ['answered', 3],
    ['settled', 1],
  ])(
    'HEA-4, RTY-5: a process that dies inside a round at "%s" creates nobody twice, and the next round goes on',
    async (moment, nth) => {
      await allAreDue();
      const mortal = new Mortal({ moment, nth });
      const pool = mortal.pool(engine.databaseUrl);
      const dying = engine.newProcess({
        pool,
        decorateFactory: (factory) => mortal.factory(factory),
        reached: mortal.reached,
      });
      await expect(dying.activities.healPair(pair())).rejects.toThrow();
      await dying.activities.close();
      await pool.close();
      expect(mortal.diedAt).toBe(`${moment} ${nth}`);
      expect(await due()).toBeGreaterThan(0);
      await expireLeases(engine.pool, world.hr.no);
      await engine.letTimePass();
      await engine.activities.healPair(pair());
      // Whoever met an account in the making waits for the round after.
      await engine.letTimePass();
      await engine.activities.healPair(pair());
      await expectHealed();
    },
  );

  async function stopAJob(): Promise<void> {
    const { jobId, runKey } = await engine.request(world.hr);
    await requestStop(engine.pool, jobId);
    await engine.activities.openRun({ runKey });
    await engine.activities.finishRun({ runKey, end: 'stopped' });
  }

  /** A job that is asked for by hand lets healing go on. */
  async function resume(): Promise<void> {
    return Promise.resolve();
  }
});
