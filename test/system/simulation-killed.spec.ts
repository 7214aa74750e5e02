import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Job } from '../../cli/demo/api-client.js';
import type { NodeChild } from '../../runtime/node-child.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { SqlPool } from '../../state/database.js';
import { fingerprint } from '../support/table-fingerprints.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { endOf, statisticsOf, SUCCESS } from './support/results.js';
import { until } from './support/until.js';
import { startWorkerProcess } from './support/worker-process.js';

const PEOPLE = 150;
/** Who is in the target already, without a link: a comparison finds them. */
const KNOWN = 40;
/** Each process that works writes its own row there, and a process that is killed is the point of the test. */
const OF_PROCESSES = ['lease_holder'];

const temporal = await testTemporal();
temporal.describe('the worker is killed in the middle of a simulation', () => {
  const population = generatePopulation({ people: PEOPLE, groups: 5, seed: 23 });
  let muster: TestMuster;
  let worker: NodeChild;
  let pool: SqlPool;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address, worker: false });
    pool = new SqlPool(muster.database.url, { maxConnections: 2 });
    worker = await startWorkerProcess(muster);
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    target = await startScimSimulator({ users: population.people.slice(0, KNOWN) });
    hr = await muster.addSource('HR', source, { 'scim.page.size': '10' });
    await muster.addTarget('Cloud', target, hr);
  }, 60_000);

  afterAll(async () => {
    await worker?.stop();
    await pool?.close();
    await muster?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
  }, 60_000);

  it('JOB-7, JOB-8, JOB-9, STP-5: killed while it reads and again while it compares, it ends with the figures of an undisturbed one; no other table has changed', async () => {
    const undisturbed = await simulated(await muster.client.startJob(hr.id, 'SIMULATE', { compare: true }));
    expect(statisticsOf(undisturbed.job)).toMatchObject({
      'HR user': `read ${PEOPLE}`,
      'Cloud user': `created ${PEOPLE - KNOWN}, updated ${KNOWN}`,
    });
    const before = await tables();
    const mark = target.journal.mark();
    source.latency.set({ list: { fixedMs: 200 } });
    target.latency.set({ list: { fixedMs: 1_000 } });
    const jobId = await muster.client.startJob(hr.id, 'SIMULATE', { compare: true });

    await until(async () => (await countOf(jobId, 'simulated_entity')) >= 30);
    await kill();
    expect(await countOf(jobId, 'simulated_entity')).toBeLessThan(PEOPLE);
    expect(await countOf(jobId, 'simulated_result')).toBe(0);
    worker = await startWorkerProcess(muster);

    await until(async () => (await countOf(jobId, 'simulated_result', 'compared is not null')) > 0, 60_000);
    await kill();
    expect(await countOf(jobId, 'simulated_result', 'compared is not null')).toBeLessThan(PEOPLE);
    source.latency.set({});
    target.latency.set({});
    worker = await startWorkerProcess(muster);

    const disturbed = await simulated(jobId);
    expect(endOf(disturbed.job)).toEqual(SUCCESS);
    expect(statisticsOf(disturbed.job)).toEqual(statisticsOf(undisturbed.job));
    expect(disturbed.job.outcome).toEqual(undisturbed.job.outcome);
    expect(disturbed.results).toEqual(undisturbed.results);
    expect(await tables()).toEqual(before);
    expect(target.journal.writesSince(mark)).toEqual([]);
    expect(await countOf(jobId, 'simulated_entity')).toBe(0);
  }, 180_000);

  it('JOB-8, JOB-7: the real job that comes after it does what it has said', async () => {
    const job = await muster.run(hr, 'RESYNC');
    expect(statisticsOf(job)['Cloud user']).toBe(`created ${PEOPLE - KNOWN}, updated ${KNOWN}`);
  }, 60_000);

  async function kill(): Promise<void> {
    process.kill(worker.pid, 'SIGKILL');
    await worker.exited;
  }

  /** The end of a simulation and its results as they are downloaded, in an order of their own. */
  async function simulated(jobId: string): Promise<{ job: Job; results: string[] }> {
    const job = await muster.client.followJob(jobId);
    const results: string[] = [];
    for (let after = ''; ;) {
      const answer = Object(await muster.client.send('GET', `/jobs/${jobId}/simulation?limit=200&values=true${after}`));
      results.push(...answer.items.map((item: unknown) => JSON.stringify(item)));
      if (answer.next === null) return { job, results: results.sort() };
      after = `&after=${answer.next}`;
    }
  }

  async function countOf(jobId: string, table: string, condition = 'true'): Promise<number> {
    const [row] = await pool.query<{ count: number }>(
      `select count(*)::int as count from ${table} where ${condition} and run_key = (select run_key from run where $1 = any(job_ids))`,
      [jobId],
    );
    return row?.count ?? 0;
  }

  async function tables(): Promise<Record<string, string>> {
    const sums = Object.entries(await fingerprint(pool));
    return Object.fromEntries(sums.filter(([name]) => !OF_PROCESSES.includes(name)));
  }
});
