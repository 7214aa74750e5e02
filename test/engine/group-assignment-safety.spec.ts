import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { randomUUID } from 'node:crypto';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { listResults } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { documentedResult } from '../support/documented-result.js';
import { TestEngine, withUserMappings } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { group, memberNames, person, summary, World } from '../support/world.js';

const NEW_AND_ALL = [
  { constant: [{ id: 'everybody' }], targetVariable: 'assignGroup' },
  { constant: [{ id: 'everybody' }, { id: 'newcomers' }], targetVariable: 'assignGroup', scope: 'createEntity' },
];

function assigning(): JsonObject {
  const document = withUserMappings(NEW_AND_ALL);
  delete document['group'];
  return document;
}

const TWO_GROUPS = [group('everybody', []), group('newcomers', [])];

describe('assignment of users to groups', () => {
  let world: World;
  afterEach(() => world.stop());

  it('VAR-15: a target that cannot fails the entity before anything is sent', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud', { groups: TWO_GROUPS }, { transformation: assigning() });
    const process = world.engine.newProcess({
      decorateFactory: (factory) => ({
        ...factory,
        open: (context) => {
          const { changeMembers: _, ...rest } = factory.open(context);
          return rest;
        },
      }),
    });
    const { runKey, jobId } = await world.engine.request(world.hr);
    await world.engine.workThrough(runKey, process);
    await process.activities.close();
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'failed 1' });
    const { results } = await listResults(world.engine.pool, runKey, { limit: 10 });
    expect(results[0]?.message).toContain('Systems of type SCIM System cannot assign users to groups');
    expect(documentedResult(results[0]?.message).whatHappened).toContain('VAR-15');
    expect(simulator.journal.writesSince(0)).toEqual([]);
  });

  it('SYS-12: users of two sources and the group itself are written one after the other, and nobody is lost', async () => {
    const people = (from: number): JsonObject[] => Array.from({ length: 20 }, (_, n) => person(`p${from + n}`));
    world = await World.start({ source: { users: people(100) } });
    const second = await startScimSimulator({ users: people(200) });
    const contractors = await world.engine.addSource('Contractors', second.url);
    const { simulator } = await world.addTarget('Cloud', { groups: TWO_GROUPS }, { transformation: assigning() });
    simulator.faults.arm({ effect: { kind: 'delay', ms: 15 }, match: { path: '^/Groups' } });
    await Promise.all([world.engine.runJob(world.hr), world.engine.runJob(contractors)]);
    await second.stop();
    expect(memberNames(simulator, 'everybody')).toHaveLength(40);
    expect(memberNames(simulator, 'newcomers')).toHaveLength(40);
    const turns = simulator.journal
      .since(0)
      .filter(({ path, operation }) => path === '/Groups/everybody' && operation === 'replace')
      .map(({ receivedAtMs, endedAtMs }) => ({ from: receivedAtMs, to: endedAtMs ?? Infinity }))
      .sort((a, b) => a.from - b.from);
    expect(turns.length).toBeGreaterThan(2);
    // Users who come while a request is under way go together with the next one.
    expect(turns.length).toBeLessThan(40);
    expect(turns.filter((turn, n) => n > 0 && turn.from < (turns[n - 1]?.to ?? 0))).toEqual([]);
  });

  it('VAR-12: a target that is throttled between account and group goes on from there, and nobody is created twice', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud', { groups: TWO_GROUPS }, { transformation: assigning() });
    simulator.faults.arm({
      effect: { kind: 'status', status: 429, retryAfter: 1 },
      match: { methods: ['PUT'], path: '^/Groups' },
      times: 2,
    });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expect(memberNames(simulator, 'newcomers')).toHaveLength(2);
    expect(memberNames(simulator, 'everybody')).toHaveLength(2);
    expect([...simulator.journal.createsPerKey().values()].map(({ creates }) => creates)).toEqual([1, 1]);
  });
});

/** One statement that a process dies at. */
interface Death {
  readonly name: string;
  readonly point: CrashPoint;
}

const DEATHS: readonly Death[] = [
  { name: 'before the lock on the group', point: { statement: /insert into target_claim/, side: 'before' } },
  { name: 'with the lock in hand', point: { statement: /insert into target_claim/, side: 'after' } },
  { name: 'before the lock is given back', point: { statement: /delete from target_claim/, side: 'before' } },
  { name: 'after the lock was given back', point: { statement: /delete from target_claim/, side: 'after' } },
  {
    name: 'before the pair is settled',
    point: { statement: /delete from backlog b\s+where b\.target_id/, side: 'before' },
  },
];

describe('a process dies while it assigns users to groups', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 50 } });
  });
  afterAll(() => engine.stop());

  async function inProcess(mortal: Mortal, source: TestSystem, runKey: string): Promise<void> {
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    try {
      await engine.workThrough(runKey, process);
    } catch (error) {
      if (!mortal.isDead) throw error;
    } finally {
      await process.activities.close();
      await pool.close();
    }
    await expireLeases(engine.pool, source.no);
  }

  async function survives({ point }: Death, change: (source: ScimSimulator) => void, prepared: boolean): Promise<void> {
    const simulators = {
      source: await startScimSimulator({ users: ['P', 'Q', 'R'].map((id) => person(id)) }),
      target: await startScimSimulator({ groups: TWO_GROUPS }),
    };
    const hr = await engine.addSource(`HR ${randomUUID()}`, simulators.source.url);
    const sources = { selection: 'list', sourceIds: [hr.id] } as const;
    await engine.addTarget(`Cloud ${randomUUID()}`, simulators.target.url, { sources, transformation: assigning() });
    if (prepared) await engine.runJob(hr);
    change(simulators.source);
    const { runKey, jobId } = await engine.request(hr);
    const mortal = new Mortal(point);
    await inProcess(mortal, hr, runKey);
    expect(mortal.diedAt).toBeDefined();
    await inProcess(new Mortal(undefined), hr, runKey);
    const { job } = await engine.finished(jobId);
    expect(job.status).toBe('Success');
    const everybody = simulators.source.store
      .snapshot()
      .users.map((user) => String(user['userName']))
      .sort();
    expect(memberNames(simulators.target, 'everybody')).toEqual(everybody);
    expect(memberNames(simulators.target, 'newcomers')).toEqual(everybody);
    const creates = [...simulators.target.journal.createsPerKey().values()].map((one) => one.creates);
    expect(creates).toEqual(everybody.map(() => 1));
    const mark = simulators.target.journal.mark();
    await engine.runJob(hr);
    expect(simulators.target.journal.writesSince(mark)).toEqual([]);
    await simulators.source.stop();
    await simulators.target.stop();
  }

  it.each(DEATHS)('VAR-10: $name, of a create: created once, in all groups of a create', async (death) => {
    await survives(death, () => undefined, false);
  });

  it.each(DEATHS)('VAR-10: $name, of an update: in the groups all the same', async (death) => {
    await survives(
      death,
      ({ store }) => {
        store.update('User', 'P', { title: 'Lead' });
        store.add('User', person('S'));
      },
      true,
    );
  });
});
