import { afterEach, describe, expect, it } from '@jest/globals';
import { listResults } from '../../state/runs/index.js';
import { person, summary, userNames, World } from '../support/world.js';

describe('existing entities', () => {
  let world: World;
  afterEach(() => world.stop());

  it('CNF-2: already there, but not found by the unique attribute: the entity fails and says by what it was sought', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud', {
      dialect: 'hides-on-filter',
      users: [person('P', { id: 'old' })],
    });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'failed 1' });
    const { results } = await listResults(world.engine.pool, job.runKey, { limit: 10 });
    expect(results[0]?.message).toContain('Entity create failed with "Entity already exists"');
    expect(results[0]?.message).toContain('userName');
    expect(userNames(simulator)).toHaveLength(1);
  });

  it('CNF-3, CNF-4: all attributes of the configured list have to match', async () => {
    const mail = (value: string): object => ({ emails: [{ value, primary: true }] });
    world = await World.start({
      source: { users: [person('P', { ...mail('p@example.com') }), person('Q', { ...mail('q@example.com') })] },
    });
    const users = [
      person('P', { id: 'p-old', ...mail('other@example.com') }),
      person('Q', { id: 'q-old', ...mail('q@example.com') }),
    ];
    const properties = { 'scim.user.unique.attribute': 'userName,emails[0].value' };
    const { simulator } = await world.addTarget('Cloud', { users }, { properties });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1, failed 1' });
    expect(simulator.store.get('User', 'p-old')).toMatchObject({ emails: [{ value: 'other@example.com' }] });
  });

  it('RTY-5: a create whose 201 is lost is ours; it is neither created twice nor taken for a stranger', async () => {
    world = await World.start({ source: { users: [person('P'), person('W')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({
      effect: { kind: 'applyThenDrop' },
      match: { methods: ['POST'], key: 'P@example.com' },
      times: 1,
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expect(simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1 });
    world.source.store.remove('User', 'P');
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
  });

  it('invariant 5, RTY-5: an account that was there and a lost 409 never become ours, so its leaver run deletes nobody', async () => {
    world = await World.start({ source: { users: [person('P'), person('W')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.store.add('User', person('P', { id: 'stranger' }), { createdMs: Date.now() - 86_400_000 });
    simulator.faults.arm({
      effect: { kind: 'applyThenDrop' },
      match: { methods: ['POST'], key: 'P@example.com' },
      times: 1,
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, updated 1' });
    world.source.store.remove('User', 'P');
    const second = await world.engine.runJob(world.hr);
    expect(second.job.outcome).toEqual(['Cloud, user: 1 entities kept because they existed before']);
    expect(simulator.store.get('User', 'stranger')).toBeDefined();
  });

  it('DEL-6 step 1, DEL-20: a person created anew with another id keeps the account', async () => {
    world = await World.start({ source: { users: [person('P'), person('W')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const before = simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id'];
    world.source.store.remove('User', 'P');
    world.source.store.add('User', person('P2', { userName: 'P@example.com', title: 'back' }));
    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Success');
    const [after] = simulator.store.find('User', 'userName', 'P@example.com');
    expect(after).toMatchObject({ id: before, title: 'back' });
    // Still ours: when the new id leaves too, the account goes.
    world.source.store.remove('User', 'P2');
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
  });

  it('CNF-1: two people of one source with the same unique value do not become one; the second fails with both ids', async () => {
    world = await World.start({ source: { dialectChanges: {}, users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.add('User', person('Q', { userName: 'P@example.com' }), { allowDuplicate: true });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 1' });
    const { results } = await listResults(world.engine.pool, job.runKey, { limit: 10 });
    expect(results[0]?.message).toMatch(/source id P\b.*\bQ\b/);
    expect(userNames(simulator)).toHaveLength(1);
  });
});
