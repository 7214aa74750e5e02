import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { countChanges, decide, listChanges } from '../../state/plans/index.js';
import type { PlanView } from '../../state/plans/index.js';
import { closeRunAs } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import { group, memberNames, person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = ['P', 'Q', 'R', 'S', 'T', 'U'];

describe('match report', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 10 } });
  });
  afterAll(() => engine.stop());
  afterEach(() => world.stop());

  /** Accounts that nobody here has made. */
  async function start(
    accounts: readonly JsonObject[],
    more: Parameters<World['addTarget']>[2] = {},
    simulator: Parameters<World['addTarget']>[1] = {},
  ): Promise<void> {
    world = await World.join(engine, {
      source: { users: PEOPLE.map((id) => person(id, { externalId: id })), groups: [group('G', ['P', 'Q', 'T'])] },
    });
    cloud = await world.addTarget('Cloud', simulator, more);
    for (const [index, account] of accounts.entries())
      cloud.simulator.store.add('User', { ...person(`old${index}`), ...account, id: `old-${index}` });
  }

  const report = async (): Promise<Record<string, string>> => {
    const { planNo } = await engine.newestPlan(world.hr);
    const changes = await listChanges(engine.pool, planNo, {}, { limit: 100 });
    return Object.fromEntries(
      changes.map((one) => [
        one.sourceKey,
        [one.match, one.matchBy.join('+'), one.targetKey, one.matchNote].filter((part) => part !== null).join(' · '),
      ]),
    );
  };
  const states = async (plan: PlanView): Promise<Record<string, string>> => {
    const changes = await listChanges(engine.pool, plan.planNo, {}, { limit: 100 });
    return Object.fromEntries(
      changes.map(({ sourceKey, state, reason }) => [sourceKey, reason === null ? state : `${state}: ${reason}`]),
    );
  };

  it('PLN-14: per entity adopt, create, ambiguous or invisible; nothing is sent, and what is clear can be approved in parts', async () => {
    await start(
      [
        { userName: 'P@example.com', externalId: 'P', title: 'Old' },
        { userName: 'Q@example.com', externalId: 'Q' },
        { userName: 'R1@example.com', externalId: 'R' },
        { userName: 'R2@example.com', externalId: 'R' },
        { userName: 'S@example.com', externalId: 'somebody else' },
      ],
      { properties: { 'scim.user.unique.attribute': 'externalId' } },
    );
    const mark = cloud.simulator.journal.mark();
    const job = await world.job('readPlan');
    expect(job.outcome.filter((line) => line.includes('match report'))).toEqual([
      'Cloud, user: match report: 2 adopt, 2 create, 1 ambiguous, 1 invisible',
      'Cloud, group: match report: 1 create',
    ]);
    expect(job.statistics).toMatchObject({ 'Cloud user': 'created 4, updated 2' });
    expect(await report()).toEqual({
      P: 'adopt · externalId · old-0',
      Q: 'adopt · externalId · old-1',
      R: 'ambiguous · externalId · several accounts have the same externalId: old-2, old-3',
      S: 'invisible · userName · old-4 has the userName, and is not found by externalId',
      T: 'create · externalId',
      U: 'create · externalId',
      G: 'create · displayName',
    });
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    // Six people and a group: one request for each attribute that is asked for, and one for the group.
    const lookups = cloud.simulator.journal.since(mark).filter(({ path }) => path.includes('filter='));
    expect(lookups.length).toBeLessThanOrEqual(6);

    const plan = await engine.newestPlan(world.hr);
    expect((await countChanges(engine.pool, plan.planNo)).byMatch).toEqual({
      adopt: 2,
      create: 3,
      ambiguous: 1,
      invisible: 1,
    });
    const base = { planNo: plan.planNo, sourceNo: plan.sourceNo, by: 'anna', comment: '', secondPersonFor: [] };
    const all = await decide(engine.pool, { ...base, decision: 'approve', filter: {} });
    expect(all).toMatchObject({ decided: 5, refused: { ambiguous: 1, invisible: 1 } });
    const applied = await engine.apply(plan);
    expect(await states(plan)).toMatchObject({ P: 'applied', Q: 'applied', T: 'applied', G: 'applied', R: 'planned' });
    expect(applied.job.status).toBe('Success');
    expect(cloud.simulator.store.get('User', 'old-0')).toMatchObject({ externalId: 'P', name: { givenName: 'P' } });
    expect(userNames(cloud.simulator)).toHaveLength(7);
    // The members of the group are known, although nobody of them was linked when it was planned.
    expect(memberNames(cloud.simulator, String(cloud.simulator.store.snapshot().groups[0]?.['id']))).toEqual(
      ['P', 'Q', 'T'].map((id) => `${id}@example.com`),
    );
    // Adopted accounts existed before: whoever leaves keeps his.
    world.source.store.remove('User', 'P');
    await world.job();
    expect(cloud.simulator.store.get('User', 'old-0')).toBeDefined();
  });

  it('PLN-14: two people who want one account, and one who wants that of a colleague, are ambiguous', async () => {
    await start([{ userName: 'P@example.com', externalId: 'P', nickName: 'twin' }], {
      properties: { 'scim.user.unique.attribute': 'nickName' },
    });
    for (const id of ['P', 'Q']) world.source.store.update('User', id, { nickName: 'twin' });
    await world.job('readPlan');
    expect(await report()).toMatchObject({
      P: 'ambiguous · nickName · old-0 · the account old-0 fits 2 entities of the source',
      Q: 'ambiguous · nickName · old-0 · the account old-0 fits 2 entities of the source',
    });
    world.source.store.update('User', 'Q', { nickName: 'single' });
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    await engine.approveAndApply(plan, { match: 'adopt' });
    world.source.store.update('User', 'Q', { nickName: 'twin' });
    const { runKey } = await engine.requestPlan(world.hr, true);
    await engine.workThrough(runKey);
    expect(await report()).toMatchObject({
      Q: 'ambiguous · nickName · old-0 · the account old-0 is linked to source id P',
    });
  });

  it('PLN-14: an account that filters do not show is found by the list', async () => {
    await start([{ userName: 'P@example.com' }], {}, { dialect: 'hides-on-filter' });
    await world.job('readPlan');
    expect(await report()).toMatchObject({
      P: 'invisible · userName · old-0 has the userName, and is not found by userName',
      Q: 'create · userName',
    });
  });

  it.each(['eq-only', 'no-filter'] as const)(
    'PLN-14: a server with the filters "%s" is asked as far as it can answer',
    async (dialect) => {
      await start([{ userName: 'P@example.com' }], {}, { dialect });
      const mark = cloud.simulator.journal.mark();
      await world.job('readPlan');
      const found = await report();
      if (dialect === 'eq-only') expect(found).toMatchObject({ P: 'adopt · userName · old-0', Q: 'create · userName' });
      else expect(found['P']).toMatch(/^ambiguous · userName · it could not be looked for: .*cannot filter/);
      expect(writesSince(cloud.simulator, mark)).toEqual([]);
    },
  );

  it('PLN-14, PLN-10: what is found when it is applied has to be what was seen', async () => {
    await start([
      { userName: 'P@example.com', title: 'Old' },
      { userName: 'Q@example.com', title: 'Old' },
      { userName: 'R@example.com', title: 'Old' },
    ]);
    for (const id of ['P', 'Q', 'R']) world.source.store.update('User', id, { title: 'New' });
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    const { store } = cloud.simulator;
    store.update('User', 'old-0', { title: 'Changed by somebody' });
    store.remove('User', 'old-1');
    store.add('User', person('S', { id: 'newcomer' }));
    await engine.approveAndApply(plan);
    const came = 'drifted: an account with this unique attribute has come since the match report';
    expect(await states(plan)).toMatchObject({
      P: 'drifted: somebody has changed title in the target',
      Q: 'drifted: the account that was to be taken over is not found any more, or not alone',
      R: 'applied',
      S: came,
      T: 'applied',
    });
    expect(store.get('User', 'old-0')).toMatchObject({ title: 'Changed by somebody' });
    expect(store.get('User', 'newcomer')).toMatchObject({ name: { givenName: 'S' } });
    expect(store.find('User', 'userName', 'Q@example.com')).toHaveLength(0);
  });

  it('PLN-14: targets that have been provisioned are looked into when it is asked for, and never when it is not wanted', async () => {
    await start([{ userName: 'P@example.com' }]);
    await world.job();
    world.source.store.add('User', person('V'));
    cloud.simulator.store.add('User', person('V', { id: 'old-v' }));
    await world.job('readPlan');
    expect(await report()).toEqual({ V: '' });
    const { runKey } = await engine.requestPlan(world.hr, true);
    await engine.workThrough(runKey);
    expect(await report()).toEqual({ V: 'adopt · userName · old-v' });
  });

  it('PLN-14: a process that dies between the answer to a taken over account and its settle does it once more, and only that', async () => {
    await start([{ userName: 'P@example.com', title: 'Old' }]);
    world.source.store.update('User', 'P', { title: 'New', active: false });
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    const { planNo, sourceNo } = plan;
    const filter = { match: 'adopt' } as const;
    await decide(engine.pool, {
      planNo,
      sourceNo,
      decision: 'approve',
      by: 'a',
      comment: '',
      filter,
      secondPersonFor: [],
    });
    const { runKey } = await engine.requestApply(plan);
    const mortal = new Mortal({ moment: 'answered', nth: 1 });
    const process = engine.newProcess({ reached: mortal.reached });
    await engine.workThrough(runKey, process).catch(() => undefined);
    await process.activities.close();
    expect(mortal.diedAt).toBeDefined();
    await closeRunAs(engine.pool, runKey, 'lost', 'the workflow is lost');
    await expireLeases(engine.pool, world.hr.no);
    await engine.apply(plan);
    expect((await states(plan))['P']).toBe('applied');
    expect(cloud.simulator.journal.createsPerKey().size).toBe(0);
    expect(cloud.simulator.store.get('User', 'old-0')).toMatchObject({ title: 'New', active: false });
  });
});
