import { afterEach, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import { endedTargets } from '../../state/runs/target-end.js';
import { withGroups } from '../support/engine.js';
import { person, summary, userNames, World } from '../support/world.js';

const NO_RETRIES = { 'ips.failed.request.retry.attempts': '0' };

/** What is waiting for one person. */
interface Waiting {
  readonly state: number;
  readonly attempts: number;
  readonly errorClass: string | null;
  /** Seconds until the next attempt. */
  readonly waits: number | null;
}

describe('what becomes of a pair that failed', () => {
  let world: World;
  afterEach(() => world.stop());

  async function waiting(sourceKey = 'P'): Promise<Waiting | undefined> {
    const [row] = await world.engine.pool.query<Waiting>(
      `select b.state, b.attempts, b.error_class as "errorClass", extract(epoch from b.next_at - now())::float8 as waits
         from backlog b join entity e on e.entity_no = b.entity_no where e.source_key = $1`,
      [sourceKey],
    );
    return row;
  }

  it('HEA-2: 1 min, 5 min, 30 min, 2 h, 12 h, then daily, each with 10 % jitter, until 28 days after the first failure; then parked', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
    for (const [index, minutes] of [1, 5, 30, 120, 720, 1440, 1440].entries()) {
      await world.engine.runJob(world.hr);
      const row = await waiting();
      expect(row).toMatchObject({ state: 2, attempts: index + 1, errorClass: 'validation' });
      expect(row?.waits).toBeGreaterThan(minutes * 60 * 0.9 - 10);
      expect(row?.waits).toBeLessThanOrEqual(minutes * 60 * 1.1);
    }
    await world.engine.pool.query(`update backlog set failed_at = now() - interval '27 days 12 hours'`);
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ state: 4, errorClass: 'validation' });
    // Other data: everything begins anew.
    world.source.store.update('User', 'P', { title: 'Lead' });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ state: 2, attempts: 1 });
  });

  it.each<[string, FaultEffect, { attempts: number; state: number }]>([
    ['conflict', { kind: 'status', status: 409, scimType: 'uniqueness' }, { attempts: 1, state: 2 }],
    ['validation', { kind: 'status', status: 400, scimType: 'invalidValue' }, { attempts: 1, state: 2 }],
    ['targetFault', { kind: 'status', status: 500 }, { attempts: 1, state: 2 }],
    ['auth', { kind: 'status', status: 403 }, { attempts: 1, state: 2 }],
  ])('HEA-1: a failed update has the class %s', async (errorClass, effect, { state }) => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    simulator.faults.arm({ effect, match: { methods: ['PUT', 'PATCH'] } });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ errorClass, state, attempts: errorClass === 'auth' ? 0 : 1 });
  });

  it('HEA-3: throttled and unreachable use up no attempt; auth waits for no time', async () => {
    world = await World.start({ source: { users: [person('P')] }, engine: { timing: { throttleBudgetMs: 300 } } });
    const { simulator } = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
    simulator.faults.arm({
      name: 'rest',
      effect: { kind: 'status', status: 429, retryAfter: 1 },
      match: { methods: ['POST'] },
    });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ state: 1, attempts: 0, errorClass: 'throttled', waits: null });
    simulator.faults.clear();
    await world.engine.pool.query('delete from target_gate');
    simulator.faults.arm({ effect: { kind: 'drop' }, match: { methods: ['POST'] } });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ state: 1, attempts: 0, errorClass: 'unreachable', waits: null });
    simulator.faults.clear();
    simulator.faults.arm({ effect: { kind: 'status', status: 403 }, match: { methods: ['POST'] } });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ state: 2, attempts: 0, errorClass: 'auth', waits: null });
  });

  it('HEA-1: a pair whose program fails while something it refers to is not linked lacks a reference', async () => {
    const write = withGroups('target');
    const user = Object(write['user']);
    const manager = {
      sourcePath: '$.manager',
      targetPath: '$.title',
      functions: [{ function: 'resolveEntityIds', entityType: 'user' }],
    };
    const transformation = { ...write, user: { ...user, mappings: [...user.mappings, manager] } };
    world = await World.start({ source: { users: [person('P', { manager: 'Q' })] } });
    await world.addTarget('Cloud', {}, { transformation });
    await world.engine.runJob(world.hr);
    expect(await waiting()).toMatchObject({ errorClass: 'missingReference' });
  });

  it('HEA-6, HEA-7: five failures in a row open the breaker; the next job probes once, and a good probe lets all through', async () => {
    const people = Array.from({ length: 12 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people }, engine: { concurrency: 6 } });
    const { simulator, system } = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
    await simulator.down();
    const first = await world.engine.runJob(world.hr);
    expect(first.job).toMatchObject({ status: 'Finished with Error' });
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 12' });
    expect(await gate(system.no)).toMatchObject({ breaker: 'open', cause: 'unreachable', probes: 0 });
    const second = await world.engine.runJob(world.hr);
    expect((await endedTargets(world.engine.pool, second.job.runKey)).get(system.no)?.reason).toMatch(/refused/);
    expect(await gate(system.no)).toMatchObject({ breaker: 'open', probes: 1 });
    await simulator.up();
    const mark = simulator.journal.mark();
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 12', 'Cloud user': 'created 12' });
    expect(third.job.status).toBe('Success');
    const sent = simulator.journal.since(mark);
    const reads = sent.slice(
      0,
      sent.findIndex((record) => record.method === 'POST'),
    );
    expect(reads.filter((record) => record.operation === 'list').map((record) => record.query)).toEqual([
      'startIndex=1&count=1',
    ]);
    // One, then four: nothing is sent before those are answered.
    const writes = sent.filter((record) => record.method === 'POST');
    expect(writes[1]?.receivedAtMs).toBeGreaterThanOrEqual(writes[0]?.endedAtMs ?? Infinity);
    const four = writes.slice(1, 5).map((record) => record.endedAtMs ?? Infinity);
    expect(writes[5]?.receivedAtMs).toBeGreaterThanOrEqual(Math.max(...four));
    expect(await gate(system.no)).toMatchObject({ breaker: null, recent: '' });
    expect(userNames(simulator)).toHaveLength(12);
  });

  it('ORD-7: a target that is down is left out after the last retry, although the retries take longer than a lease', async () => {
    const people = Array.from({ length: 6 }, (_, n) => person(`p${String(n)}`));
    // What is not renewed is good for 6 s of requests; a retry is waited for 6.4 s at least.
    const engine = { concurrency: 4, timing: { leaseMarginMs: 11_000 } };
    world = await World.start({ source: { users: people }, engine });
    const properties = {
      'ips.failed.request.retry.attempts': '1',
      'ips.failed.request.retry.attempts.interval': '8',
    };
    const { simulator, system } = await world.addTarget('Cloud', {}, { properties });
    await simulator.down();
    const { job } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Finished with Error' });
    expect((await endedTargets(world.engine.pool, job.runKey)).get(system.no)?.reason).toMatch(/refused/);
  });

  it('HEA-6: more than half of the last forty results bad opens it in the middle of a job; what is left is neither sent nor failed', async () => {
    const people = Array.from({ length: 120 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people }, engine: { concurrency: 4 } });
    const latency = { replace: { fixedMs: 60 } };
    const { simulator, system } = await world.addTarget('Cloud', { latency }, { properties: NO_RETRIES });
    await world.engine.runJob(world.hr);
    for (const { id } of people) world.source.store.update('User', String(id), { title: 'Lead' });
    const mark = simulator.journal.mark();
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['PUT'] } });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Finished with Error' });
    expect((await endedTargets(world.engine.pool, job.runKey)).get(system.no)?.reason).toMatch(/500/);
    expect(await gate(system.no)).toMatchObject({ breaker: 'open', cause: 'targetFault' });
    const failed = statistics.find((row) => row.systemName === 'Cloud')?.failed ?? 0;
    expect(failed).toBeGreaterThan(20);
    expect(failed).toBeLessThan(120);
    expect(simulator.journal.writesSince(mark)).toHaveLength(failed);
  });

  it('HEA-6: refusals of single entities open nothing, and neither does a breaker that is switched off', async () => {
    const people = Array.from({ length: 50 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people } });
    const { simulator: strict } = await world.addTarget('Strict', {}, { properties: NO_RETRIES });
    const off = { ...NO_RETRIES, 'ips.circuit.breaker': 'disabled' };
    const { simulator: faulty } = await world.addTarget('Faulty', {}, { properties: off });
    await world.engine.runJob(world.hr);
    for (const { id } of people) world.source.store.update('User', String(id), { title: 'Lead' });
    strict.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['PUT'] } });
    faulty.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['PUT'] } });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({
      'HR user': 'read 50',
      'Strict user': 'failed 50',
      'Faulty user': 'failed 50',
    });
    expect(await world.engine.pool.query('select 1 from target_gate where breaker is not null')).toEqual([]);
  });

  async function gate(targetNo: number): Promise<object | undefined> {
    const [row] = await world.engine.pool.query('select * from target_gate where target_id = $1', [targetNo]);
    return row;
  }
});
