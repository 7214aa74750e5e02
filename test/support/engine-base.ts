import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { Keyring } from '../../runtime/secrets.js';
import type { InstallationKeys } from '../../runtime/secrets.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import { createDataSource } from '../../state/data-source.js';
import { SqlPool } from '../../state/database.js';
import { closeConnections } from './connections.js';
import { createTestDatabase } from './database.js';

/** A database with the connections of one engine. */
export interface EngineBase {
  readonly databaseUrl: string;
  readonly pool: SqlPool;
  readonly dataSource: DataSource;
  readonly keyring: Keyring;
  readonly keys: InstallationKeys;
  close(): Promise<void>;
}

/** The environment of the suites calls what stands here when all tests of a suite are over. */
const AT_END = Symbol.for('muster.atEndOfSuite');
/** Tables that are never empty. */
const KEPT = ['schema_migration', 'installation'];
const idle: EngineBase[] = [];

/** A base of its own. */
export async function createBase(): Promise<EngineBase> {
  const database = await createTestDatabase();
  const { url } = database;
  const dataSource = await createDataSource(url, { poolSize: 4 }).initialize();
  const pool = new SqlPool(url);
  const keyring = new Keyring(randomBytes(32));
  const keys = await loadInstallationKeys(dataSource, keyring);
  const close = async (): Promise<void> => {
    await pool.close();
    await dataSource.destroy();
    await closeConnections(url);
    await database.drop();
  };
  return { databaseUrl: url, pool, dataSource, keyring, keys, close };
}

/** The base of an engine of this suite that was stopped, emptied, or a new one: connections that know the tables save a quarter of a second. */
export async function takeBase(): Promise<EngineBase> {
  const base = idle.pop();
  if (base === undefined) return createBase();
  // What was sealed with the keys of the earlier engine is gone, and they are.
  return { ...base, keys: await loadInstallationKeys(base.dataSource, base.keyring) };
}

/** Empties a base for the next engine. Where somebody still works on it, or holds a lock, it is closed instead. */
export async function giveBack(base: EngineBase): Promise<void> {
  const isEmpty = await empty(base).catch(() => false);
  if (!isEmpty) return base.close();
  if (idle.length === 0) atEnd(async () => void (await Promise.all(idle.splice(0).map((one) => one.close()))));
  idle.push(base);
}

/** Sequences go on: whoever still comes with a number of an earlier engine finds nothing under it. */
async function empty({ pool }: EngineBase): Promise<boolean> {
  const rows = await pool.query<{ name: string; busy: boolean }>(
    `select c.oid::regclass::text as name,
            exists (select 1 from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid() and state in ('active', 'idle in transaction')) as busy
       from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and pg_relation_size(c.oid) > 0 and c.relname <> all($1)`,
    [KEPT],
  );
  if (rows.some(({ busy }) => busy)) return false;
  await pool.transaction(async (sql) => {
    await sql.query(`set local lock_timeout = '2s'`);
    // No trigger and no foreign key is asked: all of it goes.
    await sql.query('set local session_replication_role = replica');
    for (const { name } of rows) await sql.query(`delete from ${name}`);
    await sql.query('update installation set id = gen_random_uuid()');
  });
  return true;
}

function atEnd(end: () => Promise<void>): void {
  const suite = globalThis as { [AT_END]?: (() => Promise<void>)[] };
  suite[AT_END] = [...(suite[AT_END] ?? []), end];
}
