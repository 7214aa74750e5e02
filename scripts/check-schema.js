/**
 * Schema drift: migrates an empty database and asks TypeORM what it would change to fit the entities. Anything is an
 * error: either a migration is missing or an entity is wrong. Needs the compiled product.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from '../dist/migrations/run.js';
import { loadConfig } from '../dist/runtime/config.js';
import { startEmbeddedPostgres } from '../dist/runtime/embedded/postgres.js';
import { createLogger } from '../dist/runtime/logger.js';
import { createDataSource } from '../dist/state/data-source.js';

const folder = mkdtempSync(join(tmpdir(), 'muster-schema-'));
const log = createLogger({ logLevel: 'warn' }, { part: 'schema check' });
const { searchPath } = loadConfig();
const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log, durability: 'test', searchPath });
try {
  await runMigrations(server.url);
  const differences = await pendingStatements(server.url);
  for (const statement of differences) console.error(`  ${statement}`);
  if (differences.length > 0) console.error('The entities and the migrations disagree: TypeORM would run the above.');
  else console.log('The entities and the migrated schema agree.');
  process.exitCode = differences.length === 0 ? 0 : 1;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function pendingStatements(url) {
  const dataSource = createDataSource(url);
  await dataSource.initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}
