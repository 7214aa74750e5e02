import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { startOptions } from '../../api/reconciler/start-options.js';
import { findOpenRun, readJob } from '../../state/runs/index.js';
import type { readJobWorkflow } from '../../workflows/read-job.workflow.js';
import { testTemporal } from '../support/temporal.js';
import { person, summary, userNames, World } from '../support/world.js';
import { RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();

temporal.describe('a job whose workers are gone, on Temporal', () => {
  let driver: RunDriver;
  let world: World;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());
  afterEach(() => world.stop());

  /** More than the batch of 256 that a chunk has in hand when its workers are told to go: that one is written to its end. */
  const PEOPLE = 400;

  it('STP-4, STP-5, STP-7: waits as Pending Restart, resumes when a worker is back, and does nothing twice', async () => {
    world = await World.start({
      source: { users: Array.from({ length: PEOPLE }, (_, n) => person(`p${n}`)) },
      engine: { concurrency: 2, timing: { chunkMs: 500 } },
    });
    const { simulator } = await world.addTarget('Cloud', { latency: { create: { fixedMs: 10 } } });
    const { runKey, jobId } = await world.engine.request(world.hr);
    const run = await findOpenRun(world.engine.pool, runKey);
    if (run === undefined) throw new Error('the run is not open');
    const queue = `test-${randomUUID()}.workflows`;
    const { workflowType, options } = startOptions(run, queue);
    const handle = await driver.client.workflow.start<typeof readJobWorkflow>(workflowType, options);
    const status = async (): Promise<string | undefined> => (await readJob(world.engine.pool, jobId))?.status;

    await driver.withWorkers(queue, world.engine.activities, async () => {
      while (simulator.journal.writesSince(0).length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await world.engine.pool.query(
      `update run set requested_at = now() - interval '2 minutes', heartbeat_at = now() - interval '2 minutes' where run_key = $1`,
      [runKey],
    );
    expect(await status()).toBe('Pending Restart');
    expect(userNames(simulator).length).toBeLessThan(PEOPLE);

    await driver.withWorkers(queue, world.engine.activities, async () => {
      expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
    });
    const { job, statistics } = await world.engine.finished(jobId);
    expect(job).toMatchObject({ status: 'Success', triggerType: 'IMMEDIATE' });
    expect(job.jobId).not.toBe(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': `read ${PEOPLE}`, 'Cloud user': `created ${PEOPLE}` });
    for (const counts of simulator.journal.createsPerKey().values()) expect(counts.creates).toBe(1);
  }, 90_000);
});
