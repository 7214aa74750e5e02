import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode, errorMessage } from '../../runtime/error-code.js';
import { loadConfig } from '../../runtime/config.js';
import { startEmbeddedPostgres } from '../../runtime/embedded/postgres.js';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import { createLogger } from '../../runtime/logger.js';

/** The state of one server, as the suites see it. */
export type ServerState =
  | { readonly state: 'starting'; readonly progress: string }
  | { readonly state: 'ready'; readonly address: string }
  | { readonly state: 'failed'; readonly reason: string };

/** Servers shared by all suites of one test run. */
export interface ServerBroker {
  /** `GET <url>/postgres` and `GET <url>/temporal` start the server on first use and answer a {@link ServerState}. */
  readonly url: string;
  /** What suites make for those after them; removed at the end. */
  readonly folder: string;
  /** Ends the servers and removes their data. */
  close(): Promise<void>;
}

interface Running {
  readonly address: string;
  stop(): Promise<void>;
}

const FOLDER_PREFIX = 'muster-test-';

/**
 * Memory, where there is enough of it: each suite makes a database of some hundred files and removes it again, which costs a disk more than
 * everything else that the suite asks of PostgreSQL. A few gigabytes, because a container often has only 64 MB there.
 */
const MEMORY_FOLDER = '/dev/shm';
const MEMORY_NEEDED_BYTES = 4 * 1024 ** 3;

/** Starts the broker; it starts nothing else until it is asked. */
export async function startServerBroker(): Promise<ServerBroker> {
  removeFoldersOfTheDead();
  const folder = mkdtempSync(join(dataFolder(), `${FOLDER_PREFIX}${process.pid}-`));
  const servers = {
    postgres: new SharedServer(() => startPostgres(folder)),
    temporal: new SharedServer((tell) => startTemporal(folder, tell)),
  };
  // Other users of this machine must not be handed the address of the database.
  const secret = randomBytes(16).toString('hex');
  const http = createServer((request, response) => {
    const server = Object.entries(servers).find(([name]) => request.url === `/${secret}/${name}`)?.[1];
    // A suite may ask again when this side has just closed an idle connection.
    response.setHeader('Connection', 'close');
    response.statusCode = server === undefined ? 404 : 200;
    response.end(server === undefined ? '' : JSON.stringify(server.ask()));
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  const bound = http.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    url: `http://127.0.0.1:${port}/${secret}`,
    folder,
    async close() {
      http.close();
      http.closeAllConnections();
      await Promise.all(Object.values(servers).map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a server when it is first asked for, once. */
class SharedServer {
  private current: ServerState | undefined;
  private starting: Promise<Running | undefined> | undefined;

  constructor(private readonly start: (tell: (progress: string) => void) => Promise<Running>) {}

  ask(): ServerState {
    if (this.current === undefined) {
      this.current = { state: 'starting', progress: 'starting' };
      this.starting = this.begin();
    }
    return this.current;
  }

  async stop(): Promise<void> {
    await (await this.starting)?.stop();
  }

  private async begin(): Promise<Running | undefined> {
    try {
      const running = await this.start((progress) => {
        this.current = { state: 'starting', progress };
      });
      this.current = { state: 'ready', address: running.address };
      return running;
    } catch (error) {
      this.current = { state: 'failed', reason: errorMessage(error) };
      return undefined;
    }
  }
}

const config = loadConfig();
const log = createLogger({ logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel }, { part: 'test servers' });

async function startPostgres(folder: string): Promise<Running> {
  const { searchPath } = config;
  const dataDir = join(folder, 'postgres');
  const server = await startEmbeddedPostgres({ dataDir, log, durability: 'test', searchPath });
  return { address: server.url, stop: () => server.stop() };
}

async function startTemporal(folder: string, tell: (progress: string) => void): Promise<Running> {
  const { searchPath, cacheDir } = config;
  const { cliPath } = config.temporal;
  const binary = await findTemporalBinary({ cliPath, searchPath, cacheDir, onProgress: tell });
  const server = await startTemporalDevServer({ binary, dataDir: join(folder, 'temporal'), log, searchPath });
  return { address: server.address, stop: () => server.stop() };
}

function dataFolder(): string {
  return freeBytes(MEMORY_FOLDER) >= MEMORY_NEEDED_BYTES ? MEMORY_FOLDER : tmpdir();
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** A test run that was killed could not remove its folder. */
function removeFoldersOfTheDead(): void {
  for (const place of new Set([dataFolder(), tmpdir()])) {
    for (const name of readdirSync(place)) {
      const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(place, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
