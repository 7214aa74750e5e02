import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { claimReleased, letGo, listReleased, readoptReleased } from '../../state/absence/released-acts.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import { Actor } from '../support/actors.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { DeletionScene, EXISTED_BEFORE } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import type { World } from '../support/world.js';
import { person } from '../support/world.js';

describe('entities that are no longer managed', () => {
  let engine: TestEngine;
  let scene: DeletionScene;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { claimPollMs: 20 } });
  });
  afterEach(() => scene.stop());
  afterAll(() => engine.stop());

  const list = () => listReleased(engine.pool, scene.cloud.system.no, { before: null, limit: 10 });
  const keys = async (): Promise<string[]> => (await list()).map(({ sourceKey }) => sourceKey);

  /** P was in the target before, and has left the source in a job. */
  async function released(): Promise<number> {
    scene = await DeletionScene.start(engine, { accounts: ['P'] });
    await scene.job();
    scene.leave('P');
    await scene.job();
    const [entry] = await list();
    return entry?.id ?? 0;
  }

  /** Works on the run in a process that dies at a statement, and then in another one. */
  async function survive(world: World, statement: RegExp, side: 'before' | 'after'): Promise<void> {
    const run = await engine.request(world.hr);
    const mortal = new Mortal({ side, statement });
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    await engine.workThrough(run.runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    expect(mortal.isDead).toBe(true);
    await expireLeases(engine.pool, world.hr.no);
    await engine.workThrough(run.runKey);
    expect((await world.result(run.jobId)).status).toBe('Success');
  }

  it('DEL-22, LNK-5: what step 3 releases is listed, and nothing else is kept of it', async () => {
    await released();
    expect(await list()).toEqual([
      expect.objectContaining({ type: 'user', targetKey: 'old-P', sourceKey: 'P', sourceId: scene.world.hr.id }),
    ]);
    expect(
      await engine.pool.query(`select 1 from entity where source_id = $1 and source_key = 'P'`, [scene.world.hr.no]),
    ).toEqual([]);
  });

  it('DEL-22, DEL-13: adopted again, it is deleted by the next job where the property says so by then', async () => {
    const id = await released();
    await readoptReleased(engine.pool, scene.cloud.system.no, id);
    await scene.configure('target', EXISTED_BEFORE);
    const { statistics } = await scene.job();
    expect(statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
    expect(scene.accounts()).toEqual(['W']);
    expect(await keys()).toEqual([]);
  });

  it('DEL-22: adopted again without the property, it is released again', async () => {
    const id = await released();
    await readoptReleased(engine.pool, scene.cloud.system.no, id);
    expect((await scene.job()).outcome).toEqual(['Cloud, user: 1 entities kept because they existed before']);
    expect(await keys()).toEqual(['P']);
    expect(scene.accounts()).toEqual(['P', 'W']);
  });

  it('DEL-22: whoever returns is adopted by a job and leaves the list; a deletion that comes too late is refused', async () => {
    const id = await released();
    scene.arrive('P', { title: 'back' });
    expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1' });
    expect(await keys()).toEqual([]);
    expect(await claimReleased(engine.pool, scene.cloud.system.no, id, 1_000)).toBe('unknown');
  });

  it('DEL-22, invariant 8: a run that meets the account while it is being deleted waits, and creates it anew', async () => {
    const id = await released();
    const claimed = await claimReleased(engine.pool, scene.cloud.system.no, id, 60_000);
    if (typeof claimed === 'string') throw new Error(claimed);
    scene.arrive('P', { title: 'back' });
    const actor = Actor.join(engine);
    actor.after(/^call resolveExisting user/, async () => {
      scene.cloud.simulator.store.remove('User', 'old-P');
      await letGo(engine.pool, claimed, true);
    });
    const run = await engine.request(scene.world.hr);
    await engine.workThrough(run.runKey, actor.process);
    await actor.leave();
    expect((await scene.world.result(run.jobId)).status).toBe('Success');
    expect(scene.accounts()).toEqual(['P', 'W']);
    expect(scene.cloud.simulator.store.get('User', 'old-P')).toBeUndefined();
    expect(await keys()).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'DEL-22: a process that dies %s the commit of a release: listed once, and only if it is released',
    async (side) => {
      scene = await DeletionScene.start(engine, { accounts: ['P'] });
      await scene.job();
      scene.leave('P');
      await survive(scene.world, /commit of .*insert into released_entity/s, side);
      expect([await keys(), await scene.links(), scene.accounts()]).toEqual([['P'], { W: 'created' }, ['P', 'W']]);
    },
  );

  it.each(['before', 'after'] as const)(
    'DEL-20: a process that dies %s the commit that hands the origin on: the account goes with the last one',
    async (side) => {
      scene = await DeletionScene.start(engine);
      const { world } = scene;
      const second = await startScimSimulator({ users: [person('P', { id: 'p2' }), person('V')] });
      const crm = await engine.addSource(`CRM ${world.hr.name}`, second.url);
      const sources = { selection: 'list', sourceIds: [world.hr.id, crm.id] } as const;
      const { simulator: wiki } = await world.addTarget('Wiki', {}, { sources });
      await world.job();
      await world.job('read', crm);
      scene.leave('P');
      await survive(world, /commit of .*update link l set origin/s, side);
      expect(scene.accounts(wiki)).toEqual(['P', 'V', 'W']);
      second.store.remove('User', 'p2');
      await world.job('read', crm);
      expect(scene.accounts(wiki)).toEqual(['V', 'W']);
      await second.stop();
    },
  );

  it.each(['before', 'after'] as const)(
    'DEL-7: a process that dies %s the commit of a deletion: deleted once, counted once, of nobody else',
    async (side) => {
      scene = await DeletionScene.start(engine, { people: ['P', 'Q', 'W'] });
      await scene.job();
      scene.leave('P', 'Q');
      const mark = scene.cloud.simulator.journal.mark();
      await survive(scene.world, /commit of .*update absence a set outcome/s, side);
      expect(scene.accounts()).toEqual(['W']);
      const gone = scene.cloud.simulator.journal.writesSince(mark).filter(({ applied }) => applied);
      expect(gone).toHaveLength(2);
      expect(await scene.links()).toEqual({ W: 'created' });
    },
  );
});
