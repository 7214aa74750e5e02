import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import type { NodeChild } from '../../runtime/node-child.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';
import { until } from './support/until.js';
import { startWorkerProcess } from './support/worker-process.js';

const temporal = await testTemporal();
temporal.describe('the worker is killed in the middle of a run', () => {
  const population = generatePopulation({ people: 150, groups: 5, seed: 15 });
  let muster: TestMuster;
  let worker: NodeChild;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address, worker: false });
    worker = await startWorkerProcess(muster);
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    target = await startScimSimulator({ latency: { create: { fixedMs: 100 } } });
    hr = await muster.addSource('HR', source);
    await muster.addTarget('Cloud', target, hr, { 'scim.max.concurrent.writes': '4' });
  }, 60_000);

  afterAll(async () => {
    await worker?.stop();
    await muster?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
  }, 60_000);

  it('STP-7, STP-5: another worker goes on; nobody is lost and nobody is created twice', async () => {
    const jobId = await muster.client.startJob(hr.id, 'READ');
    await until(() => target.store.size('User') >= 30);
    process.kill(worker.pid, 'SIGKILL');
    await worker.exited;
    await until(() => target.statistics().inFlight === 0);
    expect(target.store.size('User')).toBeLessThan(150);
    await letLeasesExpire(muster);
    worker = await startWorkerProcess(muster);

    const job = await muster.client.followJob(jobId);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 150',
      'HR group': 'read 5',
      'Cloud user': 'created 150',
      'Cloud group': 'created 5',
    });
    expectSameContent(source, target);
    await expectNothingLeft(muster, hr, [target]);
  }, 120_000);
});

/**
 * What the dead worker held may be taken over when its leases have ended and its requests cannot be under way any more: a minute and more
 * for requests that may take 30 s. The process is known to be gone, so this time need not be waited for.
 */
async function letLeasesExpire({ database }: TestMuster): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      "update backlog set lease_until = lease_until - interval '10 minutes' where lease_until is not null",
    );
    expect(rowCount).toBeGreaterThan(0);
  } finally {
    await client.end();
  }
}
