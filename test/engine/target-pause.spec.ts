import { afterEach, describe, expect, it } from '@jest/globals';
import { setTargetPaused } from '../../state/config/index.js';
import { isHealingAllowed } from '../../state/healing/guard.js';
import { listEndedTargets } from '../../state/runs/index.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** A target in maintenance must not be written to, and must miss nobody. */
describe('a target that is paused for maintenance', () => {
  let world: World;
  let cloud: WorldTarget;
  let wiki: WorldTarget;
  afterEach(() => world.stop());

  async function start(
    people: readonly string[] = ['P', 'Q', 'R'],
    properties: Record<string, string> = {},
  ): Promise<void> {
    world = await World.start({
      source: { users: people.map((id) => person(id)), groups: [group('G', ['P'])] },
      hr: { properties },
      engine: { concurrency: 2 },
    });
    cloud = await world.addTarget('Cloud');
    wiki = await world.addTarget('Wiki');
  }

  const setPaused = (paused: boolean): Promise<void> =>
    world.engine.dataSource.transaction((manager) => setTargetPaused(manager, cloud.system.no, paused));

  /** Who is out of step with the target, by the ids in the source. */
  const waiting = async (): Promise<string[]> => {
    const rows = await world.engine.pool.query<{ key: string }>(
      'select e.source_key as key from backlog b join entity e using (entity_no) where b.target_id = $1 order by 1',
      [cloud.system.no],
    );
    return rows.map((row) => row.key);
  };

  it('gets nothing, collects what it is to get, and gets all of it after the pause; the job has no error', async () => {
    await start();
    await world.engine.runJob(world.hr);
    await setPaused(true);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.remove('User', 'Q');
    world.source.store.add('User', person('S'));
    const mark = cloud.simulator.journal.mark();
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Success', errorMessage: null });
    expect(job.outcome).toEqual([
      'Cloud, user: Deletion not executed: target system not available',
      'Cloud, group: Deletion not executed: target system not available',
      'Wiki, user: Deletion executed: 1',
    ]);
    expect(summary(statistics)).toMatchObject({ 'Wiki user': 'created 1, updated 1, deleted 1' });
    expect(summary(statistics)).not.toHaveProperty('Cloud user');
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(await waiting()).toEqual(['P', 'Q', 'S']);
    expect(await listEndedTargets(world.engine.pool, job.runKey)).toMatchObject([
      { systemName: 'Cloud', isPaused: true },
    ]);
    await setPaused(false);
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)['Cloud user']).toBe('created 1, updated 1, deleted 1');
    expect(userNames(cloud.simulator)).toEqual(userNames(wiki.simulator));
  });

  it('SYS-24: paused in the middle of a job: what is under way ends, nothing else starts, and the rest waits', async () => {
    await start(Array.from({ length: 300 }, (_, n) => `p${n}`));
    await cloud.simulator.stop();
    cloud = await world.addTarget('Slow', { latency: { create: { fixedMs: 40 } } });
    const run = await world.engine.request(world.hr);
    const working = world.engine.workThrough(run.runKey);
    while (cloud.simulator.journal.writesSince(0).length < 10) await new Promise((resolve) => setTimeout(resolve, 10));
    await setPaused(true);
    const pausedAt = performance.timeOrigin + performance.now();
    await working;
    const late = cloud.simulator.journal.writesSince(0).filter((record) => record.receivedAtMs > pausedAt + 2_500);
    expect(late).toEqual([]);
    const written = userNames(cloud.simulator).length;
    expect(written).toBeLessThan(300);
    await setPaused(false);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toHaveLength(300);
    for (const counts of cloud.simulator.journal.createsPerKey().values()) expect(counts.creates).toBe(1);
  });

  it('SYS-24, DEL-4: paused in the middle of its deletions: the rest is deleted by the next full job', async () => {
    // Nearly everybody leaves, which the guard of the size would not believe (UNK-4).
    const people = Array.from({ length: 100 }, (_, n) => `p${n}`);
    await start(people, { 'ips.read.guard.size': 'off' });
    const properties = { 'ips.governor.delete': 'off' };
    cloud = await world.addTarget('Slow', { latency: { delete: { fixedMs: 60 } } }, { properties });
    await world.engine.setEnabled(wiki.system, false);
    await world.engine.runJob(world.hr);
    for (let n = 1; n < 100; n += 1) world.source.store.remove('User', `p${n}`);
    const run = await world.engine.request(world.hr);
    const mark = cloud.simulator.journal.mark();
    const working = world.engine.workThrough(run.runKey);
    while (!cloud.simulator.journal.since(mark).some((record) => record.method === 'DELETE'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    await setPaused(true);
    const pausedAt = performance.timeOrigin + performance.now();
    await working;
    const deletions = cloud.simulator.journal.since(mark).filter((record) => record.method === 'DELETE');
    expect(deletions.filter((record) => record.receivedAtMs > pausedAt + 2_500)).toEqual([]);
    const { job } = await world.engine.finished(run.jobId);
    expect(job.outcome.filter((line) => line.startsWith('Slow, user'))).toEqual([
      'Slow, user: Deletion not executed: target system not available',
      expect.stringMatching(/^Slow, user: Deletion executed: \d+$/),
    ]);
    expect(userNames(cloud.simulator).length).toBeGreaterThan(1);
    await setPaused(false);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['p0@example.com']);
  });

  it('ORD-9: with every target paused the source is read to its end all the same', async () => {
    world = await World.start({
      source: { users: Array.from({ length: 60 }, (_, n) => person(`p${n}`)) },
      hr: { properties: { 'scim.page.size': '10' } },
    });
    cloud = await world.addTarget('Cloud');
    await setPaused(true);
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect([job.status, summary(statistics)]).toEqual(['Success', { 'HR user': 'read 60' }]);
    expect(await waiting()).toHaveLength(60);
  });

  it('healing leaves it alone too', async () => {
    await start();
    const allowed = (): Promise<boolean> => isHealingAllowed(world.engine.pool, world.hr.no, cloud.system.no);
    expect(await allowed()).toBe(true);
    await setPaused(true);
    expect(await allowed()).toBe(false);
    expect(await isHealingAllowed(world.engine.pool, world.hr.no, wiki.system.no)).toBe(true);
    await setPaused(false);
    expect(await allowed()).toBe(true);
  });

  it('a delta job goes on collecting, so that the mark may move', async () => {
    await start();
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
      'ips.delta.read': 'enabled',
      'ips.delta.max.share': '100',
      'scim.delta.overlap.seconds': '0',
    });
    world.source.setClockSkewMs(30_000);
    await world.engine.runJob(world.hr);
    await setPaused(true);
    world.source.setClockSkewMs(60_000);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.setClockSkewMs(120_000);
    expect((await world.engine.runJob(world.hr)).job.readMode).toBe('Delta Read');
    await setPaused(false);
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toEqual({ 'Cloud user': 'updated 1' });
  });
});
