import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { expireLeases, Mortal } from '../support/crash.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { documentedResult } from '../support/documented-result.js';
import { TestEngine, withGroups } from '../support/engine.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const RULE = { 'ips.write.back.attribute': 'id=nickName' };
const DELTA = { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0', 'ips.delta.max.share': '100' };

/** The mappings of a type. */
function listOf(type: JsonValue | undefined): JsonValue[] {
  const mappings = isJsonObject(type) ? type['mappings'] : undefined;
  return Array.isArray(mappings) ? mappings : [];
}

describe('what a target generates is stored in the source', () => {
  let engine: TestEngine;
  let world: World;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  async function start(
    more: Record<string, string> = {},
    people = ['P', 'Q'],
    transformation?: JsonObject,
  ): Promise<WorldTarget> {
    const hr = { properties: DELTA, ...(transformation !== undefined && { transformation }) };
    world = await World.join(engine, { source: { users: people.map((id) => person(id)) }, hr });
    return world.addTarget('Cloud', {}, { properties: { ...RULE, ...more } });
  }

  /** nickName of everybody in the source, and the id of the account that it should be. */
  function stored({ simulator }: WorldTarget): [unknown, unknown][] {
    const accounts = new Map(simulator.store.snapshot().users.map((user) => [user['userName'], user['id']]));
    return world.source.store.snapshot().users.map((user) => [user['nickName'], accounts.get(user['userName'])]);
  }

  function expectStored(target: WorldTarget): void {
    for (const [nickName, id] of stored(target)) expect(nickName).toBe(id);
  }

  const waiting = (): Promise<unknown[]> =>
    engine.pool.query('select error_class as "errorClass", reason from backlog where source_id = $1', [world.hr.no]);

  it('ORD-12: within the same job, once, and what comes back with the next reads is no change', async () => {
    const target = await start();
    const { simulator } = target;
    const first = await engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expect(writesSince(world.source, 0)).toHaveLength(2);
    expectStored(target);

    const marks = [simulator.journal.mark(), world.source.journal.mark()] as const;
    world.source.setClockSkewMs(5_000);
    const delta = await engine.runJob(world.hr);
    expect(delta.job).toMatchObject({ readMode: 'Delta Read', status: 'Success' });
    expect(summary(delta.statistics)).toEqual({ 'HR user': 'read 2' });
    world.source.setClockSkewMs(10_000);
    const again = await engine.runJob(world.hr);
    expect(summary(again.statistics)).toEqual({});
    expect(writesSince(simulator, marks[0])).toEqual([]);
    expect(writesSince(world.source, marks[1])).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('ORD-12: when the source has lost or changed the value it gets it again, and the target gets nothing', async () => {
    const read = withGroups('source');
    const user = { mappings: [...listOf(read['user']), { type: 'remove', targetPath: '$.nickName' }] };
    const target = await start({}, ['P', 'Q'], { ...read, user });
    await engine.runJob(world.hr);
    world.source.store.update('User', 'P', { nickName: 'somebody' });
    const { nickName: _, ...bare } = world.source.store.snapshot().users.find((user) => user['id'] === 'Q') ?? {};
    world.source.store.remove('User', 'Q');
    world.source.store.add('User', bare);
    const mark = target.simulator.journal.mark();
    world.source.setClockSkewMs(5_000);
    const { statistics } = await engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 2' });
    expect(writesSince(target.simulator, mark)).toEqual([]);
    expectStored(target);
  });

  it('ORD-12: an account that is created anew has another value, which goes to the source', async () => {
    const target = await start();
    await engine.runJob(world.hr);
    for (const { id } of target.simulator.store.snapshot().users) target.simulator.store.remove('User', String(id));
    await engine.runJob(world.hr, 'resync');
    expect(userNames(target.simulator)).toHaveLength(2);
    expectStored(target);
  });

  it('ORD-12: when only the write-back fails the entity is failed with 432, linked, and due until the source has the value', async () => {
    const target = await start({}, ['P']);
    world.source.faults.arm({ effect: { kind: 'status', status: 403 }, match: { methods: ['PATCH'] } });
    const failed = await engine.runJob(world.hr);
    expect(failed.job.status).toBe('Finished with Error');
    expect(summary(failed.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'failed 1' });
    const log = await engine.pool.query<{ message: string }>(
      'select code, message, result from entity_log where source_id = $1',
      [world.hr.no],
    );
    expect(log).toMatchObject([{ code: '432', result: 'failed' }]);
    expect(JSON.stringify(log)).toContain(
      'The account was written, its id could not be stored in the source: HTTP operation',
    );
    expect(documentedResult(log[0]?.message).whatHappened).toContain('ORD-12');
    expect(await waiting()).toMatchObject([{ errorClass: 'writeBack' }]);
    expect(userNames(target.simulator)).toEqual(['P@example.com']);

    world.source.faults.clear();
    const mark = target.simulator.journal.mark();
    await engine.letTimePass();
    await engine.heal();
    expectStored(target);
    expect(await waiting()).toEqual([]);
    expect(writesSince(target.simulator, mark)).toEqual([]);
  });

  it('ORD-12: in bulk mode, where answers hold no entity, it is asked for', async () => {
    const target = await start({ 'scim.support.bulk.operation': 'true', 'scim.bulk.operations.max.count': '10' });
    const { statistics } = await engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expectStored(target);
  });

  it('ORD-12: a plan sends nothing to the source, and what it applies is written back', async () => {
    const target = await start();
    await engine.runJob(world.hr, 'readPlan');
    expect(writesSince(world.source, 0)).toEqual([]);
    await engine.approveAndApply(await engine.newestPlan(world.hr));
    expectStored(target);
  });

  it.each([
    ['created, nothing written back', 'answered', 1],
    ['the source has it, nothing is settled', 'writtenBack', 1],
    ['one of two is written back', 'writtenBack', 2],
  ] as const)('ORD-12: a process that dies (%s) leaves nothing undone and nobody twice', async (_, moment, nth) => {
    const target = await start();
    const { runKey, jobId } = await engine.request(world.hr);
    const mortal = new Mortal({ moment, nth });
    const pool = mortal.pool(engine.databaseUrl);
    const dying = engine.newProcess({
      pool,
      decorateFactory: (factory) => mortal.factory(factory),
      reached: mortal.reached,
    });
    await expect(engine.workThrough(runKey, dying)).rejects.toThrow();
    await dying.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBe(`${moment} ${nth}`);
    await expireLeases(engine.pool, world.hr.no);
    await engine.workThrough(runKey);
    expect((await engine.finished(jobId)).job.status).toBe('Success');
    expect(userNames(target.simulator)).toEqual(['P@example.com', 'Q@example.com']);
    expectStored(target);
    expect(await waiting()).toEqual([]);
    for (const [, { creates }] of target.simulator.journal.createsPerKey()) expect(creates).toBe(1);
  });

  it('ORD-12: two targets cannot decide one attribute of the source: the job says so and sends nothing', async () => {
    await start();
    const { simulator } = await world.addTarget(
      'Wiki',
      {},
      { properties: { 'ips.write.back.attribute': 'userName=nickName' } },
    );
    const { job } = await engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Finished with Error' });
    expect(job.errorMessage).toMatch(/^Cloud.*, Wiki.*: both write back to nickName of the source/);
    expect(userNames(simulator)).toEqual([]);
  });
});
