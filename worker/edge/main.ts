import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Context } from '@temporalio/activity';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { NativeConnection } from '@temporalio/worker';
import { allowOnly } from '../../connectors/edge/allow-list.js';
import type { ReachGuard } from '../../connectors/reach-guard.js';
import { EdgeServer } from '../../connectors/edge/edge-server.js';
import { createRegistry } from '../../connectors/registry.js';
import type { ConnectorRegistry } from '../../connectors/registry.js';
import { edgeQueue } from '../../core/task-queues.js';
import { ConfigError } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { loadEdgeFile } from '../../runtime/edge/edge-file.js';
import { loadEdgeKey } from '../../runtime/edge/key-file.js';
import { publicKeyText } from '../../runtime/edge/keys.js';
import { openCredential } from '../../runtime/edge/sealed-credential.js';
import { CallOpener } from '../../runtime/edge/sealed-calls.js';
import { createLogger } from '../../runtime/logger.js';
import type { Logger } from '../../runtime/logger.js';
import { temporalConnectionOptions } from '../../runtime/temporal-connection.js';
import { installRuntime } from '../install-runtime.js';
import { runTogether } from '../shutdown.js';
import type { WorkerGroup } from '../shutdown.js';
import { connectTemporal } from '../temporal-workers.js';
import { edgeClock } from './edge-clock.js';
import { createEdgeActivity } from './edge-activity.js';
import type { EdgeActivityDependencies } from './edge-activity.js';
import type { Beat } from './sign-of-life.js';

/** What tests replace. */
export interface EdgeOverrides {
  readonly log?: Logger;
  /** Gives the waiting for Temporal up. */
  readonly signal?: AbortSignal;
  readonly connectors?: ConnectorRegistry;
  /** In place of the list of the configuration: systems under test have another address in each check. */
  readonly guard?: ReachGuard;
  readonly reached?: EdgeActivityDependencies['reached'];
  /** In place of the clock that permits are compared with. */
  readonly clockMs?: () => number;
}

/** Calls at a time: each is mostly waiting for a system. */
const SLOTS = 100;
const POLLERS = 4;
/** A beat that is not answered by then did not get there. */
const BEAT_TIMEOUT_MS = 5_000;
const SWEEP_INTERVAL_MS = 60_000;
const SHUTDOWN = { shutdownGraceTime: '500ms', shutdownForceTime: '40s' } as const;
const NOT_FOUND = 5;

/**
 * Starts the edge worker of this process (CONN-CORE-90): connects to Temporal, and to nothing else before a call asks for it. It takes calls on the queue of its
 * location, and on one of its own what hangs on its connections.
 * @throws ConfigError when its configuration cannot be used, or does not name the installation yet.
 */
export async function startEdgeWorker(config: Config, overrides: EdgeOverrides = {}): Promise<WorkerGroup> {
  const log = overrides.log ?? createLogger(config, { process: 'edge' });
  const file = await loadEdgeFile(config.edgeConfigFile);
  const own = await loadEdgeKey(file.keyFile);
  const publicKey = publicKeyText(own.publicKey);
  if (file.central === undefined)
    throw new ConfigError(
      `${config.edgeConfigFile} does not name the installation yet. Register this location with the key ${publicKey} (muster locations register ${file.location} ${publicKey}), and set "central" to the key that is shown then.`,
    );
  installRuntime(log);
  const signal = overrides.signal ?? new AbortController().signal;
  const connection = await connectTemporal(config.temporal, log, signal);
  // A beat is not repeated: the next one comes soon.
  const beats = await Connection.connect({ ...(await temporalConnectionOptions(config.temporal)), interceptors: [] });
  const registry = overrides.connectors ?? createRegistry();
  const worker = randomBytes(6).toString('hex');
  const clockMs = overrides.clockMs ?? edgeClock({ monotonicMs: () => performance.now(), wallMs: () => Date.now() });
  const server = new EdgeServer({
    worker,
    clockMs,
    find: (typeName) => registry.find(typeName),
    guard: overrides.guard ?? allowOnly(file.allow),
    openCredential: (name, sealed) => openCredential(own, name, sealed),
    nowMs: () => Date.now(),
    log: {
      debug: (fields, message) => log.debug(fields, message),
      warn: (fields, message) => log.warn(fields, message),
    },
  });
  const activities = createEdgeActivity({
    server,
    opener: new CallOpener(own, file.central),
    worker,
    beat: beatThrough(beats, config.temporal.namespace),
    nowMs: clockMs,
    reached: overrides.reached,
  });
  const sweep = setInterval(() => void server.sweep(), SWEEP_INTERVAL_MS);
  const queues = [edgeQueue(file.tenant, file.location), edgeQueue(file.tenant, file.location, worker)];
  const workers = await Promise.all(
    queues.map((taskQueue) =>
      createWorker(connection, { namespace: config.temporal.namespace, taskQueue, activities }),
    ),
  );
  const closers = [
    async () => clearInterval(sweep),
    () => server.close(),
    () => beats.close(),
    () => connection.close(),
  ];
  const group = runTogether(workers, closers);
  log.info(
    {
      location: file.location,
      tenant: file.tenant,
      publicKey,
      temporal: config.temporal.address,
      namespace: config.temporal.namespace,
      worker,
      allowed: file.allow.length,
    },
    'the edge worker takes calls',
  );
  if (file.allow.length === 0) log.warn('"allow" is empty: this edge worker may reach nothing');
  return group;
}

function createWorker(
  connection: NativeConnection,
  options: { readonly namespace: string; readonly taskQueue: string; readonly activities: object },
): Promise<Worker> {
  return Worker.create({
    ...SHUTDOWN,
    ...options,
    connection,
    maxConcurrentActivityTaskExecutions: SLOTS,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: POLLERS },
  });
}

/** A beat of the running activity that is known to have got there. */
function beatThrough(connection: Connection, namespace: string): Beat {
  return async () => {
    const { taskToken } = Context.current().info;
    try {
      const { cancelRequested } = await connection.withDeadline(Date.now() + BEAT_TIMEOUT_MS, () =>
        connection.workflowService.recordActivityTaskHeartbeat({ namespace, taskToken }),
      );
      return cancelRequested === true ? 'asked' : 'goesOn';
    } catch (error) {
      if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) return 'over';
      throw error;
    }
  };
}
