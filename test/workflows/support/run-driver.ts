import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import { startOptions } from '../../../api/reconciler/start-options.js';
import type { StartableRun } from '../../../api/reconciler/start-options.js';
import type { RunActivities } from '../../../activities/contract.js';
import { bulkQueueOf } from '../../../core/task-queues.js';
import { installRuntime } from '../../../worker/install-runtime.js';
import { loadWorkflowBundle } from '../../../worker/build-bundle.js';
import type { readJobWorkflow } from '../../../workflows/read-job.workflow.js';
import type { RunSinks } from '../../../workflows/steps/sinks.js';
import type { RunLoopInput, RunLoopResult } from '../../../workflows/steps/run-loop.js';

export type RunHandle = WorkflowHandleWithFirstExecutionRunId<typeof readJobWorkflow>;

const SINKS: InjectedSinks<RunSinks> = { run: { continuingAsNew: { fn: () => undefined } } };

/** Client and workers of one suite; each run gets task queues of its own. */
export class RunDriver {
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
    await this.connection.close();
    await this.native.close();
  }

  /** Starts the workflow of a run on workers with these activities, and stops the workers when `body` is over. */
  async withRun<T>(
    activities: RunActivities,
    body: (handle: RunHandle, run: StartableRun) => Promise<T>,
    options: { readonly input?: Omit<RunLoopInput, 'runKey'>; readonly kind?: StartableRun['kind'] } = {},
  ): Promise<T> {
    const run = newRun(options.kind);
    const queue = `test-${randomUUID()}.workflows`;
    const start = startOptions(run, queue);
    return this.withWorkers(queue, activities, async () => {
      const handle = await this.client.workflow.start<typeof readJobWorkflow>(start.workflowType, {
        ...start.options,
        typedSearchAttributes: [...start.options.typedSearchAttributes],
        args: [{ runKey: run.runKey, ...options.input }],
      });
      return body(handle, run);
    });
  }

  /** Workers with these activities while `body` runs. */
  async withWorkers<T>(queue: string, activities: RunActivities, body: () => Promise<T>): Promise<T> {
    const workers = await this.workers(queue, activities);
    const running = Promise.all(workers.map((worker) => worker.run()));
    try {
      return await body();
    } finally {
      for (const worker of workers) worker.shutdown();
      await running;
    }
  }

  /** Runs a whole run and returns its result. */
  async execute(
    activities: RunActivities,
    options: { readonly input?: Omit<RunLoopInput, 'runKey'>; readonly kind?: StartableRun['kind'] } = {},
  ): Promise<RunLoopResult> {
    return this.withRun(activities, (handle) => handle.result(), options);
  }

  private workers(queue: string, activities: RunActivities): Promise<Worker[]> {
    const common = {
      connection: this.native,
      activities,
      maxHeartbeatThrottleInterval: '50ms',
      shutdownForceTime: '5s',
    } as const;
    return Promise.all([
      Worker.create({ ...common, taskQueue: queue, workflowBundle: this.bundle, sinks: SINKS }),
      Worker.create({ ...common, taskQueue: bulkQueueOf(queue) }),
    ]);
  }
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
