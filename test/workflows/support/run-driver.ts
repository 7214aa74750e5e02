import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import { startOptions } from '../../../api/reconciler/start-options.js';
import type { StartableRun } from '../../../api/reconciler/start-options.js';
import type { RunActivities, RunInput } from '../../../activities/contract.js';
import { bulkQueueOf } from '../../../core/task-queues.js';
import { installRuntime } from '../../../worker/install-runtime.js';
import { loadWorkflowBundle } from '../../../worker/build-bundle.js';
import type { readJobWorkflow } from '../../../workflows/read-job.workflow.js';
import type { RunSinks } from '../../../workflows/steps/sinks.js';
import type { RunLoopInput, RunLoopResult } from '../../../workflows/steps/run-loop.js';

export type RunHandle = WorkflowHandleWithFirstExecutionRunId<typeof readJobWorkflow>;

const SINKS: InjectedSinks<RunSinks> = { run: { continuingAsNew: { fn: () => undefined } } };

/** The activities of the tests of a suite, by the run they are for. */
type FakeRuns = Map<string, RunActivities>;

/**
 * Client and workers of one suite. The runs share their workers, because a worker takes a second to make and to end; the activities that a
 * run meets are its own.
 */
export class RunDriver {
  private readonly runs: FakeRuns = new Map();
  private readonly queue = `test-${randomUUID()}.workflows`;
  private shared: Promise<RunningWorkers> | undefined;

  private constructor(
    readonly client: Client,
    private readonly connection: Connection,
    private readonly native: NativeConnection,
    private readonly bundle: { readonly code: string },
  ) {}

  static async open(address: string): Promise<RunDriver> {
    installRuntime();
    const connection = await Connection.connect({ address });
    const native = await NativeConnection.connect({ address });
    return new RunDriver(new Client({ connection }), connection, native, await loadWorkflowBundle());
  }

  async close(): Promise<void> {
    await (await this.shared)?.stop();
    await this.connection.close();
    await this.native.close();
  }

  /** Starts the workflow of a run that meets these activities, and ends it when `body` is over. */
  async withRun<T>(
    activities: RunActivities,
    body: (handle: RunHandle, run: StartableRun) => Promise<T>,
    options: { readonly input?: Omit<RunLoopInput, 'runKey'>; readonly kind?: StartableRun['kind'] } = {},
  ): Promise<T> {
    await (this.shared ??= this.start(this.queue, dispatching(this.runs)));
    const run = newRun(options.kind);
    const start = startOptions(run, this.queue);
    this.runs.set(run.runKey, activities);
    const handle = await this.client.workflow.start<typeof readJobWorkflow>(start.workflowType, {
      ...start.options,
      typedSearchAttributes: [...start.options.typedSearchAttributes],
      args: [{ runKey: run.runKey, ...options.input }],
    });
    try {
      return await body(handle, run);
    } finally {
      // Most have ended by themselves; one that is left must not ask the worker of the next test for anything.
      await this.client.workflow
        .getHandle(handle.workflowId)
        .terminate()
        .catch(() => undefined);
      this.runs.delete(run.runKey);
    }
  }

  /** Workers with these activities while `body` runs. */
  async withWorkers<T>(queue: string, activities: RunActivities, body: () => Promise<T>): Promise<T> {
    const workers = await this.start(queue, activities);
    try {
      return await body();
    } finally {
      await workers.stop();
    }
  }

  /** Runs a whole run and returns its result. */
  async execute(
    activities: RunActivities,
    options: { readonly input?: Omit<RunLoopInput, 'runKey'>; readonly kind?: StartableRun['kind'] } = {},
  ): Promise<RunLoopResult> {
    return this.withRun(activities, (handle) => handle.result(), options);
  }

  private async start(queue: string, activities: RunActivities): Promise<RunningWorkers> {
    const common = {
      connection: this.native,
      activities,
      maxHeartbeatThrottleInterval: '50ms',
      shutdownForceTime: '5s',
    } as const;
    const workers = await Promise.all([
      Worker.create({ ...common, taskQueue: queue, workflowBundle: this.bundle, sinks: SINKS }),
      Worker.create({ ...common, taskQueue: bulkQueueOf(queue) }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    return {
      stop: async () => {
        for (const worker of workers) worker.shutdown();
        await running;
      },
    };
  }
}

interface RunningWorkers {
  stop(): Promise<void>;
}

/** Hands each call to the activities of its run. */
function dispatching(runs: FakeRuns): RunActivities {
  const of = ({ runKey }: RunInput): RunActivities => {
    const found = runs.get(runKey);
    if (found === undefined) throw ApplicationFailure.nonRetryable(`the test of run ${runKey} is over`);
    return found;
  };
  const elsewhere = (): never => {
    throw ApplicationFailure.nonRetryable('this belongs to no run: give the test workers of its own');
  };
  return {
    openRun: (input) => of(input).openRun(input),
    sweepPairs: (input) => of(input).sweepPairs(input),
    intakeChunk: (input) => of(input).intakeChunk(input),
    endIntake: (input) => of(input).endIntake(input),
    drainChunk: (input) => of(input).drainChunk(input),
    planAbsence: (input) => of(input).planAbsence(input),
    deleteChunk: (input) => of(input).deleteChunk(input),
    simulateChunk: (input) => of(input).simulateChunk(input),
    finishRun: (input) => of(input).finishRun(input),
    describeProgress: (input) => of(input).describeProgress(input),
    requestScheduledRun: elsewhere,
    findHealable: elsewhere,
    healPair: elsewhere,
    sendMails: elsewhere,
    tendCertificates: elsewhere,
    removeOldLogs: elsewhere,
  };
}

/** A run row as the reconciler sees it, with ids that no other test has. */
export function newRun(kind: StartableRun['kind'] = 'read'): StartableRun {
  return {
    runKey: String(Math.floor(Math.random() * 2 ** 40)),
    sourceId: randomUUID(),
    sourceName: 'HR directory',
    kind,
    trigger: 'IMMEDIATE',
    targetNames: ['A', 'B'],
  };
}
