import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { updateSystem } from '../../state/config/index.js';
import { closeRunAs } from '../../state/runs/index.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { Actor, Gate } from '../support/actors.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('several actors on one pair', () => {
  let world: World;
  let cloud: WorldTarget;
  let actor: Actor;
  const others: ScimSimulator[] = [];

  beforeEach(async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    actor = Actor.join(world.engine);
  });
  afterEach(async () => {
    await actor.leave();
    await world.stop();
    for (const other of others.splice(0)) await other.stop();
  });

  const users = { type: 'user', late: false } as const;
  const accountOf = (id: string): Record<string, unknown> | undefined =>
    cloud.simulator.store.snapshot().users.find((user) => user['userName'] === `${id}@example.com`);
  const backlog = (): Promise<{ reason: string; forced: boolean }[]> =>
    world.engine.pool.query('select reason, forced from backlog order by entity_no');
  async function furtherRunSendsNothing(): Promise<void> {
    const mark = cloud.simulator.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
  }
  /** A run whose drain has just written P as `title` and has not settled: it goes on when `settling` is opened. */
  async function writing(title: string): Promise<{ runKey: string; settling: Gate; done: Promise<unknown> }> {
    world.source.store.update('User', 'P', { title });
    const { runKey } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user']);
    const [written, settling] = [new Gate(), new Gate()];
    actor.after(/^call update user/, async () => {
      written.open();
      await settling.opened;
    });
    const input = { runKey, targetNo: cloud.system.no, ...users };
    const done = actor.activities.drainChunk(input).catch(() => undefined);
    await written.opened;
    return { runKey, settling, done };
  }

  it('⚠ "The unconditional upsert with gen is what closes A → B → A": between lease and settle', async () => {
    await world.engine.runJob(world.hr);
    const { runKey, settling, done } = await writing('B');
    await closeRunAs(world.engine.pool, runKey, 'lost', 'test');
    world.source.store.update('User', 'P', { title: null });
    const { runKey: next } = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: next });
    await world.engine.readAll(next, ['user', 'group']);
    settling.open();
    await done;
    expect(accountOf('P')).toMatchObject({ title: 'B' });
    await world.engine.workThrough(next);
    expect(accountOf('P')).not.toMatchObject({ title: 'B' });
    await furtherRunSendsNothing();
  });

  it('⚠ "later statement: bodies and links": a page between lease and reading is written, and looked at once more', async () => {
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'B' });
    const { runKey } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user', 'group']);
    actor.after(/^with token as materialized .* picked as/s, async () => {
      // What a page with a newer answer does, in short: body and hash move together with gen.
      const [p] = await world.engine.pool.query<{ no: number }>(
        `select entity_no as no from entity where source_key = 'P'`,
      );
      const [q] = await world.engine.pool.query<{ no: number }>(
        `select entity_no as no from entity where source_key = 'Q'`,
      );
      await world.engine.pool.query('update entity set common_hash = $2 where entity_no = $1', [
        p?.no,
        Buffer.alloc(16),
      ]);
      await world.engine.pool.query('update backlog set gen = gen + 1 where entity_no = $1', [p?.no]);
      expect(q).toBeDefined();
    });
    await actor.activities.drainChunk({ runKey, targetNo: cloud.system.no, ...users });
    expect(actor.unreached).toBe(0);
    const links = await world.engine.pool.query(
      `select l.common_hash = e.common_hash as same from link l join entity e using (entity_no) where e.source_key = 'P'`,
    );
    expect(links).toEqual([{ same: true }]);
    expect(await backlog()).toEqual([]);
    await actor.activities.finishRun({ runKey, end: 'completed' });
  });

  it('§6: what comes due when an older attempt settles is offered before the drain ends', async () => {
    await world.engine.runJob(world.hr);
    const { runKey, settling, done } = await writing('B');
    const newer = Actor.join(world.engine);
    // The lease query was empty because the older attempt holds the pair; it settles before the newer one asks for leases.
    newer.before(/lease_until is not null\s+and \(b\.lease_until/, async () => {
      await world.engine.pool.query('update backlog set gen = gen + 1');
      settling.open();
      await done;
    });
    expect(await newer.activities.drainChunk({ runKey, targetNo: cloud.system.no, ...users })).toEqual({ more: false });
    expect(newer.unreached).toBe(0);
    await newer.leave();
    expect(await backlog()).toEqual([]);
  });

  it('invariant 1: a pair that is swept while a closed run still writes it keeps its row', async () => {
    await world.engine.runJob(world.hr);
    const { runKey, settling, done } = await writing('B');
    await closeRunAs(world.engine.pool, runKey, 'lost', 'test');
    // The change to C comes while the pair is disabled: no page makes it due.
    await world.engine.setEnabled(cloud.system, false);
    world.source.store.update('User', 'P', { title: 'C' });
    await world.engine.runJob(world.hr);
    await world.engine.setEnabled(cloud.system, true);
    const { runKey: next } = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: next });
    await world.engine.sweep(next);
    await world.engine.readAll(next, ['user', 'group']);
    settling.open();
    await done;
    await world.engine.workThrough(next);
    expect(accountOf('P')).toMatchObject({ title: 'C' });
  });

  it('CNF-10: two people of one source with one user name, in one batch: one account, one link, one failure', async () => {
    world.source.store.add('User', person('D', { userName: 'P@example.com' }), { allowDuplicate: true });
    const settled = new Gate();
    // The answer to the first create takes longer than everything the second one does.
    actor.after(/^call create user/, () => settled.opened);
    actor.after(/^call resolveExisting user/, async () => void setTimeout(settled.open, 300));
    const { runKey, jobId } = await world.engine.request(world.hr);
    await world.engine.workThrough(runKey, actor.process);
    expect(actor.unreached).toBe(0);
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 4', 'Cloud user': 'created 3, failed 1' });
    const shared = await world.engine.pool.query(
      'select target_key from link where state = 1 group by target_key having count(*) > 1',
    );
    expect(shared).toEqual([]);
  });

  it('CNF-10, invariant 8: two people of one source adopt one account at the same moment: only one does', async () => {
    await world.stop();
    world = await World.start({ source: { users: [person('P')] } });
    cloud = await world.addTarget('Cloud', { users: [person('P', { id: 'old' })] });
    world.source.store.add('User', person('D', { userName: 'P@example.com' }), { allowDuplicate: true });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1, failed 1' });
    const shared = await world.engine.pool.query(
      'select target_key from link where state = 1 group by target_key having count(*) > 1',
    );
    expect(shared).toEqual([]);
  });

  it('CNF-11, DEL-20: two sources create one person at the same moment: one account; it stays as long as one of them has it', async () => {
    const second = await startScimSimulator({ users: ['P', 'Q', 'Z'].map((id) => person(id)) });
    others.push(second);
    const crm = await world.engine.addSource('CRM', second.url);
    await Promise.all([world.engine.runJob(world.hr), world.engine.runJob(crm)]);
    await Promise.all([world.engine.runJob(world.hr), world.engine.runJob(crm)]);
    expect(userNames(cloud.simulator)).toEqual(['P', 'Q', 'R', 'Z'].map((id) => `${id}@example.com`));
    for (const [key, { creates }] of cloud.simulator.journal.createsPerKey()) expect([key, creates]).toEqual([key, 1]);
    world.source.store.remove('User', 'P');
    second.store.remove('User', 'Q');
    await Promise.all([world.engine.runJob(world.hr), world.engine.runJob(crm)]);
    expect(userNames(cloud.simulator)).toEqual(['P', 'Q', 'R', 'Z'].map((id) => `${id}@example.com`));
  });

  it('DEL-20, SYS-12: a person who returns in another source between the look for other links and the delete waits for it, and is created again', async () => {
    await world.engine.runJob(world.hr);
    const second = await startScimSimulator({ users: ['P', 'Z'].map((id) => person(id)) });
    others.push(second);
    const crm = await world.engine.addSource('CRM', second.url);
    await world.engine.runJob(crm);
    // Gone in the second source too, in a run that is stopped before it deletes: the link stays.
    second.store.remove('User', 'P');
    const { runKey: stopped } = await world.engine.request(crm);
    await world.engine.activities.openRun({ runKey: stopped });
    await world.engine.readAll(stopped, ['user', 'group']);
    await world.engine.activities.planAbsence({ runKey: stopped, targetNo: cloud.system.no });
    await world.engine.activities.finishRun({ runKey: stopped, end: 'stopped' });
    world.source.store.remove('User', 'P');
    const { runKey } = await world.engine.request(world.hr);
    const returning: { job?: Promise<unknown> } = {};
    actor.before(/^call delete user/, async () => {
      second.store.add('User', person('P', { title: 'back' }));
      returning.job = world.engine.runJob(crm);
      // Long enough for the other source to come to the account; it cannot be written while it is being deleted.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(accountOf('P')).not.toMatchObject({ title: 'back' });
    });
    await world.engine.workThrough(runKey, actor.process);
    expect(actor.unreached).toBe(0);
    await returning.job;
    await world.engine.runJob(crm);
    expect(accountOf('P')).toMatchObject({ title: 'back' });
  });

  it('§6 References: a member that is linked between the mapping and the settle of its group gets into the group in this run', async () => {
    world.source.store.add('Group', group('G', ['P', 'Q']));
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['POST'], key: 'P@example.com' },
    });
    const { runKey, jobId } = await world.engine.request(world.hr);
    actor.before(/^call create group/, async () => {
      const id = cloud.simulator.store.add('User', person('P', { id: 'late-P' }));
      await world.engine.pool.query(
        `insert into link (target_id, entity_no, type, state, origin, target_key)
         select $1, entity_no, type, 1, 2, $2 from entity where source_key = 'P'`,
        [cloud.system.no, id],
      );
    });
    await world.engine.workThrough(runKey, actor.process);
    expect(actor.unreached).toBe(0);
    expect((await world.engine.finished(jobId)).job.status).toBe('Finished with Error');
    expect(cloud.simulator.store.snapshot().groups[0]?.['members']).toHaveLength(2);
  });

  it('§6 "A changed or vanished target_key makes its owners due": also when the account could not be created again at once', async () => {
    world.source.store.add('Group', group('G', ['P', 'Q']));
    await world.engine.runJob(world.hr);
    cloud.simulator.store.remove('User', String(accountOf('P')?.['id']));
    world.source.store.update('User', 'P', { title: 'Lead' });
    const refusal = cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['POST'], key: 'P@example.com' },
    });
    await world.engine.runJob(world.hr);
    cloud.simulator.faults.disarm(refusal);
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr);
    const members = cloud.simulator.store.snapshot().groups[0]?.['members'];
    expect(members).toEqual(expect.arrayContaining([expect.objectContaining({ value: accountOf('P')?.['id'] })]));
    await furtherRunSendsNothing();
  });

  it('§6: a settle that comes after its target was disconnected leaves no row behind', async () => {
    await world.engine.runJob(world.hr);
    const { runKey, settling, done } = await writing('B');
    await world.engine.dataSource.transaction((manager) =>
      updateSystem(manager, cloud.system.no, { sources: { selection: 'none' } }),
    );
    settling.open();
    await done;
    expect(await backlog()).toEqual([]);
    await world.engine.activities.finishRun({ runKey, end: 'completed' });
    await world.engine.dataSource.transaction((manager) =>
      updateSystem(manager, cloud.system.no, { sources: { selection: 'all' } }),
    );
    await world.engine.runJob(world.hr);
    expect(accountOf('P')).toMatchObject({ title: 'B' });
    await furtherRunSendsNothing();
  });

  it('invariant 8: two attempts of one drain at the same time create nobody twice', async () => {
    const { runKey, jobId } = await world.engine.request(world.hr);
    await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user', 'group']);
    const input = { runKey, targetNo: cloud.system.no, ...users };
    const second: { end?: Promise<unknown> } = {};
    actor.before(/^call create user/, async () => {
      second.end = world.engine.activities.drainChunk(input);
    });
    await actor.activities.drainChunk(input).catch(() => undefined);
    await second.end;
    expect(actor.unreached).toBe(0);
    await world.engine.workThrough(runKey);
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
    for (const [key, { creates }] of cloud.simulator.journal.createsPerKey()) expect([key, creates]).toEqual([key, 1]);
  });
});
