import { NativeConnection, Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import type { RunActivities } from '../activities/contract.js';
import { bulkQueueOf } from '../core/task-queues.js';
import type { TemporalConfig } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import { temporalConnectionOptions } from '../runtime/temporal-connection.js';
import { loadWorkflowBundle } from './build-bundle.js';
import { activityInterceptors } from './interceptors/index.js';
import { waitFor } from './patience.js';
import { activityFunctions } from './registrations.js';
import type { RunSinks } from '../workflows/steps/sinks.js';

/** Chunks at a time in one process: each is mostly waiting for a back end, and each may hold a database connection. */
const BULK_SLOTS = 16;
/** Slots and not load decide here, so a fixed number of pollers is enough; more would only wait at the server. */
const BULK_POLLERS = 4;
/** Opening and closing runs. Small, but apart from the chunks, so that a stop never waits for a slot. */
const STEP_SLOTS = 16;

/** How the SDK ends a worker: after the grace activities are cancelled, after the force time they are abandoned. */
const SHUTDOWN = { shutdownGraceTime: '500ms', shutdownForceTime: '40s' } as const;

/** Opens the connection, waiting for Temporal and its namespace. */
export async function connectTemporal(
  temporal: TemporalConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection> {
  const options = await temporalConnectionOptions(temporal);
  const attempt = async (): Promise<NativeConnection> => {
    const connection = await NativeConnection.connect(options);
    try {
      await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  };
  return waitFor({ name: `Temporal at ${temporal.address}, namespace ${temporal.namespace}`, attempt }, log, signal);
}

/** The two workers of a process: workflows with the short steps of runs, and chunks. They poll only once they run. */
export async function createTemporalWorkers(
  connection: NativeConnection,
  options: {
    readonly namespace: string;
    /** Ends in `.workflows`; the bulk queue belongs to it. */
    readonly workflowQueue: string;
    readonly activities: RunActivities;
    readonly log: Logger;
    readonly continuingAsNew?: (() => void) | undefined;
  },
): Promise<Worker[]> {
  const { namespace, workflowQueue, log } = options;
  const common = {
    ...SHUTDOWN,
    connection,
    namespace,
    activities: activityFunctions(options.activities),
    interceptors: { activity: activityInterceptors(log) },
    // A stop reaches an activity with the answer to its heartbeat (STP-2: 1 s).
    maxHeartbeatThrottleInterval: '500ms',
  } as const;
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: workflowQueue,
      workflowBundle: await loadWorkflowBundle((message) => log.info(message)),
      sinks: runSinks(log, options.continuingAsNew),
      maxConcurrentActivityTaskExecutions: STEP_SLOTS,
    }),
    Worker.create({
      ...common,
      taskQueue: bulkQueueOf(workflowQueue),
      maxConcurrentActivityTaskExecutions: BULK_SLOTS,
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: BULK_POLLERS },
    }),
  ]);
}

function runSinks(log: Logger, continuingAsNew: (() => void) | undefined): InjectedSinks<RunSinks> {
  const fn = (_workflow: unknown, runKey: string): void => {
    log.debug({ runKey }, 'the run goes on in a new history');
    continuingAsNew?.();
  };
  return { run: { continuingAsNew: { fn } } };
}
