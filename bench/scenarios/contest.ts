import { addSystem } from '../engine/systems.js';
import type { BenchSystem } from '../engine/systems.js';
import type { BenchStack } from '../engine/stack.js';
import { lastAnswerAt } from '../measure/journal-facts.js';
import { measureJob } from '../measure/measured-job.js';
import type { MeasuredJob } from '../measure/measured-job.js';
import { arithmeticLimit, reasonsAgainst, servedPerSecond } from '../measure/validity.js';
import { CONCURRENT_WRITES } from '../options.js';
import type { BenchOptions } from '../options.js';
import type { RawMeasure } from '../raw/messages.js';
import { RawProcess } from '../raw/raw-process.js';
import type { ScenarioOutcome } from '../result.js';
import { measureCapacity, resetTargets, setLatency, startServers } from '../servers.js';
import type { BenchServers } from '../servers.js';
import { engineMeasures } from './measures.js';
import type { ScenarioTools } from './tools.js';

/** What the three contestants of a scenario have to do. */
export interface Contest {
  /** Before the measured run everything is loaded once, without latency. */
  readonly loadsFirst: boolean;
  /** Changes the source before the measured run; the ids of what changed. Undefined: everything is to be written. */
  readonly change?: (servers: BenchServers, round: number) => Promise<readonly string[]>;
  /** Writes to each target that the measured run needs. */
  readonly writes: number;
}

/** R0, R1 and the engine in turn on the same simulators, the targets emptied in between. */
export async function contest(
  tools: ScenarioTools,
  options: BenchOptions,
  { loadsFirst, change, writes }: Contest,
): Promise<ScenarioOutcome> {
  const servers = await tools.use(startServers({ people: options.entities, targets: options.targets }));
  tools.say('measuring the simulators alone');
  const capacity = await measureCapacity(servers, options);
  const stack = await tools.stack();
  const rounds = new Rounds(options, servers, { loadsFirst, ...(change !== undefined && { change }) });
  tools.say('R0: raw loop without state');
  const r0 = await rounds.raw(undefined);
  tools.say('R1: raw loop with hashes, bodies and commits');
  const r1 = await rounds.raw(stack.databaseUrl);
  tools.say('the engine');
  const job = await rounds.engine(stack, options.profileFolder !== undefined);

  const rates = { r0: rateOf(r0), r1: rateOf(r1), engine: (options.entities / job.elapsedMs) * 1_000 };
  const simulator = servedPerSecond(capacity, options.entities, writes);
  const limit = arithmeticLimit({ ...options, writes, concurrency: CONCURRENT_WRITES });
  return {
    measures: {
      ...engineMeasures(job, options.entities),
      entitiesPerSecond: rates.engine,
      r0: rates.r0,
      r1: rates.r1,
      ratioR0: rates.engine / rates.r0,
      ratioR1: rates.engine / rates.r1,
      r0CpuMicrosPerEntity: r0.cpuMicros / r0.entities,
      r1CpuMicrosPerEntity: r1.cpuMicros / r1.entities,
      limitPerSecond: limit,
      simulatorPerSecond: simulator,
      ...(await borders(servers, job)),
    },
    invalidBecause: [
      ...reasonsAgainst({ ...rates, simulator, limit }),
      ...(await wrongResults(options, servers, job, writes)),
    ],
  };
}

/** Time of the job in which nothing was written yet, or any more, in any target. */
async function borders(
  { targets }: BenchServers,
  job: MeasuredJob,
): Promise<{ firstWriteAfterMs: number | null; endAfterLastAnswerMs: number | null }> {
  const journals = await Promise.all(targets.map((target) => target.control.writesSince(0)));
  const writes = journals.flat().filter((record) => record.receivedAtMs >= job.startedAtMs);
  const first = writes.reduce((earliest, record) => Math.min(earliest, record.receivedAtMs), Infinity);
  if (first === Infinity) return { firstWriteAfterMs: null, endAfterLastAnswerMs: null };
  const endedAtMs = job.startedAtMs + job.elapsedMs;
  return { firstWriteAfterMs: first - job.startedAtMs, endAfterLastAnswerMs: endedAtMs - lastAnswerAt(writes) };
}

class Rounds {
  private round = 0;

  constructor(
    private readonly options: BenchOptions,
    private readonly servers: BenchServers,
    private readonly contest: Omit<Contest, 'writes'>,
  ) {}

  async raw(databaseUrl: string | undefined): Promise<RawMeasure> {
    await resetTargets(this.servers);
    const raw = await RawProcess.start({
      kind: 'open',
      sourceUrl: this.servers.source.url,
      targetUrls: this.servers.targets.map((target) => target.url),
      pageSizeEntities: this.options.pageSizeEntities,
      concurrency: CONCURRENT_WRITES,
      ...(databaseUrl !== undefined && { databaseUrl }),
    });
    try {
      return await this.measured(
        () => raw.run(),
        (changedIds) => raw.run(changedIds === undefined ? {} : { changedIds }),
      );
    } finally {
      await raw.stop();
    }
  }

  async engine(stack: BenchStack, profile: boolean): Promise<MeasuredJob> {
    await resetTargets(this.servers);
    const source = await this.configure(stack);
    return this.measured(
      () => measureJob(stack, source),
      () => measureJob(stack, source, { profile }),
    );
  }

  /** First the load without latency, where there is one, then the change, then the run that counts. */
  private async measured<T>(
    load: () => Promise<unknown>,
    run: (changed: readonly string[] | undefined) => Promise<T>,
  ): Promise<T> {
    await setLatency(this.servers, 0);
    if (this.contest.loadsFirst) await load();
    this.round += 1;
    const changed = await this.contest.change?.(this.servers, this.round);
    await setLatency(this.servers, this.options.latencyMs);
    return run(changed);
  }

  private async configure(stack: BenchStack): Promise<BenchSystem> {
    const properties = { 'scim.page.size': String(this.options.pageSizeEntities) };
    const source = await addSystem(stack, { role: 'source', name: 'Source', url: this.servers.source.url, properties });
    for (const [place, { url }] of this.servers.targets.entries())
      await addSystem(stack, { role: 'target', name: `Target ${place + 1}`, url });
    return source;
  }
}

function rateOf({ entities, elapsedMs }: RawMeasure): number {
  return (entities / elapsedMs) * 1_000;
}

/** A fast run that did the wrong thing is no result. */
async function wrongResults(
  options: BenchOptions,
  servers: BenchServers,
  { job, statistics }: MeasuredJob,
  writes: number,
): Promise<string[]> {
  const reasons = job.status === 'Success' ? [] : [`the job ended with ${job.status}`];
  const read = statistics.reduce((sum, row) => sum + row.read, 0);
  if (read !== options.entities) reasons.push(`the job read ${read} of ${options.entities} entities`);
  const written = statistics.reduce((sum, row) => sum + row.created + row.updated, 0);
  const expected = writes * options.targets;
  if (written !== expected) reasons.push(`the job wrote ${written} entities instead of ${expected}`);
  for (const target of servers.targets) {
    const { users } = await target.control.statistics();
    if (users !== options.entities) reasons.push(`a target holds ${users} of ${options.entities} people`);
  }
  return reasons;
}
