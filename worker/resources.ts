import type { DataSource } from 'typeorm';
import { createActivities } from '../activities/index.js';
import { SystemMemories } from '../activities/support/system-memories.js';
import type { ActivityDependencies, ActivityLog } from '../activities/index.js';
import type { RunActivities } from '../activities/contract.js';
import { createRegistry } from '../connectors/registry.js';
import { requireDatabaseUrl } from '../runtime/config.js';
import type { Config } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import { createMailer } from '../runtime/mailer.js';
import { loadKeyring } from '../runtime/secrets.js';
import { loadInstallationKeys } from '../state/config/index.js';
import { createDataSource } from '../state/data-source.js';
import { sqlState, SqlPool } from '../state/database.js';
import { joinLeaseHolders, leaveLeaseHolders } from '../state/drain/lease-holders.js';
import { createCentralEdge } from './central-edge.js';
import { isDatabaseAway } from './interceptors/database-away.js';
import { waitFor } from './patience.js';
import { identifyProcess, isAlive } from './process-identity.js';

/** Connections for hand-written SQL: every activity slot may hold one, and its watch another for a moment. */
const POOL_CONNECTIONS = 24;
const CONFIGURATION_CONNECTIONS = 4;

/** What tests of faults replace: times, connectors, and who is told of the moments of the engine. */
export type EngineOverrides = Partial<
  Pick<ActivityDependencies, 'timing' | 'connectorFactory' | 'reached' | 'clock' | 'mailer'>
>;

/** Activities with everything they stand on. */
export interface WorkerResources {
  readonly activities: RunActivities;
  /** Ends the connections to back ends, then those to the database. */
  close(): Promise<void>;
}

/**
 * Opens the database, waiting for it and for its tables, and makes the activities over it.
 * @throws ConfigError without a database, SecretError when the master key does not fit it.
 */
export async function openResources(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  engine: EngineOverrides = {},
  workflowQueue?: string,
): Promise<WorkerResources> {
  const databaseUrl = requireDatabaseUrl(config);
  const keyring = await loadKeyring(config.masterKeyFile, { create: !config.masterKeyFileIsConfigured });
  const dataSource = await openDatabase(databaseUrl, log, signal);
  const leaseHolder = await joinAsHolder(dataSource, log);
  const pool = new SqlPool(databaseUrl, {
    maxConnections: POOL_CONNECTIONS,
    leaseHolder,
    onError: (error) => log.warn({ reason: error.message }, 'a database connection died'),
  });
  try {
    const registry = createRegistry();
    const keys = await loadInstallationKeys(dataSource, keyring);
    const edge = createCentralEdge({ pool, keys, temporal: config.temporal, workflowQueue });
    const activities = createActivities({
      pool,
      dataSource,
      keyring,
      keys,
      connectorFactory: (typeName) => registry.find(typeName),
      edge: edge.router,
      memories: new SystemMemories(),
      clock: () => new Date(),
      ...(config.mail !== undefined && { mailer: createMailer(config.mail) }),
      log: activityLog(log),
      concurrency: config.processConcurrency,
      ...engine,
    });
    return {
      activities,
      async close() {
        await activities.close();
        await edge.close();
        await leaveLeaseHolders(dataSource, leaseHolder).catch(() => undefined);
        await pool.close();
        await dataSource.destroy();
      },
    };
  } catch (error) {
    await pool.close();
    await dataSource.destroy();
    throw error;
  }
}

/** Leases of a worker that was killed on this machine end with this, long before their time. */
async function joinAsHolder(dataSource: DataSource, log: Logger): Promise<number> {
  const own = identifyProcess();
  if (own === undefined) return 0;
  const { holder, endedLeases } = await joinLeaseHolders(dataSource, own, isAlive);
  if (endedLeases > 0) log.warn({ endedLeases }, 'a worker has died on this machine; what it had in hand is free soon');
  return holder;
}

async function openDatabase(databaseUrl: string, log: Logger, signal: AbortSignal): Promise<DataSource> {
  const attempt = async (): Promise<DataSource> => {
    const dataSource = await createDataSource(databaseUrl, {
      poolSize: CONFIGURATION_CONNECTIONS,
      applicationName: 'muster worker',
    }).initialize();
    try {
      // The newest table of the schema stands for all of them.
      await dataSource.query('select from rt_event limit 0');
      return dataSource;
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
  };
  const isWorthWaiting = (error: unknown): boolean => isDatabaseAway(error) || isWithoutTables(error);
  return waitFor(
    { name: 'PostgreSQL and its tables (`muster migrate` makes them)', attempt, isWorthWaiting },
    log,
    signal,
  );
}

/** The table, or the whole database, does not exist yet. */
function isWithoutTables(error: unknown): boolean {
  return ['42P01', '3D000'].includes(sqlState(error) ?? '');
}

function activityLog(log: Logger): ActivityLog {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
