import { afterEach, describe, expect, it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { LiveReadService } from '../../api/plans/live-read.service.js';
import { ConnectorCatalog } from '../../api/system-types/connector-catalog.js';
import { ConnectionTestService } from '../../api/systems/connection-test.service.js';
import { OpenSystemService } from '../../api/systems/open-system.service.js';
import { ProbeService } from '../../api/systems/probe.service.js';
import { EdgeRouter } from '../../connectors/edge/router.js';
import { createRegistry } from '../../connectors/registry.js';
import { createLogger } from '../../runtime/logger.js';
import type { TestSystem } from '../support/engine.js';
import { group, person, userNames, World } from '../support/world.js';

/** No system of these tests stands in a private network. */
const DIRECT = {
  router: new EdgeRouter({
    keyOf: async () => undefined,
    portTo: () => {
      throw new Error('nobody is registered');
    },
  }),
  centralKey: '',
  close: async () => {},
};

/** The most requests of a simulator in any span of time, by its journal. */
function mostWithin(simulator: ScimSimulator, spanMs: number): number {
  const times = simulator.journal.since(0).map((record) => record.receivedAtMs);
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length));
}

/**
 * Requests that came before their turn: that of the k-th one, counted from 0, is k spacings after `sinceMs`, or later. A busy machine makes requests
 * late, and then some of them come together; none makes another one early.
 */
function early(simulator: ScimSimulator, sinceMs: number, perMinute: number): number[] {
  const times = simulator.journal.since(0).map((record) => record.receivedAtMs);
  const spacingMs = 60_000 / perMinute;
  return times.sort((a, b) => a - b).flatMap((at, k) => (at < sinceMs + k * spacingMs ? [k] : []));
}

describe('what a target can bear', () => {
  let world: World;
  /** Before the target was asked for the first time. */
  let sinceMs = 0;
  let crm: ScimSimulator | undefined;
  afterEach(async () => {
    await crm?.stop();
    await world.stop();
  });

  /** Two sources feed one target; each job is done by a process of its own. */
  async function twoProcesses(
    properties: Record<string, string>,
    people: number,
    beside: (simulator: ScimSimulator, system: TestSystem) => void = () => undefined,
  ): Promise<ScimSimulator> {
    world = await World.start({ source: { users: Array.from({ length: people }, (_, n) => person(`a${String(n)}`)) } });
    const latency = { default: { fixedMs: 30 } };
    const { simulator, system } = await world.addTarget('Cloud', { latency }, { properties });
    sinceMs = performance.timeOrigin + performance.now();
    beside(simulator, system);
    const [run, other] = [await world.engine.request(world.hr), await otherSource(people)];
    const processes = [world.engine.newProcess(), world.engine.newProcess()] as const;
    await Promise.all([
      world.engine.workThrough(run.runKey, processes[0]),
      world.engine.workThrough(other.runKey, processes[1]),
    ]);
    for (const process of processes) await process.activities.close();
    expect(userNames(simulator)).toHaveLength(people * 2);
    return simulator;
  }

  async function otherSource(people: number): Promise<{ runKey: string }> {
    const users = Array.from({ length: people }, (_, n) => person(`b${String(n)}`));
    crm = await startScimSimulator({ users });
    return world.engine.request(await world.engine.addSource('CRM', crm.url));
  }

  it('CONN-CORE-75: two processes together never have more requests in flight than the property says', async () => {
    const simulator = await twoProcesses({ 'ips.target.requests.concurrent': '3' }, 25);
    expect(simulator.statistics().maxInFlight).toBe(3);
  });

  it('CONN-CORE-75: two processes together never send more than the property says, evenly spread', async () => {
    const simulator = await twoProcesses({ 'ips.target.requests.per.minute': '1200' }, 20);
    expect(early(simulator, sinceMs, 1_200)).toEqual([]);
    expect(mostWithin(simulator, 1_000)).toBeGreaterThan(10);
  });

  /** Two processes at work, while the API tests the connection, probes, and reads single accounts, all at once and again and again. */
  async function withApi(properties: Record<string, string>, people: number): Promise<ScimSimulator> {
    const catalog = new ConnectorCatalog(createRegistry());
    const log = createLogger({ logLevel: 'silent' }, {});
    let isOver = false;
    const asking = async (simulator: ScimSimulator, systemId: string): Promise<void> => {
      const { dataSource, keyring, pool } = world.engine;
      const systems = new OpenSystemService(dataSource, keyring, catalog, log, pool, DIRECT);
      const live = new LiveReadService(systems);
      const tests = new ConnectionTestService(systems);
      const probes = new ProbeService(systems);
      while (!isOver) {
        const mark = simulator.journal.mark();
        await Promise.all([tests.test(systemId), live.read(systemId, 'user', 'nobody'), probes.probe(systemId, false)]);
        expect(simulator.journal.since(mark).length).toBeGreaterThan(3);
      }
    };
    let answers: Promise<unknown> = Promise.resolve();
    const simulator = await twoProcesses(properties, people, (target, system) => {
      answers = asking(target, system.id);
    });
    isOver = true;
    await answers;
    return simulator;
  }

  it('CONN-CORE-75: two processes and the API together never have more requests in flight than the property says', async () => {
    const simulator = await withApi({ 'ips.target.requests.concurrent': '3' }, 20);
    expect(simulator.statistics().maxInFlight).toBe(3);
  });

  it('CONN-CORE-75: two processes and the API together never send more than the property says', async () => {
    const simulator = await withApi({ 'ips.target.requests.per.minute': '1800' }, 15);
    expect(early(simulator, sinceMs, 1_800)).toEqual([]);
    expect(mostWithin(simulator, 1_000)).toBeGreaterThan(15);
  });

  it('engine.md §6: people who leave, and groups that lose members, overtake whatever waits for a slow target', async () => {
    const people = Array.from({ length: 60 }, (_, n) => person(`p${String(n).padStart(2, '0')}`));
    const groups = ['G', 'H', 'I'].map((id) => group(id, ['p00', 'p01']));
    world = await World.start({ source: { users: people, groups }, engine: { concurrency: 1 } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    for (const { id } of people.slice(0, 59)) world.source.store.update('User', String(id), { title: 'Lead' });
    world.source.store.update('User', 'p59', { active: false });
    for (const id of ['G', 'H']) world.source.store.update('Group', id, { displayName: `Renamed ${id}` });
    world.source.store.update('Group', 'I', { members: [{ value: 'p00', type: 'User' }] });
    const mark = simulator.journal.mark();
    const { runKey } = await world.engine.request(world.hr);
    const { types } = await world.engine.activities.openRun({ runKey });
    await world.engine.sweep(runKey);
    await world.engine.readAll(runKey, types);
    await world.engine.workThrough(runKey);
    const order = simulator.journal.writesSince(mark).map((record) => record.key);
    expect(order).toHaveLength(63);
    expect([order[0], order[60]]).toEqual(['p59@example.com', 'Group I']);
  });

  it('engine.md §6: somebody who leaves while a long backlog is being written is next', async () => {
    const people = Array.from({ length: 80 }, (_, n) => person(`p${String(n).padStart(2, '0')}`));
    world = await World.start({ source: { users: people }, engine: { concurrency: 1 } });
    const latency = { replace: { fixedMs: 60 } };
    const { simulator } = await world.addTarget('Cloud', { latency });
    await world.engine.runJob(world.hr);
    for (const { id } of people) world.source.store.update('User', String(id), { title: 'Lead' });
    const mark = simulator.journal.mark();
    const { runKey } = await world.engine.request(world.hr);
    const working = world.engine.workThrough(runKey);
    while (simulator.journal.writesSince(mark).length < 5) await sleep(5);
    // As another page of a long read would do it.
    await world.engine.pool.query(
      `insert into backlog as b (target_id, entity_no, source_id, type, reason, prio, seen_run, forced)
       select l.target_id, l.entity_no, e.source_id, 1, 'changed', 1, $1, true from link l join entity e on e.entity_no = l.entity_no
        where e.source_key = 'p00'
       on conflict (target_id, entity_no) do update set gen = b.gen + 1, prio = 1, forced = true, last_run = null`,
      [runKey],
    );
    await working;
    const order = simulator.journal.writesSince(mark).map((record) => record.key);
    const again = order.lastIndexOf('p00@example.com');
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(60);
  });
});
