import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { errorCode } from '../../runtime/error-code.js';
import { runMigrations } from '../../migrations/run.js';
import { askForServer } from './servers.js';

/** A migrated, empty database of one suite. */
export interface TestDatabase {
  /** Connection string. */
  readonly url: string;
  /** Ends every session and removes the database. */
  drop(): Promise<void>;
}

const TEMPLATE = 'muster_template';
/** Any number; all suites of a run use the same. */
const TEMPLATE_LOCK = 7301;
/** SQLSTATE `object_in_use`: somebody is still connected to the template, the autovacuum for instance. */
const OBJECT_IN_USE = '55006';
const COPY_ATTEMPTS = 20;

/**
 * Makes a database with all migrations applied by copying a template, which the first call of a test run makes.
 * The copy takes about a tenth of a second. Call `drop` in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const database = await copyDatabase(await adminUrl(), TEMPLATE);
  // An installation of its own: schedules in the shared Temporal server are told apart by it.
  await withClient(database.url, (client) => client.query('UPDATE installation SET id = gen_random_uuid()'));
  return database;
}

/** The same without any table: for tests of the migrations themselves. */
export async function createEmptyTestDatabase(): Promise<TestDatabase> {
  return copyDatabase(await adminUrl(), 'template0');
}

async function adminUrl(): Promise<string> {
  const server = await askForServer('postgres');
  if (server.state === 'failed') throw new Error(`There is no PostgreSQL to test with: ${server.reason}`);
  return databaseUrl(server.address, 'postgres');
}

async function copyDatabase(admin: string, template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(admin, async (client) => {
    if (template === TEMPLATE) await ensureTemplate(client, admin);
    await retryWhileInUse(() => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  });
  return {
    url: databaseUrl(admin, name),
    drop: () => withClient(admin, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

/** Under a lock, because suites run in several processes; renamed when complete, so that a failure is not mistaken for it. */
async function ensureTemplate(client: pg.Client, admin: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE]);
    if (found.rowCount !== 0) return;
    const unfinished = `${TEMPLATE}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
    await runMigrations(databaseUrl(admin, unfinished));
    await retryWhileInUse(() => client.query(`ALTER DATABASE ${unfinished} RENAME TO ${TEMPLATE}`));
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

async function retryWhileInUse(statement: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await statement();
      return;
    } catch (error) {
      const inUse = errorCode(error) === OBJECT_IN_USE;
      if (!inUse || attempt === COPY_ATTEMPTS) throw error;
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function databaseUrl(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.toString();
}
