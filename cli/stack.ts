import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../runtime/config.js';
import { tryLock } from '../runtime/file-lock.js';
import type { Logger } from '../runtime/logger.js';
import { loadKeyring } from '../runtime/secrets.js';
import { Supervisor } from '../runtime/supervisor.js';
import type { RunningComponent, SupervisorEvent } from '../runtime/supervisor.js';
import { StackError } from './stack-error.js';
import { embedPostgres, embedTemporal } from './stack/embedded.js';
import { StackPorts } from './stack/ports.js';
import type { WantedPorts } from './stack/ports.js';
import { startProcess } from './stack/process.js';

/** What `muster up`, the demo and the system tests start. */
export interface StackOptions {
  /** Configured parts are used, the others embedded; `config.home` is the state folder. */
  readonly config: Config;
  /** Ports to try first instead of the defaults; the next free one is taken. */
  readonly ports?: WantedPorts;
  readonly log: Logger;
  /** Called with short texts for the user: what is being started, what takes long, what died. */
  readonly say: (text: string) => void;
  /** Called with what the API and the worker print that is not a log line. */
  readonly print: (text: string) => void;
  /** Of the embedded PostgreSQL; default `safe`. */
  readonly durability?: 'safe' | 'test';
  /** Aborted while the stack starts: what runs is stopped and {@link startStack} rejects. Later it has no effect. */
  readonly signal?: AbortSignal;
}

/** Addresses of a running stack. */
export interface StackUrls {
  /** Base address of the API, without `/api/v1`. */
  readonly api: string;
  readonly apiDocs: string;
  /** Web UI of Temporal, when it is known. */
  readonly temporalUi: string | undefined;
  /** `host:port`. */
  readonly temporal: string;
  /** Connection string with the password: for programs, not for the screen. */
  readonly database: string;
}

/** A running stack. */
export interface RunningStack {
  readonly urls: StackUrls;
  /** Password of the administrator `admin`, at the first start of an installation only; it is stored nowhere. */
  readonly bootstrapPassword: string | undefined;
  /** Process numbers by name: `postgres`, `temporal`, `api`, `worker`; those of configured servers are not known. */
  pids(): Readonly<Record<string, number>>;
  /** Stops everything in order: worker, API, Temporal, PostgreSQL. Twice is harmless. */
  stop(): Promise<void>;
  /** Settles when {@link stop} has done its work. */
  readonly exited: Promise<void>;
}

/**
 * Starts what is not configured (PostgreSQL, Temporal dev server), brings the schema up to date, and starts the API and
 * the worker as child processes of the compiled command. All of them are started again when they die and end with
 * this process, however it ends.
 * @throws StackError when another process holds the state folder or its master key is lost; Error when a part does
 * not come up (nothing is left running then).
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const { config, log, say } = options;
  // Others may pass through, not look: PostgreSQL may have to run as another user inside (runtime/embedded/unprivileged.ts).
  mkdirSync(config.home, { recursive: true, mode: 0o711 });
  const lock = lockStateFolder(config.home);
  const supervisor = new Supervisor({ log, onEvent: (event) => say(eventText(event)) });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= supervisor.stop().finally(() => lock.release()));
  try {
    await ensureMasterKey(config);
    const ports = await StackPorts.choose(config, options.ports ?? {}, say);
    const parts = await Promise.race([startParts(supervisor, options, ports), whenAborted(options.signal)]);
    let ended: () => void = () => undefined;
    const exited = new Promise<void>((resolve) => (ended = resolve));
    return { ...parts, pids: () => supervisor.pids(), stop: () => stop().finally(ended), exited };
  } catch (error) {
    await stop();
    throw error;
  }
}

type StartedParts = Pick<RunningStack, 'urls' | 'bootstrapPassword'>;

async function startParts(supervisor: Supervisor, options: StackOptions, ports: StackPorts): Promise<StartedParts> {
  const { config, say } = options;
  const durability = options.durability ?? 'safe';
  // Neither needs the other, and loading the migrations takes as long as either.
  const [databaseUrl, temporal, { runMigrations }] = await Promise.all([
    config.databaseUrl ?? embedPostgres(supervisor, options, ports, durability),
    config.temporal.addressIsConfigured ? config.temporal : embedTemporal(supervisor, options, ports),
    import('../migrations/run.js'),
  ]);
  const own: Config = {
    ...config,
    databaseUrl,
    temporal: { ...config.temporal, address: temporal.address, addressIsConfigured: true, uiUrl: temporal.uiUrl },
  };
  say('bringing the database schema up to date');
  await runMigrations(databaseUrl);
  say('starting the API and the worker');
  let bootstrapPassword: string | undefined;
  const startApi = async (): Promise<RunningComponent> => {
    const api = { ...own.api, port: ports.of('api') };
    const child = await startProcess('api', { ...own, api }, options);
    bootstrapPassword = child.facts['bootstrapPassword'];
    return child;
  };
  await Promise.all([
    ports.firstStart(['api'], () => supervisor.start({ name: 'api', start: startApi })),
    supervisor.start({ name: 'worker', start: () => startProcess('worker', own, options) }),
  ]);
  const api = `http://${reachableHost(config.api.host)}:${ports.of('api')}`;
  const { address, uiUrl } = temporal;
  const urls = { api, apiDocs: `${api}/api/docs`, temporalUi: uiUrl, temporal: address, database: databaseUrl };
  return { urls, bootstrapPassword };
}

/** Rejects when the signal is aborted. */
function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new StackError('stopped before everything was ready'));
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** A server that listens on all addresses is reached at this one. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function lockStateFolder(home: string): { release(): void } {
  const attempt = tryLock(join(home, 'lock'));
  if (attempt.held !== undefined) return attempt.held;
  const { pid, since } = attempt.holder;
  throw new StackError(
    `${home} is in use by another muster (process ${pid}, since ${since}). ` +
      'Stop that one, or choose another state folder with MUSTER_HOME.',
  );
}

/**
 * Makes the master key on the very first start. A state folder that has a database but no key has lost it: a new key
 * could open nothing that the database holds.
 */
async function ensureMasterKey(config: Config): Promise<void> {
  const isLost = existsSync(join(config.home, 'postgres', 'cluster')) && !existsSync(config.masterKeyFile);
  if (isLost) {
    throw new StackError(
      `The master key ${config.masterKeyFile} is missing, and the database in ${config.home} holds secrets sealed with it. ` +
        'Put the file back, or begin anew by removing the state folder.',
    );
  }
  await loadKeyring(config.masterKeyFile, { create: !config.masterKeyFileIsConfigured });
}

function eventText(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'died':
      return `${event.component} ${event.detail}; it is started again`;
    case 'restarted':
      return `${event.component} runs again (${event.detail})`;
    case 'start-failed':
      return `${event.component} does not start, it is tried again: ${event.detail}`;
  }
}
