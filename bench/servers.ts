import { personAt } from '../simulators/population.js';
import { spawnScimSimulator } from '../simulators/scim/spawn.js';
import type { SimulatorProcess } from '../simulators/scim/spawn.js';
import type { SimulatorProcessOptions } from '../simulators/scim/process-options.js';
import { readingCapacity, writingCapacity } from './measure/simulator-capacity.js';
import { commonOf, targetOf } from './raw/mapping.js';

/** Seed of every population of the benchmark. */
export const SEED = 1;
/** Pages and creates that the measurement of the simulators asks for. */
const CAPACITY_PAGES = 400;
const CAPACITY_CREATES = 8_000;

/** Simulated servers, each in a process of its own, with their journals on. */
export interface BenchServers {
  readonly source: SimulatorProcess;
  readonly targets: readonly SimulatorProcess[];
  stop(): Promise<void>;
}

/** Starts one source with people and empty targets. Nothing waits before {@link setLatency}. */
export async function startServers(options: {
  readonly people: number;
  readonly targets: number;
  readonly target?: SimulatorProcessOptions;
}): Promise<BenchServers> {
  const started: SimulatorProcess[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(started.map((server) => server.stop())));
  const start = async (own: SimulatorProcessOptions): Promise<SimulatorProcess> => {
    const server = await spawnScimSimulator(own);
    started.push(server);
    return server;
  };
  try {
    const journal = { capacity: 20_000 + 12 * options.people };
    const populate = { people: options.people, groups: 0, seed: SEED };
    const source = await start({ journal, populate });
    const targets: SimulatorProcess[] = [];
    for (let number = 0; number < options.targets; number += 1)
      targets.push(await start({ journal, idPrefix: `t${number}-`, ...options.target }));
    return { source, targets, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Lets the source and every target wait so long before each answer. */
export async function setLatency({ source, targets }: BenchServers, latencyMs: number): Promise<void> {
  for (const server of [source, ...targets]) await server.control.setLatency({ default: { fixedMs: latencyMs } });
}

/** Empties the targets and forgets what was asked for so far. */
export async function resetTargets({ source, targets }: BenchServers): Promise<void> {
  await source.control.reset({ keepStore: true });
  for (const target of targets) await target.control.reset();
}

/** Entities per second that the simulators serve when nothing else is to be done. Leaves the targets empty. */
export interface Capacity {
  readonly reading: number;
  readonly writing: number;
}

/** Measures the simulators alone; this also warms them up. */
export async function measureCapacity(
  servers: BenchServers,
  options: { readonly entities: number; readonly pageSizeEntities: number },
): Promise<Capacity> {
  const [target] = servers.targets;
  if (target === undefined) throw new Error('there is no target to measure');
  const bodies = Array.from({ length: CAPACITY_CREATES }, (_, number) => targetOf(commonOf(personAt(number, SEED))));
  const pages = { ...options, pages: CAPACITY_PAGES };
  await readingCapacity(servers.source.url, { ...pages, pages: CAPACITY_PAGES / 4 });
  const reading = await readingCapacity(servers.source.url, pages);
  // The first half warms up.
  await writingCapacity(target.url, bodies.slice(0, CAPACITY_CREATES / 2));
  const writing = await writingCapacity(target.url, bodies.slice(CAPACITY_CREATES / 2));
  await resetTargets(servers);
  return { reading, writing };
}
