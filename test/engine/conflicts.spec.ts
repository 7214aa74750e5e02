import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import { DELTA } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import { person, summary, userNames, World } from '../support/world.js';

describe('existing entities', () => {
  let engine: TestEngine;
  let world: World;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  it('CNF-2: already there, but not found by the unique attribute: the entity fails and says by what it was sought', async () => {
    world = await World.join(engine, { source: { users: [person('P')] } });
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
    world = await World.join(engine, {
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
    world = await World.join(engine, { source: { users: [person('P'), person('W')] } });
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
    world = await World.join(engine, { source: { users: [person('P'), person('W')] } });
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
    const second = await world.job();
    expect(second.outcome).toEqual(['Cloud, user: 1 entities kept because they existed before']);
    expect(simulator.store.get('User', 'stranger')).toBeDefined();
  });

  it('DEL-6 step 1, DEL-20: a person created anew with another id keeps the account', async () => {
    world = await World.join(engine, { source: { users: [person('P'), person('W')] } });
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
    world = await World.join(engine, { source: { dialectChanges: {}, users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.add('User', person('Q', { userName: 'P@example.com' }), { allowDuplicate: true });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 1' });
    const { results } = await listResults(world.engine.pool, job.runKey, { limit: 10 });
    expect(results[0]?.message).toMatch(/source id P\b.*\bQ\b/);
    expect(userNames(simulator)).toHaveLength(1);
  });

  describe('CNF-10: in a delta job the source is asked for the other id first', () => {
    async function start(): Promise<{ simulator: ScimSimulator; account: unknown }> {
      world = await World.join(engine, { source: { users: [person('P'), person('W')] }, hr: { properties: DELTA } });
      const { simulator } = await world.addTarget('Cloud');
      // Marks have whole seconds: the first job comes clearly after the people, and what follows clearly after it.
      world.source.setClockSkewMs(5_000);
      await world.job();
      world.source.setClockSkewMs(10_000);
      return { simulator, account: simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id'] };
    }

    it('CNF-10: gone there: the link moves to the new id and keeps its origin, and the full read finds nobody to delete', async () => {
      const { simulator, account } = await start();
      world.source.store.remove('User', 'P');
      world.source.store.add('User', person('P2', { userName: 'P@example.com', title: 'back' }));
      const delta = await world.job();
      expect([delta.status, delta.statistics]).toEqual(['Success', { 'HR user': 'read 1', 'Cloud user': 'updated 1' }]);
      expect(simulator.store.get('User', String(account))).toMatchObject({ title: 'back' });
      const full = await world.job('resync');
      expect(full.statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 2' });
      expect(simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1, deletes: 0 });
      // Still ours.
      world.source.store.remove('User', 'P2');
      expect((await world.job('resync')).statistics).toMatchObject({ 'Cloud user': 'updated 1, deleted 1' });
    });

    it.each([
      ['still there', () => undefined],
      [
        'the source does not answer',
        () => world.source.faults.arm({ effect: { kind: 'status', status: 500 }, match: { operations: ['get'] } }),
      ],
    ])('CNF-10: %s: the new one fails, and both ids are named', async (_name, disturb) => {
      const { simulator } = await start();
      world.source.store.add('User', person('P2', { userName: 'P@example.com' }), { allowDuplicate: true });
      disturb();
      const delta = await world.job();
      expect(delta.statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'failed 1' });
      const { results } = await listResults(engine.pool, delta.runKey, { limit: 10 });
      expect(results[0]?.message).toMatch(/source id P\b.*\bP2\b/);
      expect(userNames(simulator)).toHaveLength(2);
    });
  });
});
