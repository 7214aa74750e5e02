import 'reflect-metadata';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { CONFIGURATION_ENTITIES } from './config/entities/index.js';
import { SILENT_TRANSACTION_MS, WARM_CONNECTIONS } from './database.js';

/** The connected configuration database of a process. */
export type { DataSource } from 'typeorm';

/** What the functions of `state/` work on: a pool, or the transaction the caller has open. */
export type Database = DataSource | EntityManager;

/** Limits of the pool of one process. */
export interface DataSourceLimits {
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`; default `muster`. */
  readonly applicationName?: string;
}

/** Options shared by the processes and the migrations. `synchronize` is off everywhere, tests included. */
export function dataSourceOptions(url: string, limits: DataSourceLimits = {}): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: CONFIGURATION_ENTITIES,
    synchronize: false,
    logging: false,
    migrationsTableName: 'schema_migration',
    poolSize: limits.poolSize ?? 10,
    connectTimeoutMS: 10_000,
    applicationName: limits.applicationName ?? 'muster',
    extra: { idle_in_transaction_session_timeout: SILENT_TRANSACTION_MS, min: WARM_CONNECTIONS },
  };
}

/** A data source that is not connected yet: call `initialize()` and, at the end, `destroy()`. Runs no migrations. */
export function createDataSource(url: string, limits?: DataSourceLimits): DataSource {
  return new DataSource(dataSourceOptions(url, limits));
}
