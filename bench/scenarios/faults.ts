import { countEvents, readEnd, startJob, stopJob } from '../engine/job.js';
import type { StartedJob } from '../engine/job.js';
import type { BenchStack } from '../engine/stack.js';
import { addSystem } from '../engine/systems.js';
import { createdTwice, lastAnswerAt, lastRequestAfter } from '../measure/journal-facts.js';
import { processUsage } from '../measure/process-usage.js';
import { monotonicMs, until } from '../measure/watching.js';
import type { BenchOptions } from '../options.js';
import { NO_MEASURES } from '../result.js';
import type { ScenarioOutcome } from '../result.js';
import type { JournalRecord } from '../../simulators/scim/journal.js';
import { setLatency, startServers } from '../servers.js';
import type { BenchServers } from '../servers.js';
import type { ScenarioTools } from './tools.js';

/** The job is hit when this part of the people is written. */
const HIT_AFTER = 0.3;
/** A killed worker sends nothing later than this, and a new one nothing earlier: it takes half a second to be started at all. */
const LAST_BREATH_MS = 250;

/** A job is stopped in the middle of a first load. */
export async function stop(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const { stack, servers, job } = await underWay(tools, options);
  const stoppedAt = monotonicMs();
  await stopJob(stack, job);
  const status = await until(
    'the stopped job reaches a final status',
    async () => {
      const { job: view } = await readEnd(stack, job);
      return view.endedAt === null ? undefined : view.status;
    },
    { everyMs: 5 },
  );
  const finalAt = monotonicMs();
  await job.handle.result().catch(() => undefined);
  const records = await journalsOf(servers);
  return {
    measures: {
      ...NO_MEASURES,
      lastRequestStartedMsAfterStop: lastRequestAfter(stoppedAt, records),
      statusFinalMs: finalAt - Math.max(stoppedAt, lastAnswerAt(records)),
      statusFinalMsAfterStop: finalAt - stoppedAt,
      temporalEvents: await countEvents(stack, job),
      peakRssMb: processUsage(stack.pid('worker')).peakRssMb,
    },
    invalidBecause: status === 'Manually Terminated' ? [] : [`the job was over before the stop: ${status}`],
  };
}

/** The worker is killed in the middle of a first load; its supervisor starts another one. */
export async function kill(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const { stack, servers, job, startedAt } = await underWay(tools, options);
  const pid = stack.pid('worker');
  const killedAt = monotonicMs();
  process.kill(pid, 'SIGKILL');
  await until('the killed worker is gone', () => (isAlive(pid) ? undefined : true), { everyMs: 5 });
  const goneAt = monotonicMs();
  await job.handle.result();
  const elapsedMs = performance.now() - startedAt;
  const finishedAt = monotonicMs();
  const records = await journalsOf(servers);
  const resumedAt = records
    .filter((record) => record.operation === 'create' && record.receivedAtMs > goneAt + LAST_BREATH_MS)
    .reduce((earliest, record) => Math.min(earliest, record.receivedAtMs), Infinity);
  const { job: view } = await readEnd(stack, job);
  const invalidBecause = view.status === 'Success' ? [] : [`the job ended with ${view.status}`];
  if (resumedAt === Infinity) invalidBecause.push('everything was written before the worker was killed');
  return {
    measures: {
      ...NO_MEASURES,
      entitiesPerSecond: (options.entities / elapsedMs) * 1_000,
      resumedAfterMs: resumedAt === Infinity ? null : resumedAt - killedAt,
      lastWriteAfterMs: lastRequestAfter(killedAt, await writesOf(servers)),
      finishedAfterMs: finishedAt - killedAt,
      lost: await lostPeople(servers, options.entities),
      createdTwice: await twicePeople(servers),
      temporalEvents: await countEvents(stack, job),
      peakRssMb: processUsage(stack.pid('worker')).peakRssMb,
    },
    invalidBecause,
  };
}

interface UnderWay {
  readonly stack: BenchStack;
  readonly servers: BenchServers;
  readonly job: StartedJob;
  readonly startedAt: number;
}

/** A first load of which a part is written. */
async function underWay(tools: ScenarioTools, options: BenchOptions): Promise<UnderWay> {
  const servers = await tools.use(startServers({ people: options.entities, targets: options.targets }));
  const stack = await tools.stack();
  const source = await addSystem(stack, { role: 'source', name: 'Source', url: servers.source.url });
  for (const [place, { url }] of servers.targets.entries())
    await addSystem(stack, { role: 'target', name: `Target ${place + 1}`, url });
  await setLatency(servers, options.latencyMs);
  tools.say('loading');
  const startedAt = performance.now();
  const job = await startJob(stack, source);
  await until(`${HIT_AFTER * 100} % of the people are written`, async () => {
    const counts = await Promise.all(servers.targets.map((target) => target.control.statistics()));
    return counts.every(({ users }) => users >= options.entities * HIT_AFTER) ? true : undefined;
  });
  tools.say('now');
  return { stack, servers, job, startedAt };
}

async function journalsOf({ source, targets }: BenchServers): Promise<JournalRecord[]> {
  const journals = await Promise.all([source, ...targets].map((server) => server.control.journalSince(0)));
  return journals.flat();
}

async function writesOf({ targets }: BenchServers): Promise<JournalRecord[]> {
  return (await Promise.all(targets.map((target) => target.control.writesSince(0)))).flat();
}

async function lostPeople({ targets }: BenchServers, people: number): Promise<number> {
  const counts = await Promise.all(targets.map((target) => target.control.statistics()));
  return counts.reduce((sum, { users }) => sum + Math.max(0, people - users), 0);
}

async function twicePeople({ targets }: BenchServers): Promise<number> {
  const journals = await Promise.all(targets.map((target) => target.control.journalSince(0)));
  return journals.reduce((sum, records) => sum + createdTwice(records), 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
