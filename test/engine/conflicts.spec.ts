import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import type { JsonObject } from '../../core/json.js';
import { DELTA, users } from '../support/deletion-scene.js';
import { TestEngine, withGroups } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

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

  it('CNF-9: an adopted account gets what the update mappings say, not those of scope createEntity', async () => {
    const mappings: unknown = Object(withGroups('target')['user'])['mappings'];
    const transformation = users('target', {
      mappings: [
        ...(Array.isArray(mappings) ? mappings : []),
        { constant: 'imported', targetPath: '$.userType', scope: 'createEntity' },
      ],
    });
    world = await World.join(engine, { source: { users: [person('P', { title: 'new' }), person('N')] } });
    const { simulator } = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] }, { transformation });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, updated 1' });
    expect(simulator.store.get('User', 'old')).toMatchObject({ title: 'new' });
    expect(simulator.store.get('User', 'old')).not.toHaveProperty('userType');
    expect(simulator.store.find('User', 'userName', 'N@example.com')[0]).toMatchObject({ userType: 'imported' });
  });

  it('CNF-6: with automatic resolution off nobody is looked for: the entity fails with 409, uniqueness', async () => {
    world = await World.join(engine, { source: { users: [person('P', { title: 'new' })] } });
    const { simulator } = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] });
    const { results, statistics } = await jobWith((factory) => ({
      ...factory,
      capabilities: (properties, role) => ({ ...factory.capabilities(properties, role), conflictResolution: false }),
    }));
    expect(statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'failed 1' });
    expect(results).toEqual([expect.objectContaining({ result: 'failed', code: '409, uniqueness' })]);
    expect(simulator.journal.since(0).filter(({ method }) => method === 'GET')).toEqual([]);
    expect(simulator.store.get('User', 'old')).not.toHaveProperty('title');
  });

  describe('SKP-6: skipOperations with create', () => {
    const skipping = { transformation: users('target', { skipOperations: ['create'] }) };

    it('SKP-6, SKP-9, CONN-CORE-52: who is there is linked as existing before and updated, nobody else is provisioned', async () => {
      world = await World.join(engine, { source: { users: [person('P', { title: 'new' }), person('N')] } });
      const { simulator } = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] }, skipping);
      for (let run = 0; run < 2; run += 1) {
        const job = await world.job();
        expect([job.status, job.statistics]).toEqual([
          'Success',
          { 'HR user': 'read 2', 'Cloud user': run === 0 ? 'updated 1, skipped 1' : 'skipped 1' },
        ]);
        const { results } = await listResults(engine.pool, job.runKey, { limit: 10, result: 'skipped' });
        expect(results.map(({ sourceKey, message }) => [sourceKey, message])).toEqual([
          ['N', 'Operation [create] is skipped in target transformation'],
        ]);
      }
      expect(simulator.store.snapshot().users.map(({ id, title }) => [id, title])).toEqual([['old', 'new']]);
      // Linked as existing before: it stays when the person leaves.
      world.source.store.remove('User', 'P');
      expect((await world.job()).outcome).toEqual(['Cloud, user: 1 entities kept because they existed before']);
    });

    it('SKP-6, SKP-7: with update skipped too, it is linked and stays as it is; without the expressions it is updated', async () => {
      world = await World.join(engine, { source: { users: [person('P', { title: 'new' }), person('W')] } });
      const transformation = users('target', { skipOperations: ['create', 'update'] });
      const { simulator, system } = await world.addTarget(
        'Cloud',
        { users: [person('P', { id: 'old' })] },
        { transformation },
      );
      for (let run = 0; run < 2; run += 1)
        expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'skipped 2' });
      expect(simulator.journal.writesSince(0)).toEqual([]);
      await engine.setTransformation(system, users('target', {}));
      expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, updated 1' });
      expect(simulator.store.get('User', 'old')).toMatchObject({ title: 'new' });
    });

    it('SKP-6, CNF-7: a target without unique attributes finds who the transformation supplies the id of', async () => {
      const mappings: unknown = Object(withGroups('target')['user'])['mappings'];
      const transformation = users('target', {
        skipOperations: ['create'],
        mappings: [
          ...(Array.isArray(mappings) ? mappings : []),
          { sourcePath: '$.nickName', optional: true, targetVariable: 'entityIdTargetSystem' },
        ],
      });
      const people = [person('P', { nickName: 'old' }), person('Q', { nickName: 'nobody' }), person('R')];
      world = await World.join(engine, { source: { users: people } });
      // Another name: only the id says who it is.
      const account = person('X', { id: 'old' });
      const { simulator } = await world.addTarget('Cloud', { users: [account] }, { transformation });
      const { statistics } = await jobWith(withoutUniqueKeys);
      expect(statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 1, skipped 2' });
      expect(userNames(simulator)).toEqual(['P@example.com']);
    });

    it('CNF-7: a conflict with somebody whose id the transformation supplies ends in an update', async () => {
      const mappings: unknown = Object(withGroups('target')['user'])['mappings'];
      const transformation = users('target', {
        mappings: [
          ...(Array.isArray(mappings) ? mappings : []),
          { sourcePath: '$.nickName', optional: true, targetVariable: 'entityIdTargetSystem' },
        ],
      });
      world = await World.join(engine, { source: { users: [person('P', { nickName: 'old', title: 'new' })] } });
      const { simulator } = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] }, { transformation });
      const { statistics } = await jobWith(withoutUniqueKeys);
      expect(statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });
      expect(simulator.store.get('User', 'old')).toMatchObject({ title: 'new' });
    });
  });

  it('RTY-7: an entity counts once: repeated with success as its operation, given up as failed', async () => {
    world = await World.join(engine, { source: { users: [person('P'), person('Q'), person('W')] } });
    const { simulator } = await world.addTarget('Cloud');
    const refused = { kind: 'status', status: 502 } as const;
    simulator.faults.arm({ effect: refused, match: { methods: ['POST'], key: 'P@example.com' }, times: 1 });
    simulator.faults.arm({ effect: refused, match: { methods: ['POST'], key: 'Q@example.com' } });
    const { statistics, runKey } = await world.job();
    expect(statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 2, failed 1' });
    const { results } = await listResults(engine.pool, runKey, { limit: 10 });
    expect(results.map(({ sourceKey, result }) => [sourceKey, result]).sort()).toEqual([
      ['P', 'created'],
      ['Q', 'failed'],
      ['W', 'created'],
    ]);
  });

  describe('CNF-11, DEL-20: several sources with one target entity', () => {
    let crm: TestSystem;
    let second: ScimSimulator;
    let cloud: WorldTarget;
    afterEach(() => second.stop());

    async function start(properties: Record<string, string> = {}): Promise<void> {
      world = await World.join(engine, { source: { users: [person('P', { title: 'hr' }), person('W')] } });
      second = await startScimSimulator({ users: [person('P', { id: 'p2', title: 'crm' }), person('V')] });
      crm = await engine.addSource(`CRM ${world.hr.name}`, second.url);
      const sources = { selection: 'list', sourceIds: [world.hr.id, crm.id] } as const;
      cloud = await world.addTarget('Cloud', {}, { properties, sources });
      await world.job();
      await world.job('read', crm);
    }

    const account = (): JsonObject | undefined => cloud.simulator.store.find('User', 'userName', 'P@example.com')[0];

    it('CNF-11: the later job overwrites, whichever source it is of', async () => {
      await start();
      expect(account()).toMatchObject({ title: 'crm' });
      await world.job('resync');
      expect(account()).toMatchObject({ title: 'hr' });
      expect(cloud.simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1 });
    });

    it('DEL-20: the one that stays inherits created: the account goes when the last one lets it go', async () => {
      await start();
      world.source.store.remove('User', 'P');
      const first = await world.job();
      expect([first.status, first.statistics, first.outcome]).toEqual([
        'Success',
        { 'HR user': 'read 1' },
        ['Cloud, user: 1 entities kept because another source entity has the same target entity'],
      ]);
      expect(account()).toBeDefined();
      second.store.remove('User', 'p2');
      const last = await world.job('read', crm);
      expect(last.statistics).toMatchObject({ 'Cloud user': 'deleted 1' });
      expect(account()).toBeUndefined();
    });

    it('DEL-20: a source that is disabled keeps nothing; enabled again it provisions anew', async () => {
      await start();
      await engine.setEnabled(crm, false);
      world.source.store.remove('User', 'P');
      expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'deleted 1' });
      expect(account()).toBeUndefined();
      await engine.setEnabled(crm, true);
      await world.job('read', crm);
      expect(account()).toMatchObject({ title: 'crm' });
    });

    it('DEL-20: with ips.delete.shared.entities it is deleted as the reference does, and counts against the threshold', async () => {
      await start({ 'ips.delete.shared.entities': 'true', 'ips.delete.threshold.users': '1' });
      world.source.store.remove('User', 'P');
      world.source.store.remove('User', 'W');
      world.source.store.add('User', person('Z'));
      expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'created 1, failed 2' });
      world.source.store.add('User', person('W'));
      expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'deleted 1' });
      expect(account()).toBeUndefined();
    });
  });

  function withoutUniqueKeys(factory: ConnectorFactory): ConnectorFactory {
    return {
      ...factory,
      open: (context) => {
        const connector = factory.open(context);
        return {
          ...connector,
          uniqueKeys: () => [],
          resolveExisting: async () => ({ outcome: 'none' }),
        };
      },
    };
  }

  /** A job in a process with another connector. */
  async function jobWith(decorateFactory: (factory: ConnectorFactory) => ConnectorFactory) {
    const run = await engine.request(world.hr);
    const process = engine.newProcess({ decorateFactory });
    await engine.workThrough(run.runKey, process);
    await process.activities.close();
    const { results } = await listResults(engine.pool, run.runKey, { limit: 10 });
    return { ...(await world.result(run.jobId)), results };
  }
});
