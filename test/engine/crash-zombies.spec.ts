import { afterEach, describe, expect, it } from '@jest/globals';
import type { CallOptions, Connector, ConnectorFactory } from '../../connectors/contract.js';
import { closeRunAs, listResults } from '../../state/runs/index.js';
import { expireLeases } from '../support/crash.js';
import type { EngineProcess } from '../support/engine.js';
import { group, person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = Array.from({ length: 40 }, (_, no) => `P${no}`);

/** Lets one call of a connector stand still on its way to the server until it is let go. */
class Standstill {
  private go: () => void = () => undefined;
  private arrived: () => void = () => undefined;
  private isArmed = true;
  readonly reached = new Promise<void>((resolve) => (this.arrived = resolve));
  private readonly gate = new Promise<void>((resolve) => (this.go = resolve));

  letGo(): void {
    this.go();
  }

  factory(method: 'update' | 'create' | 'delete'): (factory: ConnectorFactory) => ConnectorFactory {
    return (factory) => ({ ...factory, open: (context) => this.connector(factory.open(context), method) });
  }

  private connector(inner: Connector, method: 'update' | 'create' | 'delete'): Connector {
    return new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (name !== method) return (...args: unknown[]): unknown => Reflect.apply(value, target, args);
        return async (...args: unknown[]): Promise<unknown> =>
          Reflect.apply(value, target, this.isArmed ? await this.late(args) : args);
      },
    });
  }

  /** The arguments for a request that was sent before the standstill and is executed after it. */
  private async late(args: readonly unknown[]): Promise<unknown[]> {
    this.isArmed = false;
    for (const options of args) if (isCallOptions(options)) options.beforeWrite?.();
    this.arrived();
    await this.gate;
    return args.map((argument) => (isCallOptions(argument) ? {} : argument));
  }
}

function isCallOptions(argument: unknown): argument is CallOptions {
  return typeof argument === 'object' && argument !== null && 'beforeWrite' in argument;
}

describe('attempts that go on although others have taken their place', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function start(ids: readonly string[]): Promise<void> {
    world = await World.start({ source: { users: ids.map((id) => person(id)), groups: [group('G', ids)] } });
    cloud = await world.addTarget('Cloud', { latency: { default: { fixedMs: 5 } } });
  }

  async function all(work: readonly Promise<void>[]): Promise<void> {
    for (const end of await Promise.allSettled(work)) {
      // Whoever lost the run, or a chain of it, says so and stops.
      if (end.status === 'rejected') expect(String(end.reason)).toMatch(/closed or owned|another attempt|stopped/);
    }
  }

  async function expectConverged(runKey: string): Promise<void> {
    expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
    for (const [key, { creates }] of cloud.simulator.journal.createsPerKey()) expect([key, creates]).toEqual([key, 1]);
    const { results } = await listResults(world.engine.pool, runKey, { limit: 1000 });
    expect(new Set(results.map((row) => row.entityNo)).size).toBe(results.length);
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(cloud.simulator.store.snapshot().groups[0]?.['members']).toHaveLength(PEOPLE.length);
  }

  it('invariant 3: every attempt twice at once, under one owner, creates each account once', async () => {
    await start(PEOPLE);
    const { runKey } = await world.engine.request(world.hr);
    const processes: EngineProcess[] = ['a', 'b'].map(() => world.engine.newProcess({ owner: world.engine.owner }));
    await all(processes.map((process) => world.engine.workThrough(runKey, process)));
    for (const process of processes) await process.activities.close();
    await world.engine.workThrough(runKey).catch(() => undefined);
    await expectConverged(runKey);
  });

  it('§9: a workflow that was started again takes the run over while the old one goes on', async () => {
    await start(PEOPLE);
    const { runKey } = await world.engine.request(world.hr);
    const old = world.engine.newProcess();
    const oldWork = world.engine.workThrough(runKey, old);
    while (cloud.simulator.statistics().users < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const young = world.engine.newProcess();
    await all([oldWork, world.engine.workThrough(runKey, young)]);
    for (const process of [old, young]) await process.activities.close();
    await expectConverged(runKey);
  });

  it('invariant 3 ⚠ "a lease taken over after expiry is settled by a second, forced, absolute write": a late write does not stay', async () => {
    await start(['P']);
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'old' });
    const stopped = new Standstill();
    const zombie = world.engine.newProcess({ decorateFactory: stopped.factory('update') });
    const { runKey } = await world.engine.request(world.hr);
    const zombieWork = world.engine.workThrough(runKey, zombie);
    await stopped.reached;
    await closeRunAs(world.engine.pool, runKey, 'lost', 'the workflow is lost');
    await expireLeases(world.engine.pool, world.hr.no);
    world.source.store.update('User', 'P', { title: 'new' });
    await world.engine.runJob(world.hr);
    expect(cloud.simulator.store.snapshot().users[0]).toMatchObject({ title: 'new' });

    // The server executes the request of the zombie only now; its settle is refused.
    stopped.letGo();
    await all([zombieWork]);
    await zombie.activities.close();
    expect(cloud.simulator.store.snapshot().users[0]).toMatchObject({ title: 'old' });
    await world.engine.runJob(world.hr);
    expect(cloud.simulator.store.snapshot().users[0]).toMatchObject({ title: 'new' });
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
  });

  it('invariant 4: the create of a zombie that is executed late is a conflict with ours, not a second account', async () => {
    await start([]);
    world.source.store.add('User', person('P'));
    const stopped = new Standstill();
    const zombie = world.engine.newProcess({ decorateFactory: stopped.factory('create') });
    const { runKey, jobId } = await world.engine.request(world.hr);
    const zombieWork = world.engine.workThrough(runKey, zombie);
    await stopped.reached;
    await expireLeases(world.engine.pool, world.hr.no);
    await world.engine.workThrough(runKey);
    expect((await world.engine.finished(jobId)).job.status).toBe('Success');
    stopped.letGo();
    await all([zombieWork]);
    await zombie.activities.close();
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['P@example.com']);
    expect(cloud.simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1, deletes: 0 });
    // It is ours: it goes with the person.
    world.source.store.remove('User', 'P');
    world.source.store.add('User', person('Z'));
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['Z@example.com']);
  });

  it('§3.8: the delete of a zombie that is executed late does not take away who has come back', async () => {
    await start(['P', 'W']);
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    world.source.store.update('Group', 'G', { members: [{ value: 'W', type: 'User' }] });
    const stopped = new Standstill();
    const zombie = world.engine.newProcess({ decorateFactory: stopped.factory('delete') });
    const { runKey } = await world.engine.request(world.hr);
    const zombieWork = world.engine.workThrough(runKey, zombie);
    await stopped.reached;
    await closeRunAs(world.engine.pool, runKey, 'lost', 'the workflow is lost');
    await expireLeases(world.engine.pool, world.hr.no);
    world.source.store.add('User', person('P', { title: 'back' }));
    await world.engine.runJob(world.hr);
    stopped.letGo();
    await all([zombieWork]);
    await zombie.activities.close();
    expect(userNames(cloud.simulator)).toEqual(['W@example.com']);
    // The settle of the zombie was refused, so the pair is written whatever the hashes say, and made anew.
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
  });
});
