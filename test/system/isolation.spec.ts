import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { applyEvolution, evolve } from '../../simulators/evolution.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';

const temporal = await testTemporal();

temporal.describe('one target is down, one throttles, one is fine', () => {
  const population = generatePopulation({ people: 120, groups: 5, seed: 12 });
  let muster: TestMuster;
  let source: ScimSimulator;
  let down: ScimSimulator;
  let throttled: ScimSimulator;
  let fine: ScimSimulator;
  let hr: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    [down, throttled, fine] = await Promise.all([startScimSimulator(), startScimSimulator(), startScimSimulator()]);
    hr = await muster.addSource('HR', source);
    await muster.addTarget('Down', down, hr);
    await muster.addTarget('Throttled', throttled, hr);
    await muster.addTarget('Fine', fine, hr);
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, down, throttled, fine].map((simulator) => simulator?.stop()));
  });

  it('ORD-6, ORD-7, ORD-10, RTY-4: the others get everything, and what was not tried is not counted', async () => {
    await down.down();
    const effect = { kind: 'throttle', perSecond: 60, retryAfterSeconds: 1 } as const;
    throttled.faults.arm({ name: 'throttle', effect });
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toBeNull();
    expect(job.endedTargets).toEqual([{ systemName: 'Down', reason: expect.stringMatching(/refused/i) }]);
    expect(throttled.faults.hits('throttle')).toBeGreaterThan(0);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 120',
      'HR group': 'read 5',
      'Throttled user': 'created 120',
      'Throttled group': 'created 5',
      'Fine user': 'created 120',
      'Fine group': 'created 5',
    });
    expectSameContent(source, throttled, fine);
    expect(down.store.size('User')).toBe(0);
  }, 60_000);

  it('DEL-3, DEL-5: who leaves meanwhile is deleted where the target answers', async () => {
    applyEvolution(source.store, evolve(population, { changed: 3, joined: 0, left: 2, seed: 1 }));
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(statisticsOf(job)).toMatchObject({
      'Throttled user': 'updated 3, deleted 2',
      'Fine user': 'updated 3, deleted 2',
    });
    expect(job.statistics.filter((row) => row.systemName === 'Down')).toEqual([]);
    expect(job.outcome.filter((line) => line.includes('executed: 2'))).toHaveLength(2);
    expectSameContent(source, throttled, fine);
  }, 60_000);

  it('CHG-1: after the faults one more job heals, and the next sends nothing', async () => {
    await down.up();
    throttled.faults.clear();
    const marks = [throttled, fine].map((target) => target.journal.mark());
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 118',
      'HR group': 'read 5',
      'Down user': 'created 118',
      'Down group': 'created 5',
    });
    expect([throttled, fine].flatMap((target, index) => target.journal.writesSince(marks[index] ?? 0))).toEqual([]);
    expectSameContent(source, down, throttled, fine);
    await expectNothingLeft(muster, hr, [down, throttled, fine]);
  }, 60_000);
});
