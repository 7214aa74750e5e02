import { afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { listEndedTargets, listResults, readStatistics, requestRun } from '../../state/runs/index.js';
import { generatePopulation } from '../../simulators/population.js';
import { withGroups } from '../support/engine.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

describe('how a job runs', () => {
  let world: World;
  afterEach(() => world.stop());

  it('JOB-1, JOB-2, JOB-11, JOB-12, STA-3: a job belongs to a source, starts at once and has a sortable id', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    const first = await world.engine.runJob(world.hr);
    const second = await world.engine.runJob(world.hr, 'resync');
    expect(first.job).toMatchObject({ type: 'READ', triggerType: 'IMMEDIATE', sourceName: 'HR', triggeredBy: 'test' });
    expect(second.job.type).toBe('RESYNC');
    expect([second.job.jobId, first.job.jobId].sort()).toEqual([first.job.jobId, second.job.jobId]);
  });

  it('JOB-13: one runs, one of each kind waits, and a further request gets the waiting one', async () => {
    world = await World.start();
    const ask = (kind: 'read' | 'resync'): ReturnType<typeof requestRun> =>
      requestRun(world.engine.pool, { sourceNo: world.hr.no, kind, trigger: 'IMMEDIATE', triggeredBy: null });
    const running = await ask('read');
    const [queued, again, other] = [await ask('read'), await ask('read'), await ask('resync')];
    expect([running.state, queued.state, other.state]).toEqual(['starting', 'queued', 'queued']);
    expect(again).toEqual({ ...queued, existing: true });
    const many = await Promise.all(Array.from({ length: 8 }, () => ask('read')));
    expect(new Set(many.map((run) => run.jobId))).toEqual(new Set([queued.jobId]));
  });

  it('RDM-1, RDM-7: the first read is full whatever the property says; then delta reads what changed and deletes nobody', async () => {
    world = await World.start({
      source: { users: [person('P'), person('Q')] },
      hr: { properties: { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' } },
    });
    const { simulator } = await world.addTarget('Cloud');
    const first = await world.engine.runJob(world.hr);
    expect(first.job.readMode).toBe('Full Read');
    world.source.setClockSkewMs(5_000);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.remove('User', 'Q');
    const second = await world.engine.runJob(world.hr);
    expect(second.job).toMatchObject({
      readMode: 'Delta Read',
      status: 'Success',
      outcome: ['Cloud, user: Deletion not executed: delta read'],
    });
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });
    expect(userNames(simulator)).toHaveLength(2);
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
    });
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
  });

  it('ORD-2, ORD-6: pages in source order, targets side by side; a person that fails in one target arrives in the other', async () => {
    const population = generatePopulation({ people: 60, groups: 2, seed: 3 });
    world = await World.start({
      source: { users: population.people, groups: population.groups },
      hr: { properties: { 'scim.page.size': '20' } },
    });
    const { simulator: cloud } = await world.addTarget('Cloud');
    const { simulator: wiki } = await world.addTarget('Wiki');
    const key = String(population.people[7]?.userName);
    cloud.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['POST'], key },
    });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Finished with Error');
    expect(summary(statistics)).toEqual({
      'HR user': 'read 60',
      'HR group': 'read 2',
      'Cloud user': 'created 59, failed 1',
      'Cloud group': 'created 2',
      'Wiki user': 'created 60',
      'Wiki group': 'created 2',
    });
    expect(userNames(wiki)).toHaveLength(60);
    const lists = world.source.journal
      .since(0)
      .filter((record) => record.operation === 'list' && record.type === 'User');
    expect(lists.map((record) => new URLSearchParams(record.query).get('startIndex'))).toEqual(['1', '21', '41']);
  });

  it('ORD-4: a type ignored in the source is not read; one ignored in a target is not written there, and its links stay', async () => {
    world = await World.start({ source: { users: [person('P')], groups: [group('G', ['P'])] } });
    const { simulator, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const write = withGroups('target');
    await world.engine.setTransformation(system, { ...write, group: { ...Object(write['group']), ignore: true } });
    world.source.store.update('Group', 'G', { displayName: 'renamed' });
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 1', 'HR group': 'read 1' });
    expect(simulator.store.snapshot().groups[0]).toMatchObject({ displayName: 'Group G' });
    const read = withGroups('source');
    await world.engine.setTransformation(world.hr, { ...read, group: { ...Object(read['group']), ignore: true } });
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 1' });
    expect(simulator.store.snapshot().groups).toHaveLength(1);
  });

  it('ORD-8: a source that breaks in the middle: who was read is provisioned, nobody is deleted, the message names the source', async () => {
    const people = Array.from({ length: 30 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people }, hr: { properties: { 'scim.page.size': '10' } } });
    const { simulator } = await world.addTarget('Cloud');
    world.source.faults.arm({ effect: { kind: 'html' }, match: { operations: ['list'], minStartIndex: 11 } });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toMatch(/^HR: /);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 10', 'Cloud user': 'created 10' });
    expect(userNames(simulator)).toHaveLength(10);
  });

  it('ORD-9: with all targets gone the reading stops', async () => {
    const people = Array.from({ length: 400 }, (_, n) => person(`p${String(n)}`));
    const latency = { list: { fixedMs: 150 } };
    world = await World.start({ source: { users: people, latency }, hr: { properties: { 'scim.page.size': '10' } } });
    const { simulator } = await world.addTarget(
      'Cloud',
      {},
      { properties: { 'ips.failed.request.retry.attempts': '0' } },
    );
    await simulator.down();
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Finished with Error');
    const read = statistics.find((row) => row.action === 'Read')?.read ?? 0;
    expect(read).toBeLessThan(400);
  });

  it('ORD-11: wrong credentials of a target are named with that target and end it only', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const auth = { kind: 'bearer', token: 'right' } as const;
    const secrets = { 'ips.http.header.authorization': 'Bearer wrong' };
    await world.addTarget('Cloud', { auth }, { secrets });
    const { simulator: wiki } = await world.addTarget('Wiki');
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Finished with Error', errorMessage: null });
    expect(await listEndedTargets(world.engine.pool, job.runKey)).toEqual([
      {
        systemId: expect.any(String),
        systemName: 'Cloud',
        reason: expect.stringMatching(/statusCode: 401/),
        isPaused: false,
      },
    ]);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 1', 'Wiki user': 'created 1' });
    expect(userNames(wiki)).toHaveLength(1);
  });

  it('ORD-10: a slow target holds up neither the reading nor the other target', async () => {
    const people = Array.from({ length: 80 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people }, hr: { properties: { 'scim.page.size': '20' } } });
    const { simulator: slow } = await world.addTarget('Slow', { latency: { create: { fixedMs: 400 } } });
    const { simulator: fast } = await world.addTarget('Fast');
    await world.engine.runJob(world.hr);
    const last = (records: readonly { endedAtMs?: number }[]): number =>
      Math.max(...records.map((record) => record.endedAtMs ?? 0));
    const readEnd = last(world.source.journal.since(0).filter((record) => record.operation === 'list'));
    expect(last(fast.journal.writesSince(0))).toBeLessThan(last(slow.journal.writesSince(0)));
    expect(readEnd).toBeLessThan(last(slow.journal.writesSince(0)));
  });

  it('RTY-2, RTY-4: a 503 is repeated as often as the property says; a 429 is waited out as the server asks', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator } = await world.addTarget('Cloud');
    simulator.faults.arm({
      effect: { kind: 'status', status: 502 },
      match: { methods: ['POST'], key: 'P@example.com' },
      times: 1,
    });
    simulator.faults.arm({
      effect: { kind: 'status', status: 429, retryAfter: 1 },
      match: { methods: ['POST'], key: 'Q@example.com' },
      times: 1,
    });
    const started = Date.now();
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Success');
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_000);
    expect(simulator.journal.writesSince(0)).toHaveLength(4);
  });

  it('RTY-3: reading is repeated too; a page that fails for good ends the read', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    world.source.faults.arm({ effect: { kind: 'status', status: 503 }, match: { operations: ['list'] }, times: 1 });
    expect((await world.engine.runJob(world.hr)).job.status).toBe('Success');
    world.source.faults.arm({ effect: { kind: 'status', status: 503 }, match: { operations: ['list'] } });
    const { job } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({ status: 'Finished with Error' });
    expect(job.outcome).toEqual([
      'Cloud, user: Deletion not executed: reading from the source system was not completed',
    ]);
  });

  it('STP-1, STP-2, STP-3: after a stop no request starts, nothing is deleted, and the rest stays due for the next run', async () => {
    const people = Array.from({ length: 200 }, (_, n) => person(`p${String(n)}`));
    world = await World.start({ source: { users: people }, engine: { concurrency: 4 } });
    const { simulator } = await world.addTarget('Cloud', { latency: { create: { fixedMs: 40 } } });
    const run = await world.engine.request(world.hr);
    const working = world.engine.workThrough(run.runKey).catch((error: unknown) => error);
    while (simulator.journal.writesSince(0).length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    const stoppedAt = performance.timeOrigin + performance.now();
    await world.engine.requestStop(run.jobId);
    await working;
    await world.engine.activities.finishRun({ runKey: run.runKey, end: 'stopped' });
    const { job, statistics } = await world.engine.finished(run.jobId);
    expect(job.status).toBe('Manually Terminated');
    const late = simulator.journal.writesSince(0).filter((record) => record.receivedAtMs > stoppedAt + 1_000);
    expect(late).toEqual([]);
    const created = statistics.find((row) => row.systemName === 'Cloud')?.created ?? 0;
    expect(created).toBe(userNames(simulator).length);
    expect(created).toBeLessThan(200);
    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Success');
    expect(userNames(simulator)).toHaveLength(200);
    for (const counts of simulator.journal.createsPerKey().values()) expect(counts.creates).toBe(1);
  });

  it('STA-1, STA-2: skipped people alone do not make a job fail', async () => {
    const read = withGroups('source');
    world = await World.start({
      source: { users: [person('P'), person('Q', { active: false })] },
      hr: { transformation: { ...read, user: { ...Object(read['user']), condition: '$.active == true' } } },
    });
    await world.addTarget('Cloud');
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(job.status).toBe('Success');
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2, skipped 1', 'Cloud user': 'created 1' });
  });

  it('STA-7, STA-8, STA-9, STA-10: the counters of a target are the number of its logged results, each person once', async () => {
    const people = Array.from({ length: 40 }, (_, n) =>
      person(`p${String(n)}`, n % 5 === 0 ? { userType: 'guest' } : {}),
    );
    const write = withGroups('target');
    world = await World.start({ source: { users: people }, hr: { properties: { 'scim.page.size': '10' } } });
    const transformation = { ...write, user: { ...Object(write['user']), condition: "$.userType != 'guest'" } };
    const { simulator } = await world.addTarget('Cloud', {}, { transformation });
    simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['POST'], key: 'p7@example.com' },
    });
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 40', 'Cloud user': 'created 31, skipped 8, failed 1' });
    const { results, next } = await listResults(world.engine.pool, job.runKey, { limit: 100 });
    expect(next).toBeNull();
    expect(new Set(results.map((result) => result.sourceKey)).size).toBe(40);
    expect(results).toHaveLength(40);
    expect(results.filter((result) => result.result === 'skipped')).toHaveLength(8);
    const page = await listResults(world.engine.pool, job.runKey, { limit: 3, result: 'skipped' });
    expect(page.results).toHaveLength(3);
    expect(page.next).not.toBeNull();
  });

  it('sweeps: a target that is connected, or enabled again, gets what it missed; a run after that sends nothing', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator: cloud, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const { simulator: late } = await world.addTarget('Late');
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 2', 'Late user': 'created 2' });
    await world.engine.setEnabled(system, false);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.remove('User', 'Q');
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 1', 'Late user': 'updated 1, deleted 1' });
    await world.engine.setEnabled(system, true);
    const fourth = await world.engine.runJob(world.hr);
    expect(summary(fourth.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1, deleted 1' });
    expect(userNames(cloud)).toEqual(userNames(late));
    const marks = [cloud, late].map((simulator) => simulator.journal.mark());
    await world.engine.runJob(world.hr);
    expect([writesSince(cloud, marks[0] ?? 0), writesSince(late, marks[1] ?? 0)]).toEqual([[], []]);
  });

  it('an activity of an older owner is refused: the run belongs to the newest workflow', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    const run = await world.engine.request(world.hr);
    await world.engine.activities.openRun({ runKey: run.runKey });
    const old = world.engine.owner;
    world.engine.owner = randomUUID();
    await world.engine.activities.openRun({ runKey: run.runKey });
    world.engine.owner = old;
    await expect(world.engine.activities.intakeChunk({ runKey: run.runKey, type: 'user' })).rejects.toMatchObject({
      type: 'runClosed',
      nonRetryable: true,
    });
    expect(await readStatistics(world.engine.pool, run.runKey)).toEqual([]);
  });

  it('a configuration that cannot be used any more ends the run with the reason, and no activity tries for ever', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    const run = await world.engine.request(world.hr);
    const opened = await world.engine.activities.openRun({ runKey: run.runKey });
    expect(opened.types).toContain('user');
    // The worker comes back without the connector.
    await world.engine.pool.query(
      `update run set frozen = replace(frozen::text, 'SCIM System', 'Gone System')::json where run_key = $1`,
      [run.runKey],
    );
    const restarted = world.engine.newProcess({ owner: world.engine.owner });
    const reading = restarted.activities.intakeChunk({ runKey: run.runKey, type: 'user' });
    await expect(reading).rejects.toMatchObject({ type: 'runClosed' });
    const { job } = await world.engine.finished(run.jobId);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toBe('HR: no connector of type Gone System is installed');
  });

  it('STP-2: what a stop cuts off has not failed; it is written by the next job', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const properties = { 'scim.support.patch.operation': 'true' };
    const { simulator } = await world.addTarget('Cloud', {}, { properties });
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { title: 'Lead' });
    const moved = simulator.faults.arm({ effect: { kind: 'status', status: 412 }, match: { methods: ['PATCH'] } });
    const silent = simulator.faults.arm({ effect: { kind: 'hang' }, match: { operations: ['get'] } });
    const run = await world.engine.request(world.hr);
    const working = world.engine.workThrough(run.runKey).catch((error: unknown) => error);
    while (!simulator.journal.since(0).some((record) => record.operation === 'get')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await world.engine.requestStop(run.jobId);
    await working;
    await world.engine.activities.finishRun({ runKey: run.runKey, end: 'stopped' });
    const stopped = await world.engine.finished(run.jobId);
    expect(stopped.job.status).toBe('Manually Terminated');
    expect(summary(stopped.statistics)).toEqual({ 'HR user': 'read 1' });
    simulator.faults.disarm(moved);
    simulator.faults.disarm(silent);
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });
  });
});
