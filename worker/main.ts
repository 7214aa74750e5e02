import type { RunActivities } from '../activities/contract.js';
import { WORKFLOW_QUEUE } from '../core/task-queues.js';
import type { Config } from '../runtime/config.js';
import { createLogger } from '../runtime/logger.js';
import type { Logger } from '../runtime/logger.js';
import { installRuntime } from './install-runtime.js';
import { checkRegistrations } from './registrations.js';
import { openResources } from './resources.js';
import type { EngineOverrides, WorkerResources } from './resources.js';
import { runTogether } from './shutdown.js';
import type { WorkerGroup } from './shutdown.js';
import { connectTemporal, createTemporalWorkers } from './temporal-workers.js';

/** What tests and the command line replace. */
export interface WorkerOverrides {
  /** Default: a logger for this process. */
  readonly log?: Logger;
  /** Instead of the real activities; then no database is opened. */
  readonly activities?: RunActivities;
  /** For tests of faults. */
  readonly engine?: EngineOverrides;
  /** Told when a workflow is about to go on in a new history. For tests of faults. */
  readonly continuingAsNew?: () => void;
  /** Default `muster.workflows`; must end in `.workflows`. */
  readonly workflowQueue?: string;
  /** Gives the waiting for PostgreSQL and Temporal up. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the worker of this process: workflows, and chunks of bulk jobs. Waits as long as it takes for PostgreSQL, its tables and
 * Temporal, telling the log. When the running worker breaks, `exited` rejects and the process should end: a fresh one is started by
 * its supervisor, and no work is lost.
 * @throws ConfigError, SecretError, or an Error that names what this worker lacks.
 */
export async function startWorker(config: Config, overrides: WorkerOverrides = {}): Promise<WorkerGroup> {
  const log = overrides.log ?? createLogger(config, { process: 'worker' });
  const signal = overrides.signal ?? new AbortController().signal;
  const workflowQueue = overrides.workflowQueue ?? WORKFLOW_QUEUE;
  installRuntime(log);
  const resources = await openActivities(config, overrides, log, signal);
  try {
    await checkRegistrations(resources.activities);
    const connection = await connectTemporal(config.temporal, log, signal);
    try {
      const { namespace } = config.temporal;
      const { activities } = resources;
      const { continuingAsNew } = overrides;
      const options = { namespace, workflowQueue, activities, log, continuingAsNew };
      const workers = await createTemporalWorkers(connection, options);
      const group = runTogether(workers, [() => resources.close(), () => connection.close()]);
      log.info({ temporal: config.temporal.address, namespace, workflowQueue }, 'the worker takes work');
      return group;
    } catch (error) {
      await connection.close();
      throw error;
    }
  } catch (error) {
    await resources.close();
    throw error;
  }
}

async function openActivities(
  config: Config,
  overrides: WorkerOverrides,
  log: Logger,
  signal: AbortSignal,
): Promise<WorkerResources> {
  if (overrides.activities === undefined)
    return openResources(config, log, signal, overrides.engine, overrides.workflowQueue);
  return { activities: overrides.activities, close: async () => {} };
}
