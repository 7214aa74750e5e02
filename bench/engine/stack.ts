import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { runMigrations } from '../../migrations/run.js';
import { childEnvironment, configEnvironment, loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { startEmbeddedPostgres } from '../../runtime/embedded/postgres.js';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import { createLogger } from '../../runtime/logger.js';
import { startNodeChild } from '../../runtime/node-child.js';
import { loadKeyring } from '../../runtime/secrets.js';
import type { Keyring } from '../../runtime/secrets.js';
import { Supervisor } from '../../runtime/supervisor.js';
import { createDataSource } from '../../state/data-source.js';
import type { DataSource } from '../../state/data-source.js';
import { SqlPool } from '../../state/database.js';

/** The product without its API: PostgreSQL that survives a crash of the machine, Temporal dev server on a file, one worker. */
export interface BenchStack {
  readonly databaseUrl: string;
  readonly pool: SqlPool;
  readonly dataSource: DataSource;
  readonly keyring: Keyring;
  readonly client: Client;
  /** Text of `temporal --version`. */
  readonly temporalVersion: string;
  /** Process numbers; that of the worker changes when it dies. */
  pid(name: 'postgres' | 'temporal' | 'worker'): number;
  /** Ends everything and removes the data. */
  stop(): Promise<void>;
}

const MUSTER = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const PROFILER = pathToFileURL(fileURLToPath(new URL('worker-profiler.js', import.meta.url)));

/** How the stack tells what it does, and where profiles of the worker go. */
export interface StackOptions {
  readonly say: (text: string) => void;
  readonly profileFolder: string | undefined;
}

/** Starts the stack on a folder of its own in the folder for temporary files. Nothing is left running when it fails. */
export async function startBenchStack(options: StackOptions): Promise<BenchStack> {
  const home = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  // PostgreSQL may have to run as another user, who passes through.
  chmodSync(home, 0o711);
  const config = loadConfig(childEnvironment({ MUSTER_HOME: home, DATABASE_URL: '', TEMPORAL_ADDRESS: '' }));
  const log = createLogger({ logLevel: 'silent' }, {});
  const supervisor = new Supervisor({ log, onEvent: (event) => options.say(`${event.component} ${event.kind}`) });
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
    await supervisor.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    return { ...(await startParts(supervisor, config, options, closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  supervisor: Supervisor,
  config: Config,
  options: StackOptions,
  closing: (() => Promise<void>)[],
): Promise<Omit<BenchStack, 'stop'>> {
  const log = createLogger({ logLevel: 'silent' }, {});
  const { home, searchPath, cacheDir } = config;
  const keyring = await loadKeyring(config.masterKeyFile, { create: true });
  let databaseUrl = '';
  const startDatabase = async (): ReturnType<typeof startEmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({
      dataDir: join(home, 'postgres'),
      log,
      durability: 'safe',
      searchPath,
    });
    databaseUrl = server.url;
    return server;
  };
  await supervisor.start({ name: 'postgres', start: startDatabase });
  const { cliPath } = config.temporal;
  const binary = await findTemporalBinary({ cliPath, searchPath, cacheDir, onProgress: options.say });
  let address = '';
  const startTemporal = async (): ReturnType<typeof startTemporalDevServer> => {
    const server = await startTemporalDevServer({ binary, dataDir: join(home, 'temporal'), log, searchPath });
    address = server.address;
    return server;
  };
  await supervisor.start({ name: 'temporal', start: startTemporal });
  await runMigrations(databaseUrl);

  const own: Config = { ...config, databaseUrl, temporal: { ...config.temporal, address, addressIsConfigured: true } };
  await supervisor.start({ name: 'worker', start: () => startWorker(own, options) });
  const dataSource = await createDataSource(databaseUrl, { poolSize: 2 }).initialize();
  closing.push(() => dataSource.destroy());
  const pool = new SqlPool(databaseUrl, { maxConnections: 4 });
  closing.push(() => pool.close());
  const connection = await Connection.connect({ address });
  closing.push(() => connection.close());
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const pid = (name: string): number => {
    const found = supervisor.pids()[name];
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  };
  return { databaseUrl, pool, dataSource, keyring, client, temporalVersion: binary.version, pid };
}

function startWorker(config: Config, { say, profileFolder }: StackOptions): ReturnType<typeof startNodeChild> {
  const profiler = profileFolder === undefined ? undefined : profilerUrl(profileFolder);
  return startNodeChild({
    name: 'worker',
    script: MUSTER,
    args: ['worker'],
    env: childEnvironment({
      ...configEnvironment({ ...config, logLevel: 'warn' }),
      ...(profiler !== undefined && { NODE_OPTIONS: `--import ${profiler}` }),
    }),
    searchPath: config.searchPath,
    onLine: (line) => say(`worker: ${line}`),
  });
}

function profilerUrl(folder: string): string {
  const url = new URL(PROFILER);
  url.searchParams.set('folder', folder);
  return url.href;
}
