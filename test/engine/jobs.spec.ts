import { afterEach, describe, expect, it } from '@jest/globals';
import { person, group, summary, userNames, World, writesSince } from '../support/world.js';

describe('jobs on the engine', () => {
  let world: World;
  afterEach(() => world.stop());

  it('JOB-6: Read creates, updates and deletes; a run without changes sends nothing; Resync writes everybody', async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R', 'S'].map((id) => person(id)) } });
    const { simulator: cloud } = await world.addTarget('Cloud');

    const first = await world.engine.runJob(world.hr);
    expect(first.job).toMatchObject({ status: 'Success', readMode: 'Full Read', errorMessage: null, outcome: [] });
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 4', 'Cloud user': 'created 4' });

    world.source.store.update('User', 'R', { title: 'Lead' });
    world.source.store.remove('User', 'S');
    world.source.store.add('User', person('T'));
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({
      'HR user': 'read 4',
      'Cloud user': 'created 1, updated 1, deleted 1',
    });
    expect(second.job.outcome).toEqual(['Cloud, user: Deletion executed: 1']);
    expect(userNames(cloud)).toEqual(userNames(world.source));

    const mark = cloud.journal.mark();
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 4' });
    expect(writesSince(cloud, mark)).toEqual([]);

    const resync = await world.engine.runJob(world.hr, 'resync');
    expect(summary(resync.statistics)).toEqual({ 'HR user': 'read 4', 'Cloud user': 'updated 4' });
    const after = cloud.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, after)).toEqual([]);
  });

  it('JOB-4, CHG-7: Resync creates again what was removed in the target', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const [gone] = cloud.store.snapshot().users;
    cloud.store.remove('User', String(gone?.['id']));
    const resync = await world.engine.runJob(world.hr, 'resync');
    expect(summary(resync.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, updated 1' });
    expect(userNames(cloud)).toEqual(userNames(world.source));
  });

  it('ORD-1, WRT-7: groups follow users, and a member that appears later is added to its groups in the same run', async () => {
    world = await World.start({ source: { users: [person('P')], groups: [group('G', ['P', 'X'])] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    expect(cloud.store.snapshot().groups[0]?.['members']).toHaveLength(1);

    world.source.store.add('User', person('X'));
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({
      'HR user': 'read 2',
      'HR group': 'read 1',
      'Cloud user': 'created 1',
      'Cloud group': 'updated 1',
    });
    expect(cloud.store.snapshot().groups[0]?.['members']).toHaveLength(2);
    const mark = cloud.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, mark)).toEqual([]);
  });

  it('CNF-1, DEL-12: who existed before is adopted and overwritten, and is never deleted without the property', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'new' })] } });
    const { simulator: cloud, system } = await world.addTarget('Cloud', {
      users: [person('P', { id: 'old', title: 'old' })],
    });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });
    expect(cloud.store.snapshot().users[0]).toMatchObject({ id: 'old', title: 'new' });

    world.source.store.remove('User', 'P');
    world.source.store.add('User', person('Z'));
    const second = await world.engine.runJob(world.hr);
    expect(second.job.outcome).toEqual(['Cloud, user: 1 entities kept because they existed before']);
    expect(userNames(cloud)).toEqual(['P@example.com', 'Z@example.com']);
    expect(system.name).toBe('Cloud');
  });

  it('DEL-21: a source that returns nobody deletes nobody', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    world.source.store.remove('User', 'Q');
    const second = await world.engine.runJob(world.hr);
    expect(second.job).toMatchObject({
      status: 'Finished with Error',
      outcome: ['Cloud, user: Deletion not executed: source system returned no entities'],
    });
    expect(userNames(cloud)).toHaveLength(2);
  });

  it('DEL-1, RTY-1: one person who cannot be read blocks all deletions, and is named as failed', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q'), person('R')] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    world.source.faults.arm({
      effect: { kind: 'missingId', at: 0 },
      match: { operations: ['list'], type: 'User' },
      times: 1,
    });
    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Finished with Error');
    expect(second.job.outcome).toEqual(['Cloud, user: Deletion not executed: 1 entities failed in the source system']);
    expect(userNames(cloud)).toHaveLength(3);
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
  });

  it('SKP-1, SKP-2, SKP-3: conditions skip and deprovision', async () => {
    const condition = "$.userType != 'guest'";
    world = await World.start({ source: { users: [person('P'), person('Q', { userType: 'guest' })] } });
    const { simulator: cloud, system } = await world.addTarget('Cloud');
    const { withGroups } = await import('../support/engine.js');
    const write = withGroups('target');
    await world.engine.setTransformation(system, { ...write, user: { ...Object(write['user']), condition } });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1, skipped 1' });
    const again = await world.engine.runJob(world.hr);
    expect(summary(again.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'skipped 1' });

    world.source.store.update('User', 'P', { userType: 'guest' });
    const leaves = await world.engine.runJob(world.hr);
    expect(summary(leaves.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1, skipped 1' });
    expect(userNames(cloud)).toEqual([]);
    const later = await world.engine.runJob(world.hr);
    expect(summary(later.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'skipped 2' });
  });
});
