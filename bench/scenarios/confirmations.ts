import { personId } from '../../simulators/population.js';
import { addSystem } from '../engine/systems.js';
import type { BenchStack } from '../engine/stack.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import type { BenchOptions } from '../options.js';
import { NO_MEASURES } from '../result.js';
import type { ScenarioOutcome } from '../result.js';
import { resetTargets, SEED, setLatency, startServers } from '../servers.js';
import type { BenchServers } from '../servers.js';
import type { ScenarioTools } from './tools.js';

/** Share of the people who leave before each job: three times so many leave the guard against small reads alone. */
const LEAVING = 0.15;

const PROPERTIES = {
  without: { 'ips.delete.confirmation': 'disabled' },
  single: { 'scim.profile': JSON.stringify({ confirmations: 'single' }) },
  together: { 'scim.profile': JSON.stringify({ confirmations: 'together' }) },
} as const;
type Way = keyof typeof PROPERTIES;

interface Round {
  readonly job: MeasuredJob;
  readonly requests: number;
  readonly leaving: number;
}

/**
 * What it costs to ask for everybody who has left before he or she is deleted (DEL-23): nobody asked, one by one, and several in one filter.
 * The time of a way is that of its job over that of the job that asks nobody.
 */
export async function confirmations(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: 1 }));
  const stack = await tools.stack();
  const rounds = new Map<Way, Round>();
  for (const [place, way] of (['without', 'single', 'together'] as const).entries()) {
    tools.say(`confirmations: ${way}`);
    rounds.set(way, await round(stack, servers, options, way, place));
  }
  const perThousand = (way: Way, value: (one: Round) => number): number => {
    const one = rounds.get(way);
    return one === undefined ? 0 : (value(one) / one.leaving) * 1_000;
  };
  const msOf = (way: Way): number => perThousand(way, ({ job }) => job.elapsedMs);
  const invalidBecause = [...rounds].flatMap(([way, { job, leaving }]) => {
    const deleted = job.statistics.reduce((sum, row) => sum + row.deleted, 0);
    return deleted === leaving ? [] : [`${way}: ${deleted} of ${leaving} were deleted`];
  });
  return {
    measures: {
      ...NO_MEASURES,
      singleRequests: perThousand('single', ({ requests }) => requests),
      togetherRequests: perThousand('together', ({ requests }) => requests),
      singleMs: msOf('single') - msOf('without'),
      togetherMs: msOf('together') - msOf('without'),
      withoutMs: msOf('without'),
      singleCpuMicros: perThousand('single', ({ job }) => job.workerCpuMicros),
      togetherCpuMicros: perThousand('together', ({ job }) => job.workerCpuMicros),
    },
    invalidBecause,
  };
}

async function round(
  stack: BenchStack,
  servers: BenchServers,
  options: BenchOptions,
  way: Way,
  place: number,
): Promise<Round> {
  const { source, targets } = servers;
  await resetTargets(servers);
  await setLatency(servers, 0);
  const leaving = Math.floor(options.entities * LEAVING);
  const hr = await addSystem(stack, {
    role: 'source',
    name: `Source ${way}`,
    url: source.url,
    properties: PROPERTIES[way],
  });
  const properties = { 'ips.governor.delete': 'off' };
  for (const { url } of targets)
    await addSystem(stack, { role: 'target', name: `Target ${way}`, url, properties, sources: [hr] });
  await measureJob(stack, hr);
  for (let n = place * leaving; n < (place + 1) * leaving; n += 1)
    await source.control.remove('User', personId(n, SEED));
  await setLatency(servers, options.latencyMs);
  const mark = await source.control.journalMark();
  const job = await measureJob(stack, hr);
  const asked = (await source.control.journalSince(mark)).filter(({ path }) => path.includes('/Users'));
  const pages = Math.ceil((options.entities - (place + 1) * leaving) / options.pageSizeEntities);
  return { job, leaving, requests: asked.length - pages };
}
