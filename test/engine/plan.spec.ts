import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { countChanges, decide, listChanges } from '../../state/plans/index.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

describe('plans', () => {
  let world: World;
  afterEach(() => world.stop());

  const start = async (): Promise<World> => {
    world = await World.start({
      source: { users: ['P', 'Q', 'R', 'S'].map((id) => person(id)), groups: [group('G', ['P', 'Q'])] },
    });
    return world;
  };

  const change = (): void => {
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.update('User', 'Q', { active: false });
    world.source.store.remove('User', 'S');
    world.source.store.add('User', person('T'));
    world.source.store.update('Group', 'G', {
      members: [
        { value: 'P', type: 'User' },
        { value: 'T', type: 'User' },
      ],
    });
  };

  it('PLN-3, PLN-4, PLN-5: a plan sends nothing, changes no link, and the next run does all of it', async () => {
    await start();
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    change();
    const links = await linkRows();
    const mark = cloud.journal.mark();
    const planned = await world.engine.runJob(world.hr, 'readPlan');
    expect(planned.job).toMatchObject({ type: 'READ', isPlan: true, status: 'Success', readMode: 'Full Read' });
    expect(summary(planned.statistics)).toEqual({
      'HR user': 'read 4',
      'HR group': 'read 1',
      'Cloud user': 'created 1, updated 2, deleted 1',
      'Cloud group': 'updated 1',
    });
    expect(writesSince(cloud, mark)).toEqual([]);
    expect(await linkRows()).toEqual(links);
    const plan = await world.engine.newestPlan(world.hr);
    expect(plan).toMatchObject({ kind: 'plan', author: 'test', jobId: planned.job.jobId, id: planned.job.planId });
    expect(plan.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await countChanges(world.engine.pool, plan.planNo)).toMatchObject({
      total: 5,
      byVerb: { create: 1, update: 1, disable: 1, delete: 1, removeMember: 1 },
      byAttribute: { title: 1, active: 2, members: 1, userName: 1 },
    });
    // Healing leaves alone what waits for a decision.
    await world.engine.letTimePass();
    await world.engine.heal();
    expect(writesSince(cloud, mark)).toEqual([]);
    const real = await world.engine.runJob(world.hr);
    expect(summary(real.statistics)).toEqual(summary(planned.statistics));
    expect((await countChanges(world.engine.pool, plan.planNo)).byState).toEqual({ superseded: 5 });
  });

  it('PLN-9, PLN-10, PLN-11: what is approved is applied and nothing else; then the rest, and then everything is in step', async () => {
    await start();
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    change();
    await world.engine.runJob(world.hr, 'readPlan');
    const plan = await world.engine.newestPlan(world.hr);
    const first = await world.engine.approveAndApply(plan, { verb: 'disable' });
    expect(first.job).toMatchObject({ type: 'APPLY', status: 'Success', planId: plan.id });
    expect(summary(first.statistics)).toEqual({ 'Cloud user': 'updated 1' });
    expect(userNames(cloud)).toHaveLength(4);
    const rest = await world.engine.approveAndApply(plan);
    expect(summary(rest.statistics)).toEqual({
      'Cloud user': 'created 1, updated 1, deleted 1',
      'Cloud group': 'updated 1',
    });
    expect((await countChanges(world.engine.pool, plan.planNo)).byState).toEqual({ applied: 5 });
    expect(userNames(cloud)).toEqual(userNames(world.source));
    expect(Object(cloud.store.snapshot().groups[0]?.['members'])).toHaveLength(2);
    const mark = cloud.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, mark)).toEqual([]);
  });

  it('PLN-10: a change whose entity or account has moved is not executed, and says why', async () => {
    await start();
    world.source.store.add('User', person('X'));
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const ofP = String(cloud.store.find('User', 'userName', 'P@example.com')[0]?.['id']);
    change();
    world.source.store.remove('User', 'X');
    world.source.store.update('User', 'R', { title: 'Other' });
    await world.engine.runJob(world.hr, 'readPlan');
    const plan = await world.engine.newestPlan(world.hr);
    // The person who is to be deleted is back at the source; the one who is to be disabled was changed in the target; another was planned anew.
    world.source.store.add('User', person('S'));
    const ofQ = String(cloud.store.find('User', 'userName', 'Q@example.com')[0]?.['id']);
    cloud.store.update('User', ofQ, { active: 'suspended' });
    const ofX = String(cloud.store.find('User', 'userName', 'X@example.com')[0]?.['id']);
    cloud.store.update('User', ofX, { active: 'suspended' });
    await world.engine.pool.query(`update link set version = version + 1 where target_key = $1`, [ofP]);
    const mark = cloud.journal.mark();
    await world.engine.approveAndApply(plan);
    const states = await reasons(plan.planNo);
    expect(states).toEqual({
      P: 'obsolete: the link has changed since the plan: somebody else wrote the account',
      Q: 'drifted: somebody has changed active in the target',
      R: 'applied',
      S: 'drifted: the source still has the entity',
      T: 'applied',
      X: 'drifted: somebody has changed active in the target',
      G: 'applied',
    });
    expect(writesSince(cloud, mark).some((line) => line.startsWith('DELETE'))).toBe(false);
  });

  it('PLN-10: nothing of a plan is applied once the configuration has moved', async () => {
    await start();
    const { simulator: cloud, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    change();
    await world.engine.runJob(world.hr, 'readPlan');
    const plan = await world.engine.newestPlan(world.hr);
    await world.engine.pool.query(
      `insert into system_property (system_no, name, value) values ($1, 'scim.user.unique.attribute', 'externalId')`,
      [system.no],
    );
    const mark = cloud.journal.mark();
    const { job } = await world.engine.approveAndApply(plan);
    expect(writesSince(cloud, mark)).toEqual([]);
    expect((await countChanges(world.engine.pool, plan.planNo)).byState).toEqual({ obsolete: 5 });
    expect(job.outcome).toEqual([
      '5 changes not applied: entity, link, mapping or configuration have moved (obsolete)',
    ]);
  });

  it('GOV-7, GOV-8, PLN-8: held deletions are approved by facet and applied; the rest, rejected, is left alone until the source recovers', async () => {
    const people = Array.from({ length: 45 }, (_, index) =>
      person(`p${index}`, { userType: index % 2 === 0 ? 'Sales' : 'Works' }),
    );
    world = await World.start({ source: { users: people }, hr: { properties: { 'ips.plan.facet': 'userType' } } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    for (const { id } of people.slice(0, 12)) world.source.store.remove('User', String(id));
    const held = await world.engine.runJob(world.hr);
    expect(summary(held.statistics)).toMatchObject({ 'Cloud user': 'held 12' });
    const plan = await world.engine.newestPlan(world.hr);
    expect((await countChanges(world.engine.pool, plan.planNo)).byFacet).toEqual({ Sales: 6, Works: 6 });
    const applied = await world.engine.approveAndApply(plan, { facet: 'Sales' });
    expect(summary(applied.statistics)).toEqual({ 'Cloud user': 'deleted 6, held 6' });
    await decide(world.engine.pool, {
      planNo: plan.planNo,
      sourceNo: plan.sourceNo,
      decision: 'reject',
      by: 'reviewer',
      comment: 'the source was half read',
      filter: {},
      secondPersonFor: [],
    });
    const quiet = await world.engine.runJob(world.hr);
    expect(summary(quiet.statistics)).toEqual({ 'HR user': 'read 33' });
    expect(quiet.job.outcome).toEqual(['Cloud, user: 6 deletions rejected: nothing is deleted until the data changes']);
    expect(userNames(cloud)).toHaveLength(39);
    for (const body of people.slice(0, 12).filter((one) => one['userType'] === 'Works'))
      world.source.store.add('User', body);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud)).toEqual(userNames(world.source));
    const decisions = await world.engine.pool.query('select decision, comment, changes from plan_decision order by at');
    expect(decisions).toEqual([
      { decision: 'approve', comment: '', changes: 6 },
      { decision: 'reject', comment: 'the source was half read', changes: 6 },
    ]);
  });

  it('PLN-9: held disables, re-created accounts and removed members are applied too', async () => {
    const people: JsonObject[] = Array.from({ length: 13 }, (_, index) => person(`p${index}`));
    const ids = people.map((one) => String(one['id'])).filter((id) => id !== 'p1');
    world = await World.start({ source: { users: people, groups: [group('G', ids)] } });
    const { simulator: cloud } = await world.addTarget(
      'Cloud',
      {},
      { properties: { 'ips.governor.disable': '0', 'ips.governor.recreate': '0' } },
    );
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'p0', { active: false });
    world.source.store.update('User', 'p1', { title: 'Lead' });
    cloud.store.remove('User', String(cloud.store.find('User', 'userName', 'p1@example.com')[0]?.['id']));
    world.source.store.update('Group', 'G', { members: ids.slice(5).map((value) => ({ value, type: 'User' })) });
    const held = await world.engine.runJob(world.hr);
    expect(held.job.outcome).toEqual([
      'Held for approval: 1 disable in Cloud',
      'Held for approval: 1 recreate in Cloud',
      'Held for approval: 1 removeMember in Cloud',
    ]);
    const plan = await world.engine.newestPlan(world.hr);
    const applied = await world.engine.approveAndApply(plan);
    expect(await reasons(plan.planNo)).toEqual({ p0: 'applied', p1: 'applied', G: 'applied' });
    expect(summary(applied.statistics)).toEqual({ 'Cloud user': 'created 1, updated 1', 'Cloud group': 'updated 1' });
    expect(Object(cloud.store.snapshot().groups[0]?.['members'])).toHaveLength(7);
    const quiet = await world.engine.runJob(world.hr);
    expect(quiet.job.outcome).toEqual([]);
    expect(cloud.store.find('User', 'userName', 'p0@example.com')[0]).toMatchObject({ active: false });
  });

  it('PLN-2, PLN-8: two people at once: each change is decided once; a verb that needs two people needs two different ones', async () => {
    await start();
    await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    change();
    await world.engine.runJob(world.hr, 'readPlan');
    const { planNo, sourceNo } = await world.engine.newestPlan(world.hr);
    const { pool } = world.engine;
    const base = { planNo, sourceNo, comment: '', filter: {}, secondPersonFor: ['delete'] } as const;
    const results = await Promise.all([
      decide(pool, { ...base, decision: 'approve', by: 'anna' }),
      decide(pool, { ...base, decision: 'reject', by: 'bert', filter: { verb: 'update' } }),
    ]);
    expect(results.reduce((sum, one) => sum + one.decided, 0)).toBe(4);
    expect(results[0]?.waitingForSecond).toBe(1);
    const again = await decide(pool, { ...base, decision: 'approve', by: 'anna' });
    expect(again).toMatchObject({ decided: 0, waitingForSecond: 0, ownApproval: 1 });
    const second = await decide(pool, { ...base, decision: 'approve', by: 'bert' });
    expect(second).toMatchObject({ decided: 1, refused: { approved: expect.any(Number) } });
    const [deletion] = await listChanges(pool, planNo, { verb: 'delete' }, { limit: 1 });
    expect(deletion).toMatchObject({ state: 'approved', firstApprovedBy: 'anna', decidedBy: 'bert' });
  });

  async function linkRows(): Promise<unknown> {
    return world.engine.pool.query(
      'select target_id, entity_no, state, version, out_of_scope, common_hash from link order by 1, 2',
    );
  }

  async function reasons(planNo: number): Promise<Record<string, string>> {
    const changes = await listChanges(world.engine.pool, planNo, {}, { limit: 100 });
    return Object.fromEntries(
      changes.map(({ sourceKey, state, reason }) => [sourceKey, reason === null ? state : `${state}: ${reason}`]),
    );
  }
});
