import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { errorMessage } from '../error-code.js';
import type { Logger } from '../logger.js';
import { ephemeralPort } from '../ports.js';
import { SEARCH_ATTRIBUTES } from '../search-attributes.js';
import { startTiedProcess } from '../tied-process.js';
import type { ProcessExit, StopStep, TiedProcess } from '../tied-process.js';
import type { TemporalBinary } from './temporal-binary.js';
import { databaseFileFor } from './temporal-database-file.js';

/** How to start the Temporal dev server. */
export interface TemporalDevServerOptions {
  readonly binary: TemporalBinary;
  /** Folder of the database file; undefined: in memory, everything is lost with the process. */
  readonly dataDir: string | undefined;
  /** gRPC port on 127.0.0.1; without it a free one is chosen. */
  readonly port?: number;
  /** Port of the Web UI; without it a free one is chosen. */
  readonly uiPort?: number;
  readonly log: Logger;
  readonly searchPath: string;
}

/** A running dev server with the namespace `default` and our search attributes. */
export interface TemporalDevServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Ends the server and waits for it. Twice is harmless. */
  stop(): Promise<void>;
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<ProcessExit>;
}

/** The dev server has one shard and polls its queues 20 times a second by default: 50 ms for every hop of a workflow. */
const POLL_RPS = 2000;
const DYNAMIC_CONFIG = [
  `history.transferProcessorMaxPollRPS=${POLL_RPS}`,
  `history.transferProcessorMaxPollHostRPS=${POLL_RPS}`,
  `history.timerProcessorMaxPollRPS=${POLL_RPS}`,
  `history.timerProcessorMaxPollHostRPS=${POLL_RPS}`,
  'system.forceSearchAttributesCacheRefreshOnRead=true',
];

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
/** What the program prints when it listens on its own ports. */
const ANNOUNCEMENT = /^(Temporal )?Server:\s/;
/** A program that prints something else has this long to end because its port was taken. */
const UNANNOUNCED_MS = 3_000;
const STOP: readonly StopStep[] = [
  { signal: 'SIGTERM', graceMs: 15_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

/**
 * Starts `temporal server start-dev` on 127.0.0.1 and resolves when a client can start workflows with our search
 * attributes. A database file written by another version is put aside first.
 * @throws Error with the last lines of the server when it does not come up within a minute.
 */
export async function startTemporalDevServer(options: TemporalDevServerOptions): Promise<TemporalDevServer> {
  const port = options.port ?? (await ephemeralPort());
  const uiPort = options.uiPort ?? (await ephemeralPort());
  const lastLines: string[] = [];
  let isAnnounced = false;
  const server = await startTiedProcess({
    command: options.binary.path,
    args: ['server', 'start-dev', ...commandLine(options, port, uiPort)],
    signalOnParentDeath: 'SIGTERM',
    searchPath: options.searchPath,
    onLine: (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      isAnnounced ||= ANNOUNCEMENT.test(line);
      options.log.debug({ part: 'temporal' }, line);
    },
  });
  const address = `127.0.0.1:${port}`;
  try {
    await waitUntilReady(server, address, () => isAnnounced);
  } catch (error) {
    await server.stop(STOP);
    const reason = errorMessage(error);
    throw new Error(`The Temporal dev server did not start: ${reason}\n${lastLines.join('\n')}`, { cause: error });
  }
  options.log.debug({ address, pid: server.pid }, `Temporal dev server runs (${options.binary.version})`);
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    pid: server.pid,
    exited: server.exited,
    stop: async () => void (await server.stop(STOP)),
  };
}

function commandLine(options: TemporalDevServerOptions, port: number, uiPort: number): string[] {
  const network = ['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort), '--ui-ip', '127.0.0.1'];
  return [
    ...network,
    ...['--log-level', 'warn'],
    ...(options.dataDir === undefined ? [] : storage(resolve(options.dataDir), options)),
    ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

function storage(dataDir: string, options: TemporalDevServerOptions): string[] {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = databaseFileFor(dataDir, options.binary.version, options.log);
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];
  return ['--db-filename', file, ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma])];
}

/**
 * The frontend answers before the namespace and the search attributes exist: wait for those. What answers may also be a server
 * that had the port before ours, which is about to end: wait until ours says that it listens.
 */
async function waitUntilReady(server: TiedProcess, address: string, isAnnounced: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS;
  let answeredAt: number | undefined;
  for (;;) {
    if (!server.isRunning()) throw new Error('it ended at once');
    const problem = await probe(address);
    if (problem === undefined) answeredAt ??= Date.now();
    if (answeredAt !== undefined && (isAnnounced() || Date.now() - answeredAt > UNANNOUNCED_MS)) return;
    if (Date.now() > giveUpAt)
      throw new Error(`not ready after a minute (${problem ?? 'it does not say that it listens'})`);
    await new Promise((wake) => setTimeout(wake, READY_POLL_MS));
  }
}

/** What is still missing, or undefined when all is there. */
async function probe(address: string): Promise<string | undefined> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1000 });
    try {
      const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      const missing = SEARCH_ATTRIBUTES.filter((name) => known.customAttributes?.[name] === undefined);
      return missing.length === 0 ? undefined : `no search attribute ${missing.join(', ')}`;
    } finally {
      await connection.close();
    }
  } catch (error) {
    return errorMessage(error);
  }
}
