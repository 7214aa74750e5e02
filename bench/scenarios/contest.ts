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
  /** Also what the governor and the tracking of unknown entities cost. */
  readonly governorCost?: true;
}

/** R0, R1 and the engine in turn on the same simulators, the targets emptied in between. */
export async function contest(
  tools: ScenarioTools,
  options: BenchOptions,
  { loadsFirst, change, writes, governorCost }: Contest,
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
  const job = await rounds.engine(stack, { profile: options.profileFolder !== undefined });
  const borderTimes = await borders(servers, job);
  const wrong = await wrongResults(options, servers, job, writes);

  const safety =
    governorCost === true && !options.isShort ? await costOfSafety(tools, rounds, stack, options.entities) : {};

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
      ...borderTimes,
      ...safety,
    },
    invalidBecause: [...reasonsAgainst({ ...rates, simulator, limit }), ...wrong],
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

type Properties = Readonly<Record<string, string>>;
const OFF: Properties = { 'ips.reference.behavior': 'true' };

/**
 * The same job with and without governor, guards and tracking, four times more in the order off, on, on, off; the better one of each two counts, because
 * a worker gets warmer and other programs only add. CPU of the worker decides: it depends on them less than time does.
 */
async function costOfSafety(
  tools: ScenarioTools,
  rounds: Rounds,
  stack: BenchStack,
  entities: number,
): Promise<{ governorCost: number; governorCostElapsed: number; governorOffCpuMicrosPerEntity: number }> {
  const cpu = { on: Infinity, off: Infinity };
  const elapsed = { on: Infinity, off: Infinity };
  for (const state of ['off', 'on', 'on', 'off'] as const) {
    tools.say(`the engine, governor and tracking of unknown entities ${state}`);
    const job = await rounds.engine(stack, { properties: state === 'off' ? OFF : {} });
    cpu[state] = Math.min(cpu[state], job.workerCpuMicros);
    elapsed[state] = Math.min(elapsed[state], job.elapsedMs);
  }
  return {
    governorCost: cpu.on / cpu.off - 1,
    governorCostElapsed: elapsed.on / elapsed.off - 1,
    governorOffCpuMicrosPerEntity: cpu.off / entities,
  };
}

class Rounds {
  private round = 0;
  private configured = 0;

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

  async engine(
    stack: BenchStack,
    { profile = false, properties = {} }: { readonly profile?: boolean; readonly properties?: Properties } = {},
  ): Promise<MeasuredJob> {
    await resetTargets(this.servers);
    const source = await this.configure(stack, properties);
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

  /** Systems of their own for each round: nobody else's source feeds its targets. */
  private async configure(stack: BenchStack, more: Properties): Promise<BenchSystem> {
    this.configured += 1;
    const mark = this.configured === 1 ? '' : ` (${this.configured})`;
    const properties = { 'scim.page.size': String(this.options.pageSizeEntities), ...more };
    const { url: sourceUrl } = this.servers.source;
    const source = await addSystem(stack, { role: 'source', name: `Source${mark}`, url: sourceUrl, properties });
    for (const [place, { url }] of this.servers.targets.entries())
      await addSystem(stack, { role: 'target', name: `Target ${place + 1}${mark}`, url, sources: [source] });
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
