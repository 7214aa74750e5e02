import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { quarantinePair } from '../../state/healing/quarantine.js';
import { decide } from '../../state/plans/index.js';
import { requestStop } from '../../state/runs/index.js';
import { listSimulatedResults } from '../../state/simulation/views.js';
import { Mortal } from '../support/crash.js';
import { TestEngine, withGroups } from '../support/engine.js';
import { fingerprint } from '../support/table-fingerprints.js';
import { group, person, summary, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** Guests are not wanted, nobody without a title can be mapped, and a manager must be known in the target. */
function writeDocument(change: JsonObject = {}): JsonObject {
  const document = withGroups('target');
  const user = Object(document['user']);
  const mappings = [
    ...user.mappings,
    { sourcePath: '$.title', targetPath: '$.title' },
    {
      sourcePath: '$.manager',
      targetPath: '$.nickName',
      condition: '$.manager EMPTY false',
      functions: [{ function: 'resolveEntityIds', entityType: 'user' }],
    },
  ];
  return { ...document, user: { ...user, condition: "$.userType != 'guest'", mappings, ...change } };
}

const titled = (id: string, change: JsonObject = {}): JsonObject => person(id, { title: 'Clerk', ...change });
/** Crash points between two walked ones; whoever changes the simulation sets it to 1 and walks over all of them. */
const STRIDE: number = 13;
const PEOPLE = ['Paul', 'Quin', 'Rita', 'Sven', 'Vera', 'Xeno', 'Hidden', 'Quiet'];

describe('simulate', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  const worlds: World[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.stop();
  });

  async function join(options: Parameters<typeof World.join>[1]): Promise<World> {
    const world = await World.join(engine, options);
    worlds.push(world);
    return world;
  }

  /** A company in motion: whatever a Resync can do to somebody is done to somebody. */
  async function company(): Promise<{ world: World; targets: readonly WorldTarget[] }> {
    const users = PEOPLE.map((id) => titled(id));
    const world = await join({ source: { users, groups: [group('G', ['Paul', 'Quin', 'Rita'])] } });
    const transformation = writeDocument();
    const cloud = await world.addTarget('Cloud', { users: [titled('Xeno', { id: 'old-xeno' })] }, { transformation });
    const store = await world.addTarget('Store', {}, { transformation });
    await world.job();
    const { source } = world;
    source.store.update('User', 'Paul', { title: 'Lead' });
    source.store.update('User', 'Quin', { active: false });
    source.store.remove('User', 'Sven');
    source.store.remove('User', 'Xeno');
    source.store.update('User', 'Vera', { userType: 'guest' });
    source.hidden.hide('User', ['Hidden'], 'lists');
    source.store.add('User', titled('Tina', { manager: 'Zoe' }));
    source.store.add('User', titled('Ugo', { userType: 'guest' }));
    source.store.add('User', person('Wim'));
    source.store.add('User', titled('Zoe'));
    const members = ['Paul', 'Tina', 'Wim'].map((value) => ({ value, type: 'User' }));
    source.store.update('Group', 'G', { members });
    source.store.add('Group', group('H', ['Tina']));
    await quarantine(world, cloud, 'Quiet');
    return { world, targets: [cloud, store] };
  }

  async function quarantine(world: World, { system }: WorldTarget, sourceKey: string): Promise<void> {
    const pair = { targetNo: system.no, sourceNo: world.hr.no, type: 'user', sourceKey } as const;
    expect(await quarantinePair(engine.pool, pair, 'under dispute', 'ann')).toBe(true);
  }

  /** `Cloud user Tina: created`, with the reason where there is one; sorted. */
  async function found(runKey: string, target = 'Cloud'): Promise<string[]> {
    const rows = await listSimulatedResults(engine.pool, runKey, {}, { limit: 1_000 });
    return rows
      .filter((row) => row.targetName.startsWith(target))
      .map(
        ({ entity, sourceKey, result, reason }) => `${entity} ${sourceKey}: ${result}${reason ? ` (${reason})` : ''}`,
      )
      .sort();
  }

  it('JOB-7, JOB-8, JOB-9, FNC-39: says what a Resync does, for each entity with the reason, touches nothing, and the Resync does it', async () => {
    const { world, targets } = await company();
    const marks = targets.map(({ simulator }) => simulator.journal.mark());
    const before = await fingerprint(engine.pool);
    const simulated = await world.job('simulate');
    expect(await fingerprint(engine.pool)).toEqual(before);
    expect(targets.map(({ simulator }, at) => simulator.journal.since(marks[at] ?? 0))).toEqual([[], []]);
    expect(await found(simulated.runKey)).toEqual([
      'group G: updated',
      'group H: created',
      'user Paul: updated',
      'user Quiet: skipped (In quarantine (ann): under dispute)',
      'user Quin: updated',
      'user Rita: updated',
      'user Sven: deleted (the source has it no longer)',
      'user Tina: created',
      "user Ugo: skipped (Entity condition [$.userType != 'guest'] is not fulfilled)",
      'user Vera: deleted (the condition of the target is not met any more)',
      'user Wim: failed (Attribute at path $.title is mandatory but missing)',
      'user Zoe: created',
    ]);
    expect(simulated.outcome).toEqual([
      'Cloud, user: Deletion planned: 2',
      'Cloud, user: 1 entities kept because they existed before',
      'Cloud, user: 1 entities were not delivered but still exist in the source system: unknown, nothing deleted',
      'Store, user: Deletion planned: 3',
      'Store, user: 1 entities were not delivered but still exist in the source system: unknown, nothing deleted',
    ]);
    const real = await world.job('resync');
    expect(simulated.statistics).toEqual(real.statistics);
    expect(simulated.status).toBe(real.status);
  });

  it('JOB-8, DEL-8, GOV-8, SKP-7: thresholds fail, what waits for approval is held, what is rejected or skipped is left alone', async () => {
    const world = await join({ source: { users: PEOPLE.map((id) => titled(id)) } });
    const properties = { 'ips.delete.threshold.users': '1', 'ips.governor.disable': '0' };
    const cloud = await world.addTarget('Cloud', {}, { transformation: writeDocument(), properties });
    const kept = writeDocument({ skipOperations: ['create', 'delete'] });
    const store = await world.addTarget('Store', {}, { transformation: writeDocument() });
    await world.job();
    await engine.setTransformation(store.system, kept);
    for (const id of ['Sven', 'Xeno']) world.source.store.remove('User', id);
    for (const id of ['Quin', 'Rita']) world.source.store.update('User', id, { active: false });
    world.source.store.add('User', titled('Tina'));
    await world.job();
    const plan = await engine.newestPlan(world.hr);
    const text = 'Rita';
    const rejection = { decision: 'reject', by: 'ann', comment: '', secondPersonFor: [] } as const;
    await decide(engine.pool, { ...rejection, planNo: plan.planNo, sourceNo: plan.sourceNo, filter: { text } });
    world.source.store.add('User', titled('Ugo'));
    const before = await fingerprint(engine.pool);
    const { runKey, statistics } = await world.job('simulate');
    expect(await fingerprint(engine.pool)).toEqual(before);
    const blocked =
      'failed (Entity cannot be deleted because the threshold of 1 is exceeded: 2 entities would be deleted)';
    expect(await found(runKey)).toEqual(
      expect.arrayContaining([
        `user Sven: ${blocked}`,
        `user Xeno: ${blocked}`,
        'user Quin: held (its change waits for an approval)',
        'user Rita: skipped (its change was rejected: it is left alone until the data changes)',
        'user Ugo: created',
      ]),
    );
    expect(await found(runKey, 'Store')).toEqual(
      expect.arrayContaining([
        'user Sven: skipped (Operation [delete] is skipped in target transformation)',
        'user Ugo: skipped (Operation [create] is skipped in target transformation)',
      ]),
    );
    expect(statistics['Cloud user']).toBe('created 1, updated 5, skipped 1, failed 2, held 1');
    expect(cloud.simulator.store.snapshot().users).toHaveLength(9);
  });

  it('JOB-8, GOV-5: what the governor would keep back is told beside the counts', async () => {
    const world = await join({ source: { users: PEOPLE.map((id) => titled(id)) } });
    const properties = { 'ips.governor.delete': '1', 'ips.governor.disable': '1' };
    await world.addTarget('Cloud', {}, { transformation: writeDocument(), properties });
    await world.job();
    for (const id of ['Sven', 'Xeno']) world.source.store.remove('User', id);
    for (const id of ['Quin', 'Rita']) world.source.store.update('User', id, { active: false });
    const { outcome, statistics } = await world.job('simulate');
    expect(statistics['Cloud user']).toBe('updated 6, deleted 2');
    expect(outcome).toEqual([
      'Cloud, user: Deletion planned: 2',
      'Would be held for approval: 2 delete in Cloud',
      'Would be held for approval: 1 disable in Cloud',
    ]);
  });

  it('DEL-1, DEL-21: a read with a failed entity, and an empty one, delete nobody in the simulation either', async () => {
    const world = await join({ source: { users: PEOPLE.map((id) => titled(id)) } });
    await world.addTarget('Cloud', {}, { transformation: writeDocument() });
    await world.job();
    world.source.store.remove('User', 'Sven');
    const match = { operations: ['list'], type: 'User' } as const;
    const fault = world.source.faults.arm({ effect: { kind: 'missingId', at: 0 }, match });
    const failed = await world.job('simulate');
    expect(failed.outcome).toEqual(['Cloud, user: Deletion not executed: 1 entities failed in the source system']);
    world.source.faults.disarm(fault);
    world.source.hidden.hide('User', PEOPLE, 'everywhere');
    const empty = await world.job('simulate');
    expect(empty.outcome).toEqual(['Cloud, user: Deletion not executed: source system returned no entities']);
    expect(empty.status).toBe('Finished with Error');
  });

  it('JOB-9: compare with target tells creates from adoptions by reads alone, and a target that is away ends only that', async () => {
    const world = await join({ source: { users: ['Ann', 'Ben', 'Cem'].map((id) => titled(id)) } });
    const transformation = writeDocument();
    const cloud = await world.addTarget('Cloud', { users: [titled('Ben', { id: 'old-ben' })] }, { transformation });
    const away = await world.addTarget('Store', {}, { transformation });
    away.simulator.faults.arm({ effect: { kind: 'status', status: 401 } });
    const before = await fingerprint(engine.pool);
    const mark = cloud.simulator.journal.mark();
    const { runKey, statistics, status } = await world.job('simulateCompare');
    expect(await fingerprint(engine.pool)).toEqual(before);
    expect(statistics).toMatchObject({ 'Cloud user': 'created 2, updated 1', 'Store user': 'created 3' });
    expect(status).toBe('Finished with Error');
    expect(await found(runKey)).toEqual([
      'user Ann: created',
      'user Ben: updated (the target has it already (userName): it would be adopted and updated)',
      'user Cem: created',
    ]);
    const rows = await listSimulatedResults(engine.pool, runKey, { result: 'updated' }, { limit: 10 });
    expect(rows).toMatchObject([{ targetKey: 'old-ben', compared: 'one' }]);
    expect(new Set(cloud.simulator.journal.since(mark).map((record) => record.method))).toEqual(new Set(['GET']));
  });

  it('STP-4, STP-7: a process that dies at any moment leaves nothing counted twice, and nothing lost', async () => {
    const { world } = await company();
    const expected = await world.job('simulate');
    const entities = await found(expected.runKey);
    const before = await fingerprint(engine.pool);
    let deaths = 0;
    for (let operation = 4, died = true; died; operation += STRIDE) {
      const { runKey, jobId } = await engine.request(world.hr, 'simulate');
      const mortal = new Mortal({ operation, side: operation % 2 === 0 ? 'before' : 'after' });
      const pool = mortal.pool(engine.databaseUrl);
      const first = engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
      await engine.workThrough(runKey, first).catch((error: unknown) => {
        if (!mortal.isDead) throw error;
      });
      await first.activities.close();
      await pool.close();
      died = mortal.isDead;
      deaths += died ? 1 : 0;
      const second = engine.newProcess();
      await engine.workThrough(runKey, second);
      await second.activities.close();
      const result = await world.result(jobId);
      expect({ ...result, runKey: mortal.diedAt }).toEqual({ ...expected, runKey: mortal.diedAt });
      expect(await found(runKey)).toEqual(entities);
      expect(await fingerprint(engine.pool)).toEqual(before);
    }
    expect(deaths).toBeGreaterThan(60 / STRIDE);
  });

  it('STP-1, STP-3, JOB-13: one runs at a time; a stopped one keeps what it has found, and healing goes on after it', async () => {
    const { world } = await company();
    const before = await fingerprint(engine.pool);
    const { runKey, jobId } = await engine.request(world.hr, 'simulate');
    const waiting = await engine.request(world.hr, 'simulate');
    expect((await engine.finished(waiting.jobId)).job).toMatchObject({ type: 'SIMULATE', status: 'Queued' });
    await requestStop(engine.pool, waiting.jobId);
    await engine.activities.openRun({ runKey });
    await engine.readAll(runKey, ['user', 'group']);
    const [target] = await engine.pool.query<{ targetNo: number }>(
      'select min(target_id) as "targetNo" from run_target where run_key = $1',
      [runKey],
    );
    const input = { runKey, targetNo: target?.targetNo ?? 0, type: 'user', step: 'write' } as const;
    await engine.activities.simulateChunk(input);
    await requestStop(engine.pool, jobId);
    await expect(engine.activities.simulateChunk({ ...input, step: 'delete' })).rejects.toThrow(/stopped/);
    await engine.activities.finishRun({ runKey, end: 'stopped' });
    const { job, statistics } = await engine.finished(jobId);
    expect(job).toMatchObject({ status: 'Manually Terminated', readMode: 'Full Read', triggerType: 'IMMEDIATE' });
    expect(summary(statistics)['Cloud user']).toBe('created 2, updated 3, skipped 2, failed 1');
    expect(await fingerprint(engine.pool)).toEqual(before);
  });
});
