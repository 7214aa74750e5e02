import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../state/data-source.js';
import { MIGRATIONS } from './index.js';

/** Key of the advisory lock; any constant, the same in every process. */
const MIGRATION_LOCK = 7_241_190_001;

/**
 * Brings the schema of the database up to date, one transaction for each migration. Any number of processes may call this at the
 * same time: one works, the others wait for it and find nothing left. Rejects with the error of the migration that failed.
 */
export async function runMigrations(databaseUrl: string): Promise<void> {
  const dataSource = new DataSource({
    ...dataSourceOptions(databaseUrl, { poolSize: 2, applicationName: 'muster migrate' }),
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
  });
  await dataSource.initialize();
  try {
    const holder = dataSource.createQueryRunner();
    try {
      // Held by the session of `holder`, not by a transaction: the migrations run on the other connection.
      await holder.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
      await dataSource.runMigrations();
      await holder.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    } finally {
      await holder.release();
    }
  } finally {
    await dataSource.destroy();
  }
}
