import { setTimeout as sleep } from 'node:timers/promises';
import { countEvents, readEnd, startJob } from '../engine/job.js';
import type { EndedJob, JobKind, StartedJob } from '../engine/job.js';
import type { BenchStack } from '../engine/stack.js';
import type { BenchSystem } from '../engine/systems.js';
import { databaseUsage, untilStatisticsAreIn } from './database-usage.js';
import { RssSampler } from './rss-sampler.js';
import type { RssCourse } from './rss-sampler.js';
import { monotonicMs } from './watching.js';
import { familyCpuMicros, processUsage } from './process-usage.js';

/** One job with everything it cost. */
export interface MeasuredJob extends EndedJob {
  /** From the request of the run to the end of its workflow. */
  readonly elapsedMs: number;
  /** By the clock of the journals. */
  readonly startedAtMs: number;
  readonly workerCpuMicros: number;
  readonly databaseCpuMicros: number;
  readonly temporalCpuMicros: number;
  readonly temporalEvents: number;
  readonly rowsWritten: number;
  readonly commits: number;
  readonly walBytes: number;
  /** Highest resident size of the worker since its start. */
  readonly peakRssMb: number;
  /** Resident size of the worker in the second and in the last quarter of the job. */
  readonly rss: RssCourse;
}

/** Runs a job to its end and measures it from the request of the run to the end of the workflow. */
export async function measureJob(
  stack: BenchStack,
  source: BenchSystem,
  options: JobKind & { readonly profile?: boolean } = {},
): Promise<MeasuredJob> {
  await untilStatisticsAreIn();
  const before = await usageOf(stack);
  if (options.profile === true) await toggleProfiler(stack);
  const startedAtMs = monotonicMs();
  const started = await startJob(stack, source, options);
  const sampler = new RssSampler(stack.pid('worker'));
  await started.handle.result();
  const rss = sampler.stop();
  const elapsedMs = monotonicMs() - startedAtMs;
  if (options.profile === true) await toggleProfiler(stack);
  const after = await usageOf(stack);
  return { ...(await differences(stack, started, before, after)), elapsedMs, startedAtMs, rss };
}

interface Usage {
  readonly workerCpuMicros: number;
  readonly databaseCpuMicros: number;
  readonly temporalCpuMicros: number;
  readonly peakRssMb: number;
  readonly rowsWritten: number;
  readonly commits: number;
  readonly walBytes: number;
}

async function usageOf(stack: BenchStack): Promise<Usage> {
  const worker = processUsage(stack.pid('worker'));
  const databaseCpuMicros = familyCpuMicros(stack.pid('postgres'));
  const temporalCpuMicros = familyCpuMicros(stack.pid('temporal'));
  const { cpuMicros: workerCpuMicros, peakRssMb } = worker;
  return {
    workerCpuMicros,
    databaseCpuMicros,
    temporalCpuMicros,
    peakRssMb,
    ...(await databaseUsage(stack.pool)),
  };
}

async function differences(
  stack: BenchStack,
  started: StartedJob,
  before: Usage,
  after: Usage,
): Promise<Omit<MeasuredJob, 'elapsedMs' | 'startedAtMs' | 'rss'>> {
  await untilStatisticsAreIn();
  const late = await databaseUsage(stack.pool);
  return {
    ...(await readEnd(stack, started)),
    temporalEvents: await countEvents(stack, started),
    workerCpuMicros: after.workerCpuMicros - before.workerCpuMicros,
    databaseCpuMicros: after.databaseCpuMicros - before.databaseCpuMicros,
    temporalCpuMicros: after.temporalCpuMicros - before.temporalCpuMicros,
    peakRssMb: after.peakRssMb,
    rowsWritten: late.rowsWritten - before.rowsWritten,
    commits: late.commits - before.commits,
    walBytes: after.walBytes - before.walBytes,
  };
}

async function toggleProfiler(stack: BenchStack): Promise<void> {
  process.kill(stack.pid('worker'), 'SIGUSR2');
  await sleep(200);
}
