import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { countChanges, decide, listChanges } from '../../state/plans/index.js';
import type { PlanView } from '../../state/plans/index.js';
import { TestEngine } from '../support/engine.js';
import { person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('what happens between a plan and its application', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 10 } });
  });
  afterAll(() => engine.stop());
  afterEach(() => world.stop());

  /** P gets a title, Q is switched off, S leaves, T comes: planned and approved. */
  async function start(): Promise<PlanView> {
    world = await World.join(engine, { source: { users: ['P', 'Q', 'R', 'S'].map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    await world.job();
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.update('User', 'Q', { active: false });
    world.source.store.remove('User', 'S');
    world.source.store.add('User', person('T'));
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    await approve(plan);
    return plan;
  }

  async function approve({ planNo, sourceNo }: PlanView): Promise<number> {
    const by = { by: 'anna', comment: '', filter: {}, secondPersonFor: [] };
    return (await decide(engine.pool, { planNo, sourceNo, decision: 'approve', ...by })).decided;
  }

  const states = async ({ planNo }: PlanView): Promise<Record<string, string>> => {
    const changes = await listChanges(engine.pool, planNo, {}, { limit: 100 });
    return Object.fromEntries(changes.map(({ sourceKey, state }) => [sourceKey, state]));
  };

  it('PLN-10, PLN-12: the source has moved: what was read anew since is obsolete, is not written, and stands in the newer plan', async () => {
    const plan = await start();
    world.source.store.update('User', 'P', { title: 'Chief' });
    await world.job('readPlan');
    const newer = await engine.newestPlan(world.hr);
    expect(newer.id).not.toBe(plan.id);
    const mark = cloud.simulator.journal.mark();
    await engine.apply(plan);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    // A newer run has planned everybody anew, so nothing of the older plan is left to be done.
    expect(await states(plan)).toEqual({ P: 'obsolete', Q: 'obsolete', S: 'obsolete', T: 'obsolete' });
    expect((await countChanges(engine.pool, newer.planNo)).byState).toEqual({ planned: 4 });
    await engine.approveAndApply(newer);
    expect(cloud.simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({ title: 'Chief' });
  });

  it('PLN-9, PLN-2: applied twice: the second application finds nothing to do and changes nothing', async () => {
    const plan = await start();
    await engine.apply(plan);
    const mark = cloud.simulator.journal.mark();
    const before = await listChanges(engine.pool, plan.planNo, {}, { limit: 100 });
    const again = await engine.apply(plan);
    expect(again.job.status).toBe('Success');
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(await listChanges(engine.pool, plan.planNo, {}, { limit: 100 })).toEqual(before);
    expect(await approve(plan)).toBe(0);
  });

  it('PLN-5, PLN-2: a plan that has expired: nothing more can be approved, and the next job plans or writes it', async () => {
    await start();
    world.source.store.update('User', 'R', { title: 'New' });
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    await engine.pool.query(`update plan set expires_at = now() - interval '1 minute' where plan_no = $1`, [
      plan.planNo,
    ]);
    expect(await approve(plan)).toBe(0);
    expect((await countChanges(engine.pool, plan.planNo)).byState).toEqual({ expired: 5 });
    await world.job();
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
    expect(cloud.simulator.store.find('User', 'userName', 'R@example.com')[0]).toMatchObject({ title: 'New' });
  });

  it('PLN-10, ORD-7: a target that is away when a change is compared with it ends for this application; the next one goes on', async () => {
    const plan = await start();
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 401 } });
    const { job } = await engine.apply(plan);
    cloud.simulator.faults.clear();
    expect(job.status).toBe('Finished with Error');
    expect(await states(plan)).toEqual({ P: 'approved', Q: 'approved', S: 'approved', T: 'approved' });
    await engine.letTimePass();
    await engine.apply(plan);
    expect(await states(plan)).toEqual({ P: 'applied', Q: 'applied', S: 'applied', T: 'applied' });
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
  });
});
