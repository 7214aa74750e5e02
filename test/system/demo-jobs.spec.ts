import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { applyEvolution, evolve } from '../../simulators/evolution.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { until } from './support/until.js';
import { endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';

const temporal = await testTemporal();

temporal.describe('the four jobs of the demo', () => {
  let muster: TestMuster;
  let source: ScimSimulator;
  let modern: ScimSimulator;
  let legacy: ScimSimulator;
  let hr: System;
  let population = generatePopulation({ people: 200, groups: 8, seed: 11 });

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    modern = await startScimSimulator({ dialect: 'demo-modern' });
    legacy = await startScimSimulator({ dialect: 'demo-legacy' });
    hr = await muster.addSource('HR', source);
    const few = { 'scim.max.concurrent.writes': '4' };
    await muster.addTarget('Modern', modern, hr, { ...few, 'scim.support.patch.operation': 'true' });
    await muster.addTarget('Legacy', legacy, hr, { ...few, 'scim.discovery': 'off' });
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, modern, legacy].map((simulator) => simulator?.stop()));
  });

  it('JOB-3, STA-7, STA-8: the first read creates everybody everywhere', async () => {
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(job.readMode).toBe('Full Read');
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 200',
      'HR group': 'read 8',
      'Modern user': 'created 200',
      'Modern group': 'created 8',
      'Legacy user': 'created 200',
      'Legacy group': 'created 8',
    });
    expectSameContent(source, modern, legacy);
  });

  it('JOB-6, DEL-5, STA-10: a full read creates who joined, updates who changed, deletes who left, and nobody else', async () => {
    const evolution = evolve(population, { changed: 12, joined: 5, left: 4, seed: 1 });
    applyEvolution(source.store, evolution);
    population = evolution.population;
    const groups = `updated ${evolution.changedGroups.length}`;
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(job.outcome).toEqual(['Modern, user: Deletion executed: 4', 'Legacy, user: Deletion executed: 4']);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 201',
      'HR group': 'read 8',
      'Modern user': 'created 5, updated 12, deleted 4',
      'Modern group': groups,
      'Legacy user': 'created 5, updated 12, deleted 4',
      'Legacy group': groups,
    });
    expectSameContent(source, modern, legacy);
  });

  it('CHG-1, STA-9: a read that finds nothing sends nothing', async () => {
    await expectNothingLeft(muster, hr, [modern, legacy]);
    const job = await muster.run(hr);
    expect(statisticsOf(job)).toEqual({ 'HR user': 'read 201', 'HR group': 'read 8' });
  });

  it('STP-1, STP-2, STP-3: a stopped job keeps what it wrote, deletes nobody, and the next one does exactly the rest', async () => {
    const evolution = evolve(population, { changed: 80, joined: 10, left: 5, seed: 2 });
    applyEvolution(source.store, evolution);
    const slow = { default: { fixedMs: 0 }, create: { fixedMs: 80 }, replace: { fixedMs: 80 }, patch: { fixedMs: 80 } };
    const marks = [modern, legacy].map((target) => {
      target.latency.set(slow);
      return target.journal.mark();
    });
    const written = (): number[] =>
      [modern, legacy].map((target, index) => target.journal.writesSince(marks[index] ?? 0).length);

    const jobId = await muster.client.startJob(hr.id, 'READ');
    await until(() => Math.min(...written()) >= 30);
    const stopAt = performance.timeOrigin + performance.now();
    await muster.client.stopJob(jobId);
    const stopped = await muster.client.followJob(jobId);
    expect(stopped.status).toBe('Manually Terminated');
    for (const target of [modern, legacy]) {
      const late = target.journal.since(0).filter((record) => record.receivedAtMs > stopAt + 1_000);
      expect(late).toEqual([]);
      target.latency.set({});
    }
    const done = written();
    for (const count of done) expect(count).toBeLessThan(90);
    expect(statisticsOf(stopped)).toMatchObject({
      'Modern user': `updated ${done[0]}`,
      'Legacy user': `updated ${done[1]}`,
    });

    const resumed = await muster.run(hr);
    expect(endOf(resumed)).toEqual(SUCCESS);
    const groups = `updated ${evolution.changedGroups.length}`;
    expect(statisticsOf(resumed)).toEqual({
      'HR user': 'read 206',
      'HR group': 'read 8',
      'Modern user': `created 10, updated ${80 - (done[0] ?? 0)}, deleted 5`,
      'Modern group': groups,
      'Legacy user': `created 10, updated ${80 - (done[1] ?? 0)}, deleted 5`,
      'Legacy group': groups,
    });
    expectSameContent(source, modern, legacy);
    await expectNothingLeft(muster, hr, [modern, legacy]);
  }, 60_000);
});
