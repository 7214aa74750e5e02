import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';

describe('a first Read and what follows it', () => {
  let engine: TestEngine;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: TestSystem;

  beforeAll(async () => {
    const population = generatePopulation({ people: 250, groups: 10, seed: 7 });
    engine = await TestEngine.start();
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    target = await startScimSimulator();
    hr = await engine.addSource('HR', source.url);
    await engine.addTarget('Cloud', target.url);
  });

  afterAll(async () => {
    await engine.stop();
    await source.stop();
    await target.stop();
  });

  it('creates everybody', async () => {
    const { job, statistics } = await engine.runJob(hr);
    expect(job.errorMessage).toBeNull();
    expect(statistics).toEqual([]);
    expect(job.status).toBe('Success');
  });
});
