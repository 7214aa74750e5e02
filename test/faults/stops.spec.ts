import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestEngine } from '../support/engine.js';
import { faultRuns } from '../support/fault-runs.js';
import { checkAtRest } from './checker/check.js';
import { installWitness } from './checker/books.js';
import { checkStops } from './checker/requests.js';
import { FaultWorld } from './support/fault-world.js';
import { WatchedProcess } from './support/watched-process.js';

const PEOPLE = Array.from({ length: 60 }, (_, no) => `P${no}`);
/** Requests in flight may end for 25 s; then the books are closed. The rest is for a machine that does other things too. */
const FINAL_MS = 25_000 + 10_000;
const MOMENTS = faultRuns.stops;
const LANES = 5;

/** Random but repeatable: after how many statements of the job the stop comes, and whether a target hangs. */
const moments = fc.sample(fc.record({ statement: fc.integer({ min: 1, max: 150 }), hangs: fc.boolean() }), {
  numRuns: MOMENTS,
  seed: faultRuns.first,
});

describe('a stop at any moment', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 20 } });
    await installWitness(engine.pool);
  }, 60_000);
  afterAll(() => engine?.stop());

  it(`STP-1, STP-2, faults §2.2 (8): ${MOMENTS} random moments, also while a target hangs`, async () => {
    const complaints: string[] = [];
    const waiting = [...moments];
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        complaints.push(...(await stopAt(engine, next.statement, next.hangs)));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(complaints).toEqual([]);
  }, 180_000);
});

async function stopAt(engine: TestEngine, statement: number, hangs: boolean): Promise<string[]> {
  const world = await FaultWorld.start(engine, { people: PEOPLE, groups: { G: PEOPLE.slice(0, 5) } });
  try {
    await world.addTarget('A', { latency: { create: { fixedMs: 60 } } });
    const stuck = await world.addTarget('B', { latency: { create: { fixedMs: 60 } } });
    if (hangs) stuck.simulator.faults.arm({ effect: { kind: 'hang' }, match: { operations: ['create'] }, skip: 5 });
    const { runKey, jobId } = await engine.request(world.source.system);
    let stopping = Promise.resolve();
    const watched = new WatchedProcess((current) => {
      if (current === statement) stopping = world.stopRun(jobId);
    });
    const pool = watched.pool(engine.databaseUrl);
    const process = engine.newProcess({ pool });
    const { job } = await world.workThrough(runKey, jobId, process);
    await stopping;
    await process.activities.close();
    await pool.close();
    const [stop] = world.stops;
    const label = `${statement}${hangs ? ' hanging' : ''}`;
    const complaints = checkStops(world.evidence()).map(({ message }) => `${label}: ${message}`);
    if (stop !== undefined && job.status !== 'Manually Terminated' && job.status !== 'Success')
      complaints.push(`${label}: the job ended as ${job.status}`);
    if (stop !== undefined && stop.overMs - stop.requestedMs > FINAL_MS)
      complaints.push(`${label}: the job was over ${Math.round(stop.overMs - stop.requestedMs)} ms after the stop`);
    await world.quiesce();
    const broken = await checkAtRest(world.evidence());
    return [...complaints, ...broken.map(({ rule, message }) => `${label}: ${rule}: ${message}`)];
  } finally {
    await world.close();
  }
}
