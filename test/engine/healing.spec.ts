import { afterEach, describe, expect, it } from '@jest/globals';
import { requestRun, requestStop } from '../../state/runs/index.js';
import { withGroups } from '../support/engine.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

const NO_RETRIES = { 'ips.failed.request.retry.attempts': '0' };
const REFUSAL = { kind: 'status', status: 400, scimType: 'invalidValue' } as const;

describe('healing outside of jobs', () => {
  let world: World;
  afterEach(() => world.stop());

  async function backlog(): Promise<
    { sourceKey: string; state: number; attempts: number; errorClass: string | null }[]
  > {
    return world.engine.pool.query(
      `select e.source_key as "sourceKey", b.state, b.attempts, b.error_class as "errorClass"
         from backlog b join entity e on e.entity_no = b.entity_no order by 1`,
    );
  }

  it('HEA-2, HEA-4: what failed is tried at its time, outside of jobs; it counts in none and leaves a line in the log', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'], key: 'P@example.com' }, times: 2 });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, failed 1' });
    // A minute has not passed.
    expect(await world.engine.heal()).toBe(0);
    await world.engine.letTimePass();
    expect(await world.engine.heal()).toBe(1);
    expect(await backlog()).toEqual([{ sourceKey: 'P', state: 2, attempts: 2, errorClass: 'validation' }]);
    await world.engine.letTimePass();
    await world.engine.heal();
    expect(await backlog()).toEqual([]);
    expect(userNames(simulator)).toEqual(['P@example.com', 'Q@example.com']);
    expect(summary((await world.engine.finished(job.jobId)).statistics)).toEqual(summary(statistics));
    const log = await world.engine.pool.query('select result from entity_log where run_key is null order by at');
    expect(log).toEqual([{ result: 'failed' }, { result: 'created' }]);
    const mark = simulator.journal.mark();
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toEqual({ 'HR user': 'read 2' });
    expect(writesSince(simulator, mark)).toEqual([]);
  });

  it('HEA-4: the source is asked first when the stored body is old, and what it says is written to all targets', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    const { simulator: wiki } = await world.addTarget('Wiki');
    cloud.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 1 });
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    await world.engine.letTimePass();
    const mark = world.source.journal.mark();
    await world.engine.heal();
    await world.engine.heal();
    expect(cloud.store.snapshot().users[0]).toMatchObject({ title: 'Lead' });
    expect(wiki.store.snapshot().users[0]).toMatchObject({ title: 'Lead' });
    expect(world.source.journal.since(mark).filter((record) => record.operation === 'get')).toHaveLength(1);
  });

  it('HEA-4: a body that was read within 15 minutes is not read again', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.pool.query('update backlog set next_at = now()');
    const mark = world.source.journal.mark();
    await world.engine.heal();
    expect(world.source.journal.since(mark)).toEqual([]);
    expect(userNames(simulator)).toEqual(['P@example.com']);
  });

  it('HEA-4: whom the source does not know gets nothing sent and is parked until a full read; a delta run creates nobody either', async () => {
    world = await World.start({
      source: { users: [person('P'), person('Q')] },
      hr: { properties: { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' } },
    });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'], key: 'P@example.com' } });
    await world.engine.runJob(world.hr);
    simulator.faults.clear();
    world.source.store.remove('User', 'P');
    await world.engine.letTimePass();
    await world.engine.heal();
    await world.engine.heal();
    expect(await backlog()).toMatchObject([{ sourceKey: 'P', state: 6 }]);
    world.source.setClockSkewMs(5_000);
    const delta = await world.engine.runJob(world.hr);
    expect(delta.job.readMode).toBe('Delta Read');
    expect(userNames(simulator)).toEqual(['Q@example.com']);
    expect(await backlog()).toMatchObject([{ sourceKey: 'P', state: 6 }]);
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      Authentication: 'NoAuthentication',
    });
    const full = await world.engine.runJob(world.hr);
    expect(full.job.readMode).toBe('Full Read');
    await world.engine.heal();
    expect(await backlog()).toEqual([]);
    expect(userNames(simulator)).toEqual(['Q@example.com']);
  });

  it('HEA-4: a person whom the source did not know for a moment is written by the next full read', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.letTimePass();
    world.source.faults.arm({ effect: { kind: 'status', status: 404 }, match: { operations: ['get'] }, times: 1 });
    await world.engine.heal();
    expect(await backlog()).toMatchObject([{ state: 6 }]);
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'created 1' });
    expect(await backlog()).toEqual([]);
    expect(userNames(simulator)).toEqual(['P@example.com']);
  });

  it('HEA-4: while the source does not answer nothing is sent; people who do not meet the read condition any more are only marked', async () => {
    const read = withGroups('source');
    world = await World.start({
      source: { users: [person('P')] },
      hr: { transformation: { ...read, user: { ...Object(read['user']), condition: "$.userType != 'guest'" } } },
    });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['PUT'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.letTimePass();
    await world.source.down();
    const mark = simulator.journal.mark();
    await world.engine.heal();
    await world.source.up();
    world.source.store.update('User', 'P', { userType: 'guest' });
    await world.engine.heal();
    expect(writesSince(simulator, mark)).toEqual([]);
    expect(await world.engine.pool.query('select out_of_scope from link')).toEqual([{ out_of_scope: true }]);
    expect(userNames(simulator)).toEqual(['P@example.com']);
  });

  it('HEA-3: a pair that lacks a reference is tried as soon as the other entity is there', async () => {
    const write = withGroups('target');
    const user = Object(write['user']);
    const manager = {
      sourcePath: '$.manager',
      targetPath: '$.title',
      condition: '$.manager EMPTY false',
      functions: [{ function: 'resolveEntityIds', entityType: 'user' }],
    };
    const transformation = { ...write, user: { ...user, mappings: [...user.mappings, manager] } };
    world = await World.start({ source: { users: [person('P', { manager: 'Q' }), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud', {}, { transformation });
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'], key: 'Q@example.com' }, times: 1 });
    await world.engine.runJob(world.hr);
    expect(await backlog()).toMatchObject([{ errorClass: 'missingReference' }, { errorClass: 'validation' }]);
    await world.engine.pool.query(`update backlog set next_at = now() where error_class = 'validation'`);
    await world.engine.heal();
    expect(userNames(simulator)).toEqual(['Q@example.com']);
    // Long before its own time.
    await world.engine.heal();
    expect(await backlog()).toEqual([]);
    expect(userNames(simulator)).toEqual(['P@example.com', 'Q@example.com']);
  });

  it('HEA-3: auth waits for changed credentials; saving the properties of the target makes it due', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator, system } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: { kind: 'status', status: 403 }, match: { methods: ['POST'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.letTimePass();
    expect(await world.engine.heal()).toBe(0);
    const properties = { Type: 'HTTP', URL: simulator.url, Authentication: 'NoAuthentication' };
    await world.engine.setProperties(system, properties);
    await world.engine.heal();
    expect(userNames(simulator)).toEqual(['P@example.com']);
  });

  it('HEA-6, HEA-7: after an outage the backlog heals behind the breaker: a probe, one, four, all', async () => {
    const people = Array.from({ length: 9 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people, groups: [group('G', ['p1', 'p2'])] } });
    const { simulator, system } = await world.addTarget('Cloud', {}, { properties: NO_RETRIES });
    await simulator.down();
    const { job } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Finished with Error');
    await world.engine.heal();
    const [gate] = await world.engine.pool.query('select breaker, probes from target_gate where target_id = $1', [
      system.no,
    ]);
    expect(gate).toEqual({ breaker: 'open', probes: 0 });
    await simulator.up();
    // Its time has not come: not even a probe is sent.
    await world.engine.heal();
    expect(simulator.journal.since(0)).toEqual([]);
    await world.engine.letTimePass();
    await world.engine.heal();
    expect(userNames(simulator)).toHaveLength(9);
    expect(simulator.store.snapshot().groups[0]?.['members']).toHaveLength(2);
    expect(await backlog()).toEqual([]);
  });

  it('engine.md §6: nothing is healed while a job runs or waits, after a stop, in disabled systems, or where it is switched off', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator, system } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.letTimePass();
    const { pairs } = await world.engine.activities.findHealable();
    const [pair] = pairs;
    if (pair === undefined) throw new Error('there is nothing to heal');
    const request = { sourceNo: world.hr.no, kind: 'read', trigger: 'IMMEDIATE', triggeredBy: null } as const;
    const run = await requestRun(world.engine.pool, request);
    expect(await refuses(pair)).toBe(true);
    await requestStop(world.engine.pool, run.jobId);
    await world.engine.pool.query(`update run set state = 'finished' where run_key = $1`, [run.runKey]);
    expect(await refuses(pair)).toBe(true);
    await world.engine.pool.query('update source_state set heal_paused = false');
    for (const one of [world.hr, system]) {
      await world.engine.setEnabled(one, false);
      expect(await refuses(pair)).toBe(true);
      await world.engine.setEnabled(one, true);
      await world.engine.pool.query(
        `insert into system_property (system_no, name, value) values ($1, 'ips.healing', 'disabled')`,
        [one.no],
      );
      expect(await refuses(pair)).toBe(true);
      await world.engine.pool.query(`delete from system_property where name = 'ips.healing'`);
    }
    await world.engine.heal();
    expect(userNames(simulator)).toEqual(['P@example.com']);

    async function refuses(input: { sourceNo: number; targetNo: number }): Promise<boolean> {
      const mark = simulator.journal.mark();
      const asked = world.source.journal.mark();
      await world.engine.activities.healPair(input);
      const nothingSent = simulator.journal.since(mark).length + world.source.journal.since(asked).length === 0;
      return nothingSent && (await world.engine.heal()) === 0;
    }
  });

  it('CNF-10: two people with one unique value who are healed together get one account between them, and one conflict', async () => {
    world = await World.start({ source: { users: [person('P', { userName: 'same@example.com' })] } });
    world.source.store.add('User', person('Q', { userName: 'same@example.com' }), { allowDuplicate: true });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 2 });
    await world.engine.runJob(world.hr);
    await world.engine.letTimePass();
    await world.engine.heal();
    expect(userNames(simulator)).toEqual(['same@example.com']);
    expect(await world.engine.pool.query('select state from link where target_key is not null')).toHaveLength(1);
    expect(await backlog()).toMatchObject([{ errorClass: 'conflict' }]);
  });

  it('GOV-3: what is healed goes through the governor', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { active: false });
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['PUT'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.pool.query(
      `insert into governor_use (target_id, type, class, hour, run_key, used)
       select target_id, type, 'disable', date_trunc('hour', now()), 1, 1000 from backlog`,
    );
    await world.engine.letTimePass();
    await world.engine.heal();
    expect(await backlog()).toMatchObject([{ sourceKey: 'P', state: 3 }]);
    expect(simulator.store.snapshot().users[0]).toMatchObject({ active: true });
  });
});
