import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApi } from '../../../api/main.js';
import type { RunningApi } from '../../../api/main.js';
import { ApiClient } from '../../../cli/demo/api-client.js';
import type { Job, NewSystem } from '../../../cli/demo/api-client.js';
import { switchGroupsOn } from '../../../cli/demo/configure.js';
import { loadConfig } from '../../../runtime/config.js';
import type { Config } from '../../../runtime/config.js';
import { startWorker } from '../../../worker/main.js';
import { createTestDatabase } from '../../support/database.js';
import type { TestDatabase } from '../../support/database.js';
import { makeNamespace } from './namespace.js';

/** A configured system. */
export interface System {
  readonly id: string;
  readonly name: string;
}

/** How a suite runs Muster. */
export interface MusterOptions {
  /** `host:port` of a Temporal server. */
  readonly temporalAddress: string;
  /** Default: one of its own. */
  readonly namespace?: string;
  /** False: the suite starts workers itself, with {@link TestMuster.config}. */
  readonly worker?: boolean;
  /** More of its configuration; default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Anything with an address that speaks SCIM. */
interface BackEnd {
  readonly url: string;
}

type Values = Readonly<Record<string, string>>;

/** A failed request is repeated once, after a second; what a job leaves is left to the next job, whenever the minute is over. */
const IMPATIENT = {
  'ips.failed.request.retry.attempts': '1',
  'ips.failed.request.retry.attempts.interval': '1',
  'ips.healing': 'disabled',
};
const NO_LOGIN = { Authentication: 'NoAuthentication' };

/** The real API and the real worker on a database and a Temporal namespace of their own, spoken to over HTTP only. */
export class TestMuster {
  private readonly lines: string[];
  private constructor(
    readonly config: Config,
    readonly database: TestDatabase,
    readonly client: ApiClient,
    /** Where the API listens. */
    readonly apiUrl: string,
    lines: string[],
    private readonly stops: readonly (() => Promise<unknown>)[],
  ) {
    this.lines = lines;
  }

  static async start(options: MusterOptions): Promise<TestMuster> {
    const database = await createTestDatabase();
    const home = await mkdtemp(join(tmpdir(), 'muster-system-'));
    const loaded = loadConfig({
      ...options.environment,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: options.temporalAddress,
      TEMPORAL_NAMESPACE: options.namespace ?? (await makeNamespace(options.temporalAddress)),
      MUSTER_HOME: home,
      // Each test of a suite makes its own.
      MUSTER_MAX_SOURCES: '500',
      MUSTER_MAX_TARGETS: '500',
    });
    const config: Config = { ...loaded, api: { host: '127.0.0.1', port: 0, portIsConfigured: true } };
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const api = await startApi(config, { log });
    const worker = options.worker === false ? undefined : await startWorker(config, { log });
    const stops = [
      async () => worker?.stop(),
      () => api.stop(),
      () => database.drop(),
      () => rm(home, { recursive: true, force: true }),
    ];
    return new TestMuster(config, database, await signIn(api), api.url, lines, stops);
  }

  /** What API and worker logged so far. */
  logged(): string {
    return this.lines.join('');
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  /** A source with groups switched on. */
  async addSource(name: string, backEnd: BackEnd, properties: Values = {}, credentials: Values = {}): Promise<System> {
    return this.add({ role: 'source', name }, backEnd, properties, credentials);
  }

  /** A target of one source, with groups switched on. */
  async addTarget(
    name: string,
    backEnd: BackEnd,
    source: System,
    properties: Values = {},
    credentials: Values = {},
  ): Promise<System> {
    const sources = { selection: 'list', sourceIds: [source.id] } as const;
    return this.add({ role: 'target', name, sources }, backEnd, properties, credentials);
  }

  /** Runs a job to its end. */
  async run(source: System, type: 'READ' | 'RESYNC' = 'READ'): Promise<Job> {
    return this.client.followJob(await this.client.startJob(source.id, type));
  }

  private async add(
    system: Pick<NewSystem, 'role' | 'name' | 'sources'>,
    backEnd: BackEnd,
    properties: Values,
    credentials: Values,
  ): Promise<System> {
    const id = await this.client.createSystem({
      ...system,
      type: 'SCIM System',
      properties: { ...IMPATIENT, ...NO_LOGIN, URL: backEnd.url, ...properties },
      credentials,
    });
    await switchGroupsOn(this.client, id);
    return { id, name: system.name };
  }
}

async function signIn(api: RunningApi): Promise<ApiClient> {
  return ApiClient.signIn(api.url, 'admin', api.bootstrapPassword ?? '');
}
