import type { WorkflowHandle } from '@temporalio/client';
import { runWorkflowId } from '../../api/reconciler/start-options.js';
import { RunStarter } from '../../api/reconciler/start-run.js';
import { findOpenRun, readJob, readStatistics, requestRun, requestStop } from '../../state/runs/index.js';
import type { JobView, RunKind, StatisticsRow } from '../../state/runs/index.js';
import type { BenchStack } from './stack.js';
import type { BenchSystem } from './systems.js';

/** A job under way, started the way the API starts it. */
export interface StartedJob {
  readonly jobId: string;
  readonly runKey: string;
  readonly handle: WorkflowHandle;
}

/** What kind of job is started; a Read where nothing is said. */
export interface JobKind {
  readonly kind?: RunKind;
  /** The plan to apply, of kind `apply`. */
  readonly planNo?: number;
  /** Of a plan: false leaves out the match report. */
  readonly match?: boolean;
}

/** Inserts the run and starts its workflow. */
export async function startJob(stack: BenchStack, source: BenchSystem, what: JobKind = {}): Promise<StartedJob> {
  const asked = { sourceNo: source.no, trigger: 'IMMEDIATE', triggeredBy: 'benchmark' } as const;
  const request = {
    ...asked,
    kind: what.kind ?? 'read',
    ...(what.planNo !== undefined && { planNo: what.planNo }),
    ...(what.match !== undefined && { match: what.match }),
  };
  const { runKey, jobId } = await requestRun(stack.pool, request);
  const run = await findOpenRun(stack.pool, runKey);
  if (run === undefined) throw new Error('the run that was just requested is not open');
  await new RunStarter({ warn: () => undefined }).start(stack.client, run);
  return { jobId, runKey, handle: stack.client.workflow.getHandle(runWorkflowId(run)) };
}

/** Stops a job the way the API does: the row says so first, then the workflow is cancelled. */
export async function stopJob(stack: BenchStack, job: StartedJob): Promise<void> {
  await requestStop(stack.pool, job.jobId);
  await job.handle.cancel();
}

/** A job at its end. */
export interface EndedJob {
  readonly job: JobView;
  readonly statistics: readonly StatisticsRow[];
}

/** The job as its row says. */
export async function readEnd(stack: BenchStack, { jobId, runKey }: StartedJob): Promise<EndedJob> {
  const job = await readJob(stack.pool, jobId);
  if (job === undefined) throw new Error(`there is no job ${jobId}`);
  return { job, statistics: await readStatistics(stack.pool, runKey) };
}

/** Events in all histories of a workflow: a long one continues as new. */
export async function countEvents(stack: BenchStack, { handle }: StartedJob): Promise<number> {
  let events = 0;
  let runId: string | undefined = (await handle.describe()).raw.workflowExecutionInfo?.firstRunId ?? undefined;
  while (runId !== undefined && runId !== '') {
    const history = await stack.client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    const all = history.events ?? [];
    events += all.length;
    runId = all.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return events;
}
