import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listResults } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import { person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('unique values that change hands', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  async function start(ids: readonly string[], properties: Record<string, string> = {}): Promise<void> {
    world = await World.join(engine, { source: { users: ids.map((id) => person(id, { title: id })) } });
    cloud = await world.addTarget('Cloud', {}, { properties });
    await world.job();
  }

  /** Gives each of them the user name of another one, in the source; nobody has it for himself at any moment there. */
  function rename(names: Readonly<Record<string, string>>): void {
    for (const id of Object.keys(names)) world.source.store.update('User', id, { userName: `aside-${id}@example.com` });
    for (const [id, name] of Object.entries(names))
      world.source.store.update('User', id, { userName: `${name}@example.com` });
  }

  /** Who has which user name in the target; the title says who it is. */
  function names(): Record<string, unknown> {
    return Object.fromEntries(
      cloud.simulator.store
        .snapshot()
        .users.map((user) => [user['title'], String(user['userName']).replace('@example.com', '')]),
    );
  }

  it.each([
    ['two swap theirs', { P: 'Q', Q: 'P' }],
    ['three pass theirs on in a ring', { P: 'Q', Q: 'R', R: 'P' }],
    ['three pass theirs on the other way round', { P: 'R', Q: 'P', R: 'Q' }],
    ['a chain: the last one takes a new one', { P: 'Q', Q: 'R', R: 'S' }],
    ['two pairs swap at the same time', { P: 'Q', Q: 'P', R: 'T', T: 'R' }],
  ])('CNF-10, invariant 8: %s: all are updated in the same job, counted once', async (_name, wanted) => {
    await start(['P', 'Q', 'R', 'T', 'W']);
    rename(wanted);
    const { status, statistics } = await world.job();
    expect([status, statistics]).toEqual([
      'Success',
      { 'HR user': 'read 5', 'Cloud user': `updated ${Object.keys(wanted).length}` },
    ]);
    expect(names()).toMatchObject(wanted);
    const mark = cloud.simulator.journal.mark();
    await world.job();
    expect(cloud.simulator.journal.writesSince(mark)).toEqual([]);
  });

  it('CNF-10: the same with PATCH', async () => {
    await start(['P', 'Q', 'W'], { 'scim.support.patch.operation': 'true' });
    rename({ P: 'Q', Q: 'P' });
    expect((await world.job()).status).toBe('Success');
    expect(names()).toMatchObject({ P: 'Q', Q: 'P', W: 'W' });
  });

  it('CNF-10: the value of somebody who cannot give it up: the update fails and names both ids', async () => {
    await start(['P', 'Q', 'W']);
    const account = String(cloud.simulator.store.find('User', 'userName', 'Q@example.com')[0]?.['id']);
    rename({ Q: 'new', P: 'Q' });
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['PUT'], entityId: account },
    });
    const { status, statistics, runKey } = await world.job();
    expect([status, statistics]).toEqual(['Finished with Error', { 'HR user': 'read 3', 'Cloud user': 'failed 2' }]);
    const { results } = await listResults(engine.pool, runKey, { limit: 10 });
    expect(results.map((row) => row.message).join()).toMatch(/userName belongs to .* source id Q, so P cannot have it/);
    expect(names()).toMatchObject({ P: 'P', Q: 'Q' });
  });

  it('CNF-10: the value of a stranger in the target: the update fails, nobody steps aside', async () => {
    await start(['P', 'W']);
    cloud.simulator.store.add('User', person('S', { title: 'stranger' }));
    world.source.store.update('User', 'P', { userName: 'S@example.com' });
    const { statistics } = await world.job();
    expect(statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 1' });
    expect(names()).toMatchObject({ P: 'P', stranger: 'S' });
  });

  it.each(['answered', 'settled'] as const)(
    'CNF-10, invariant 3: a process that dies at any moment (%s) of a swap leaves nobody with a value in between',
    async (moment) => {
      await start(['P', 'Q', 'W']);
      let inBetween = 0;
      let deaths = 0;
      for (let nth = 1; ; nth += 1) {
        const wanted: Record<string, string> = nth % 2 === 1 ? { P: 'Q', Q: 'P' } : { P: 'P', Q: 'Q' };
        rename(wanted);
        const { runKey, jobId } = await engine.request(world.hr);
        const isDead = await dieAt(runKey, { moment, nth });
        if (JSON.stringify(names()).match(/[0-9a-f]{12}-/) !== null) inBetween += 1;
        await expireLeases(engine.pool, world.hr.no);
        if (isDead) await engine.workThrough(runKey);
        expect([nth, (await world.result(jobId)).status, names()]).toEqual([
          nth,
          'Success',
          expect.objectContaining({ ...wanted, W: 'W' }),
        ]);
        if (!isDead) break;
        deaths += 1;
      }
      expect(deaths).toBeGreaterThanOrEqual(3);
      expect(inBetween).toBeGreaterThan(0);
    },
    60_000,
  );

  async function dieAt(runKey: string, point: CrashPoint): Promise<boolean> {
    const mortal = new Mortal(point);
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({
      pool,
      decorateFactory: (factory) => mortal.factory(factory),
      reached: mortal.reached,
      timing: { claimPollMs: 20 },
    });
    await engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    return mortal.isDead;
  }
});
