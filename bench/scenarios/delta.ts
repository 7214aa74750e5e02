import { addSystem } from '../engine/systems.js';
import type { BenchStack } from '../engine/stack.js';
import type { BenchSystem } from '../engine/systems.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import { arithmeticLimit, reasonsAgainst, servedPerSecond } from '../measure/validity.js';
import { CONCURRENT_WRITES } from '../options.js';
import type { BenchOptions } from '../options.js';
import type { RawMeasure } from '../raw/messages.js';
import { RawProcess } from '../raw/raw-process.js';
import type { ScenarioOutcome } from '../result.js';
import { personId } from '../../simulators/population.js';
import { measureCapacity, resetTargets, SEED, setLatency, startServers } from '../servers.js';
import type { BenchServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

/** Marks have whole seconds: what was changed in the second of the mark would not be later than it. */
const CLOCK_STEP_MS = 1_100;

/**
 * A delta read in which one person of a hundred has another title, against a raw loop that asks for the same filter and replaces what it
 * gets. Rates are those of the changed people, because nobody else is read. Delta reads come every half hour: the second one with changes is
 * measured, of both, so that neither is the first of its process to replace anybody.
 */
export async function delta(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: options.targets }));
  tools.say('measuring the simulators alone');
  const capacity = await measureCapacity(servers, options);
  const stack = await tools.stack();
  const ids = Array.from({ length: Math.ceil(options.entities / 100) }, (_, place) => personId(place * 100, SEED));
  let round = 0;
  const change = async (): Promise<void> => {
    round += 1;
    await pause(CLOCK_STEP_MS);
    for (const id of ids) await servers.source.control.update('User', id, { title: `Title of round ${round}` });
    await setLatency(servers, options.latencyMs);
  };
  tools.say('R0: raw loop over what has changed');
  const r0 = await rawDelta(servers, options, change);
  tools.say('the engine');
  const job = await engineDelta(stack, servers, options, change);

  const changed = ids.length;
  const rates = { r0: rate(changed, r0.elapsedMs), r1: null, engine: rate(changed, job.elapsedMs) };
  const limit = arithmeticLimit({ ...options, entities: changed, writes: changed, concurrency: CONCURRENT_WRITES });
  return {
    measures: {
      ...engineMeasures(job, changed),
      r0: rates.r0,
      ratioR0: rates.engine / rates.r0,
      r0Ms: r0.elapsedMs,
      limitPerSecond: limit,
    },
    invalidBecause: [
      ...reasonsAgainst({ ...rates, simulator: servedPerSecond(capacity, changed, changed), limit }),
      ...wrongResults(options, r0, job, changed),
    ],
  };
}

async function rawDelta(
  servers: BenchServers,
  options: BenchOptions,
  change: () => Promise<void>,
): Promise<RawMeasure> {
  await fresh(servers);
  const raw = await RawProcess.start({
    kind: 'open',
    sourceUrl: servers.source.url,
    targetUrls: servers.targets.map((target) => target.url),
    pageSizeEntities: options.pageSizeEntities,
    concurrency: CONCURRENT_WRITES,
  });
  try {
    await raw.run();
    const readChanges = async (): Promise<RawMeasure> => {
      const since = new Date().toISOString();
      await change();
      return raw.run({ changedSince: since });
    };
    await readChanges();
    return await readChanges();
  } finally {
    await raw.stop();
  }
}

async function engineDelta(
  stack: BenchStack,
  servers: BenchServers,
  options: BenchOptions,
  change: () => Promise<void>,
): Promise<MeasuredJob> {
  await fresh(servers);
  const source = await configure(stack, servers, options);
  // A mark is from before its read: the second one is later than everything that was there.
  await measureJob(stack, source);
  await pause(CLOCK_STEP_MS);
  await measureJob(stack, source);
  await change();
  await measureJob(stack, source);
  await change();
  return measureJob(stack, source, { profile: options.profileFolder !== undefined });
}

async function fresh(servers: BenchServers): Promise<void> {
  await resetTargets(servers);
  await setLatency(servers, 0);
}

async function configure(stack: BenchStack, servers: BenchServers, options: BenchOptions): Promise<BenchSystem> {
  const properties = {
    'scim.page.size': String(options.pageSizeEntities),
    'ips.delta.read': 'enabled',
    // Both clocks are this machine's; with the default everybody of the last five minutes would come again.
    'scim.delta.overlap.seconds': '0',
  };
  const source = await addSystem(stack, { role: 'source', name: 'Source', url: servers.source.url, properties });
  for (const [place, { url }] of servers.targets.entries())
    await addSystem(stack, { role: 'target', name: `Target ${place + 1}`, url });
  return source;
}

/** A fast run that did the wrong thing is no result. */
function wrongResults(
  options: BenchOptions,
  r0: RawMeasure,
  { job, statistics }: MeasuredJob,
  changed: number,
): string[] {
  const reasons = job.status === 'Success' ? [] : [`the job ended with ${job.status}`];
  if (job.readMode !== 'Delta Read') reasons.push(`the job was a ${job.readMode}`);
  const sum = (column: 'read' | 'updated'): number => statistics.reduce((total, row) => total + row[column], 0);
  if (sum('read') !== changed) reasons.push(`the job read ${sum('read')} entities instead of ${changed}`);
  if (sum('updated') !== changed * options.targets) reasons.push(`the job updated ${sum('updated')} entities`);
  if (r0.writes !== changed * options.targets) reasons.push(`R0 wrote ${r0.writes} entities`);
  return reasons;
}

function rate(entities: number, elapsedMs: number): number {
  return (entities / elapsedMs) * 1_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
