import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { withCondition, withGroups } from '../support/engine.js';
import { person, summary, World, writesSince } from '../support/world.js';

interface LinkRow {
  state: number;
  origin: number;
  targetKey: string;
  commonHash: Buffer;
  targetHash: Buffer;
  version: number;
}

describe('links, change detection and writing', () => {
  let world: World;
  afterEach(() => world.stop());

  async function links(): Promise<LinkRow[]> {
    return world.engine.pool.query<LinkRow>(
      `select state, origin, target_key as "targetKey", common_hash as "commonHash", target_hash as "targetHash", version
         from link order by target_id, entity_no`,
    );
  }

  /** Who is out of step. */
  async function backlog(): Promise<string[]> {
    const rows = await world.engine.pool.query<{ sourceKey: string }>(
      'select e.source_key as "sourceKey" from backlog b join entity e on e.entity_no = b.entity_no order by 1',
    );
    return rows.map((row) => row.sourceKey);
  }

  it('LNK-1, LNK-2, LNK-4: a link keeps target id, origin and hashes for each target', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    const { simulator: wiki } = await world.addTarget('Wiki', { users: [person('P', { id: 'old' })] });
    await world.engine.runJob(world.hr);
    const [created, existed] = await links();
    expect(created).toMatchObject({ state: 1, origin: 1, targetKey: cloud.store.snapshot().users[0]?.['id'] });
    expect(existed).toMatchObject({ state: 1, origin: 2, targetKey: wiki.store.snapshot().users[0]?.['id'] });
    expect(created?.commonHash).toEqual(existed?.commonHash);
    expect(created?.targetHash).toHaveLength(16);
  });

  it('LNK-5: stored documents are encrypted, and go with the link', async () => {
    world = await World.start({ source: { users: [person('P', { nickName: 'canary-4711' }), person('W')] } });
    await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const bodies = await world.engine.pool.query<{ body: Buffer }>(
      'select body from entity_body union all select body from link_body',
    );
    expect(bodies).toHaveLength(4);
    for (const { body } of bodies) expect(body.includes('canary')).toBe(false);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    const left = await world.engine.pool.query('select 1 from entity_body union all select 1 from link_body');
    expect(left).toHaveLength(2);
  });

  it('CHG-1, CHG-8, RTY-1: a failed write is tried again by the next Read although nothing changed', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    const refusal = simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['PUT'] },
    });
    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Finished with Error');
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 1' });
    simulator.faults.disarm(refusal);
    const third = await world.engine.runJob(world.hr);
    expect(third.job.status).toBe('Success');
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1' });
  });

  it('CHG-2, CHG-3: another order of keys, members and mails, and an attribute that is null, change nothing', async () => {
    const mails = [
      { value: 'a@example.com', type: 'work' },
      { value: 'b@example.com', type: 'home' },
    ];
    world = await World.start({ source: { users: [person('P', { emails: mails, title: 'x' })] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const mark = simulator.journal.mark();
    world.source.store.update('User', 'P', { emails: [...mails].reverse(), nickName: null });
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 1' });
    expect(writesSince(simulator, mark)).toEqual([]);
  });

  /** P is wanted until June, W for long; the time is that of `clock`. */
  async function startDated(clock: () => Date): Promise<void> {
    world = await World.start({
      source: { users: [person('P', { title: '2026-06-01' }), person('W', { title: '2099-01-01' })] },
      engine: { clock },
    });
    const properties = { 'ips.date.variable.format': 'yyyy-MM-dd' };
    const transformation = withCondition('target', "$.title > '${currentDate}'");
    await world.addTarget('Cloud', {}, { properties, transformation });
  }

  it('CHG-5: a condition on the date lets somebody leave on a day on which nothing changed', async () => {
    let now = new Date('2026-05-01T00:00:00Z');
    await startDated(() => now);
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'HR user': 'read 2' });
    now = new Date('2026-07-01T00:00:00Z');
    const later = await world.engine.runJob(world.hr);
    expect(summary(later.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
  });

  it('CHG-5: nor does an attribute that changes in every read, and that nobody maps, keep somebody whose date has passed', async () => {
    let now = new Date('2026-05-01T00:00:00Z');
    await startDated(() => now);
    await world.engine.runJob(world.hr);
    now = new Date('2026-07-01T00:00:00Z');
    // Nothing but the version and the time in `meta` moves.
    for (const id of ['P', 'W']) world.source.store.update('User', id, { active: true });
    const later = await world.engine.runJob(world.hr);
    expect(summary(later.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
  });

  it('CHG-6, JOB-4: Resync overwrites what was changed in the target, and refreshes the hashes', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'right' })] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const id = String(simulator.store.snapshot().users[0]?.['id']);
    simulator.store.update('User', id, { title: 'wrong' });
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'HR user': 'read 1' });
    await world.engine.runJob(world.hr, 'resync');
    expect(simulator.store.get('User', id)).toMatchObject({ title: 'right' });
  });

  it('CHG-1, CHG-6, RDM-12: a Resync that somebody’s account has refused is made up for by the next Read', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'right' }), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const id = String(simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id']);
    simulator.store.update('User', id, { title: 'wrong' });
    const refusal = simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['PUT'] },
    });
    const refused = await world.engine.runJob(world.hr, 'resync');
    expect(summary(refused.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 2' });
    expect(await backlog()).toEqual(['P', 'Q']);
    simulator.faults.disarm(refusal);
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({
      'HR user': 'read 2',
      'Cloud user': 'updated 2',
    });
    expect(simulator.store.get('User', id)).toMatchObject({ title: 'right' });
    expect(await backlog()).toEqual([]);
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'HR user': 'read 2' });
  });

  it('WRT-1: createEntity mappings run on create only', async () => {
    const write = withGroups('target');
    const user = Object(write['user']);
    const mappings: JsonObject[] = [
      ...user['mappings'],
      { constant: 'imported', targetPath: '$.userType', scope: 'createEntity' },
    ];
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator } = await world.addTarget(
      'Cloud',
      { journal: { keepBodies: true } },
      { transformation: { ...write, user: { ...user, mappings } } },
    );
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    const mark = simulator.journal.mark();
    await world.engine.runJob(world.hr);
    const [creation, update] = simulator.journal
      .writesSince(0)
      .map((record): unknown => JSON.parse(record.body ?? '{}'));
    expect(creation).toMatchObject({ userType: 'imported' });
    expect(update).not.toHaveProperty('userType');
    expect(writesSince(simulator, mark)).toHaveLength(1);
  });

  it('WRT-2: with PATCH only what differs from the last written state is sent; a Resync sends all attributes', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'a', nickName: 'n' })] } });
    const properties = { 'scim.support.patch.operation': 'true' };
    const { simulator } = await world.addTarget('Cloud', { journal: { keepBodies: true } }, { properties });
    await world.engine.runJob(world.hr);
    const mark = simulator.journal.mark();
    world.source.store.update('User', 'P', { title: 'b', nickName: null });
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr, 'resync');
    const [update, resync] = simulator.journal
      .writesSince(mark)
      .map((record) => JSON.parse(record.body ?? '{}') as { Operations: { op: string; path: string }[] });
    expect(update?.Operations.map(({ op, path }) => `${op} ${path}`).sort()).toEqual([
      'remove nickName',
      'replace title',
    ]);
    expect(resync?.Operations.map(({ path }) => path)).toEqual(expect.arrayContaining(['userName', 'title', 'active']));
    expect(simulator.store.snapshot().users[0]).toMatchObject({ title: 'b' });
  });

  it('JOB-15: a transformation saved during a run has no effect on it, and is carried out by the next one', async () => {
    world = await World.start({ source: { users: [person('P', { nickName: 'n' })] } });
    const { simulator, system } = await world.addTarget('Cloud');
    const write = withGroups('target');
    const user = Object(write['user']);
    const changed = {
      ...write,
      user: { ...user, mappings: [...user['mappings'], { type: 'remove', targetPath: '$.nickName' }] },
    };
    const run = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: run.runKey });
    await world.engine.setTransformation(system, changed);
    await world.engine.workThrough(run.runKey);
    expect(simulator.store.snapshot().users[0]).toHaveProperty('nickName', 'n');
    await world.engine.runJob(world.hr);
    expect(simulator.store.snapshot().users[0]).not.toHaveProperty('nickName');
  });

  it('LNK-3: one link for each target, whatever happens to the entity', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    await world.addTarget('Wiki');
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr, 'resync');
    expect(await links()).toHaveLength(2);
  });

  it('JOB-5, DEL-5: a Read deletes whom a new filter of the source does not return any more, although he or she exists', async () => {
    world = await World.start({ source: { users: [person('P', { userType: 'guest' }), person('W')] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const connection = {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
    };
    await world.engine.setProperties(world.hr, { ...connection, 'scim.user.filter': 'userName sw "W"' });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
    expect(job.outcome).toEqual(['Cloud, user: Deletion executed: 1']);
    expect(simulator.store.snapshot().users).toHaveLength(1);
  });
});
