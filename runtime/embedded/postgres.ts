import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { errorCode, errorMessage } from '../error-code.js';
import type { Logger } from '../logger.js';
import { ephemeralPort } from '../ports.js';
import { settledWithin, startTiedProcess } from '../tied-process.js';
import type { ProcessExit, StopStep, TiedProcess } from '../tied-process.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { endPredecessor } from './postgres-predecessor.js';
import { serverSettings } from './postgres-settings.js';
import type { Durability } from './postgres-settings.js';
import { assertReachable, chooseIdentity, giveTo } from './unprivileged.js';
import type { Identity } from './unprivileged.js';

/** How to start the embedded PostgreSQL. */
export interface EmbeddedPostgresOptions {
  /** Folder of this server alone, made when missing; the caller makes sure that nobody else starts a server on it. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; without it a free one is chosen. */
  readonly port?: number;
  readonly log: Logger;
  /** `safe` survives a crash of the machine; `test` does not write through and may lose everything. */
  readonly durability: Durability;
  readonly searchPath: string;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** Connection string of the database `muster`, with the password: never log it. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fast shutdown: ends the sessions, writes everything, resolves when the process is gone. Twice is harmless. */
  stop(): Promise<void>;
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<ProcessExit>;
}

const USER = 'muster';
const DATABASE = 'muster';
/** A server that has to replay its log after a crash answers late. */
const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 40;
/** Backends of a killed predecessor notice its death within this time and let go of its shared memory. */
const ORPHAN_RETRY_MS = 10_000;
/** Between the check of a free port and its use somebody else may take it. */
const PORT_ATTEMPTS = 3;

const FAST_SHUTDOWN: readonly StopStep[] = [
  { signal: 'SIGINT', graceMs: 20_000 },
  { signal: 'SIGQUIT', graceMs: 5_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

/**
 * Starts PostgreSQL on 127.0.0.1 (no unix socket) with a random password kept beside the data in a file only the owner
 * can read. Makes the cluster on the first start and takes over after a predecessor that was killed. Resolves when a
 * real connection works.
 * @throws Error with the last lines of the server when it does not come up, or when no binaries exist for this platform.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const binaries = findPostgresBinaries();
  const identity = await chooseIdentity(dataDir, options.searchPath);
  const cluster = join(dataDir, 'cluster');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  giveTo(identity, dataDir);
  await assertReachable(identity, dataDir, binaries.postgres);
  const password = keepPassword(join(dataDir, 'password'), identity);
  if (!existsSync(cluster)) await makeCluster(binaries, identity, dataDir, cluster, options);
  await endPredecessor(cluster, options.log);

  const start = { binaries, identity, cluster, password, options };
  const { server, port } = await startWithRetries(start);
  options.log.debug({ port, pid: server.pid }, `embedded PostgreSQL runs (${identity.description})`);
  return {
    url: connectionString(password, port, DATABASE),
    port,
    pid: server.pid,
    exited: server.exited,
    stop: async () => void (await server.stop(FAST_SHUTDOWN)),
  };
}

interface Start {
  readonly binaries: PostgresBinaries;
  readonly identity: Identity;
  readonly cluster: string;
  readonly password: string;
  readonly options: EmbeddedPostgresOptions;
}

/** The server did not come up. */
class StartFailure extends Error {}

async function startWithRetries(start: Start): Promise<{ server: TiedProcess; port: number }> {
  const giveUpAt = Date.now() + ORPHAN_RETRY_MS;
  for (let attempt = 1; ; attempt++) {
    const port = start.options.port ?? (await ephemeralPort());
    try {
      return { server: await startOnce(start, port), port };
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      const portTaken = /Address already in use|could not bind/.test(error.message);
      const orphans = /pre-existing shared memory|is another postmaster/i.test(error.message);
      const again = portTaken
        ? start.options.port === undefined && attempt < PORT_ATTEMPTS
        : orphans && Date.now() < giveUpAt;
      if (!again) throw error;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
}

async function startOnce(start: Start, port: number): Promise<TiedProcess> {
  const { binaries, identity, cluster, password, options } = start;
  const lastLines: string[] = [];
  const server = await startTiedProcess({
    command: binaries.postgres,
    args: ['-D', cluster, '-p', String(port), ...serverSettings(options.durability)],
    wrapper: identity.wrapper,
    signalOnParentDeath: 'SIGINT',
    searchPath: options.searchPath,
    ...as(identity),
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      options.log.debug({ part: 'postgres' }, line);
    },
  });
  try {
    await waitUntilReady(server, connectionString(password, port, 'postgres'));
    return server;
  } catch (error) {
    await server.stop(FAST_SHUTDOWN);
    const reason = errorMessage(error);
    throw new StartFailure(`The embedded PostgreSQL did not start: ${reason}\n${lastLines.join('\n')}`);
  }
}

/** Connects until it works, and makes the database. Any answer but "starting up" and "refused" is a failure. */
async function waitUntilReady(server: TiedProcess, url: string): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (!server.isRunning()) throw new Error('it ended at once');
    try {
      await ensureDatabase(url);
      return;
    } catch (error) {
      const code = errorCode(error);
      const isEarly = code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === CANNOT_CONNECT_NOW;
      // Another server that holds the port answers in place of ours, which is about to end.
      if (!isEarly && (await settledWithin(server.exited, 1000))) throw new Error('it ended at once', { cause: error });
      if (!isEarly || Date.now() > giveUpAt) throw error;
    }
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
}

/** SQLSTATE `cannot_connect_now`: the server is starting up. */
const CANNOT_CONNECT_NOW = '57P03';

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** `initdb` into a folder beside it and renamed when complete: a start that is killed half way leaves nothing to trip over. */
async function makeCluster(
  binaries: PostgresBinaries,
  identity: Identity,
  dataDir: string,
  cluster: string,
  options: EmbeddedPostgresOptions,
): Promise<void> {
  const unfinished = join(dataDir, 'cluster.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const lines: string[] = [];
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8'];
  const access = ['--username', USER, '--auth=scram-sha-256', '--pwfile', join(dataDir, 'password')];
  const sync = options.durability === 'test' ? ['--no-sync'] : [];
  const initdb = await startTiedProcess({
    command: binaries.initdb,
    args: ['-D', unfinished, ...access, ...locale, ...sync, '--data-checksums', '--no-instructions'],
    wrapper: identity.wrapper,
    signalOnParentDeath: 'SIGTERM',
    searchPath: options.searchPath,
    ...as(identity),
    onLine: (line) => lines.push(line),
  });
  const { code } = await initdb.exited;
  if (code !== 0) throw new Error(`initdb failed (code ${String(code)}):\n${lines.slice(-20).join('\n')}`);
  renameSync(unfinished, cluster);
}

function keepPassword(file: string, identity: Identity): string {
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    giveTo(identity, file);
  }
  return readFileSync(file, 'utf8').trim();
}

function connectionString(password: string, port: number, database: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

function as(identity: Identity): { uid?: number; gid?: number } {
  return identity.uid === undefined || identity.gid === undefined ? {} : { uid: identity.uid, gid: identity.gid };
}
