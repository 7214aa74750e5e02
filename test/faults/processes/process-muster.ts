import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultPoint } from '../../../activities/index.js';
import { ApiClient } from '../../../cli/demo/api-client.js';
import type { Job } from '../../../cli/demo/api-client.js';
import { switchGroupsOn } from '../../../cli/demo/configure.js';
import { childEnvironment, configEnvironment, loadConfig } from '../../../runtime/config.js';
import type { Config } from '../../../runtime/config.js';
import { startNodeChild } from '../../../runtime/node-child.js';
import type { NodeChild } from '../../../runtime/node-child.js';
import { ephemeralPort } from '../../../runtime/ports.js';
import { loadKeyring } from '../../../runtime/secrets.js';
import type { ScimSimulator } from '../../../simulators/scim/simulator.js';
import { createTestDatabase } from '../../support/database.js';
import { makeNamespace } from '../../system/support/namespace.js';
import { until } from '../../system/support/until.js';
import { z } from 'zod';

/** When and how a worker process is struck. */
export interface WorkerFault {
  readonly moment: FaultPoint | 'continuingAsNew';
  readonly nth: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** The signal comes so long after the moment: while the request of `sending` is under way, for instance. */
  readonly afterMs?: number;
}

/** What an API process does otherwise than `muster api`. */
export interface ApiFault {
  readonly dieAtStart?: number;
  readonly chunksPerHistory?: number;
}

interface System {
  readonly id: string;
  readonly name: string;
}

/** Servers to use instead of those that all suites share. */
export interface OwnServers {
  /** The systems of the scene are reached through edge workers. */
  readonly isPrivate?: boolean;
  readonly databaseUrl?: string;
  readonly namespace?: string;
}

const PROPERTIES = {
  'ips.failed.request.retry.attempts': '1',
  'ips.failed.request.retry.attempts.interval': '1',
  Authentication: 'NoAuthentication',
};
const LIMIT_MS = 120_000;

/** The real API and real workers, each a process of its own, on a database and a Temporal namespace of their own. */
export class ProcessMuster {
  private api: NodeChild | undefined;
  private readonly workers: NodeChild[] = [];
  private signedIn: ApiClient | undefined;

  private constructor(
    readonly config: Config,
    readonly databaseUrl: string,
    private readonly home: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  static async start(temporalAddress: string, apiFault: ApiFault = {}, own: OwnServers = {}): Promise<ProcessMuster> {
    const database =
      own.databaseUrl === undefined
        ? await createTestDatabase()
        : { url: own.databaseUrl, drop: () => Promise.resolve() };
    const home = await mkdtemp(join(tmpdir(), 'muster-faults-'));
    const config = loadConfig({
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: own.namespace ?? (await makeNamespace(temporalAddress)),
      MUSTER_HOME: home,
      MUSTER_API_PORT: String(await ephemeralPort()),
      MUSTER_LOG_LEVEL: 'warn',
    });
    await loadKeyring(config.masterKeyFile, { create: true });
    const muster = new ProcessMuster(config, database.url, home, () => database.drop());
    await muster.startApi(apiFault);
    return muster;
  }

  get client(): ApiClient {
    if (this.signedIn === undefined) throw new Error('the API is not started');
    return this.signedIn;
  }

  /** Another API process in the place of one that is gone. */
  async startApi(fault: ApiFault = {}): Promise<NodeChild> {
    const api = await this.child('api', fault);
    this.api = api;
    const { bootstrapPassword } = api.facts;
    const url = `http://127.0.0.1:${this.config.api.port}`;
    if (bootstrapPassword !== undefined) this.signedIn = await ApiClient.signIn(url, 'admin', bootstrapPassword);
    return api;
  }

  async startWorker(fault?: WorkerFault): Promise<NodeChild> {
    const worker = await this.child('worker', fault ?? {});
    this.workers.push(worker);
    return worker;
  }

  async addSystem(
    role: 'source' | 'target',
    name: string,
    { url }: ScimSimulator,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<System> {
    const id = await this.client.createSystem({
      role,
      type: 'SCIM System',
      name,
      ...(role === 'target' && { sources: { selection: 'all' } as const }),
      properties: { ...PROPERTIES, URL: url, ...properties },
      credentials: {},
    });
    await switchGroupsOn(this.client, id);
    return { id, name };
  }

  /** Waits for the end of a job, also while the API is being started again. */
  async ended(jobId: string, limitMs = LIMIT_MS): Promise<Job> {
    let job: Job | undefined;
    await until(async () => {
      job = await this.client.readJob(jobId).catch(() => undefined);
      return job !== undefined && ['Success', 'Finished with Error', 'Manually Terminated'].includes(job.status);
    }, limitMs);
    if (job === undefined) throw new Error('the job was never read');
    return job;
  }

  async runJob(source: System): Promise<Job> {
    return this.ended(await this.client.startJob(source.id, 'READ'));
  }

  /** Resolves when the API process is gone. */
  async apiExited(): Promise<void> {
    await this.api?.exited;
  }

  /** The newest job. */
  async lastJob(): Promise<string> {
    const answer = z
      .object({ items: z.array(z.object({ id: z.string() })) })
      .parse(await this.client.send('GET', '/jobs'));
    const [newest] = answer.items;
    if (newest === undefined) throw new Error('there is no job');
    return newest.id;
  }

  /** Memory that the workers had at most, MB. */
  peakMemoryMb(): number {
    const peaks = this.workers.map(({ pid }) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    });
    return Math.max(0, ...peaks);
  }

  async stop(): Promise<void> {
    for (const child of [...this.workers, this.api]) await child?.stop();
    await this.dropDatabase();
    await rm(this.home, { recursive: true, force: true });
  }

  private child(name: 'api' | 'worker', argument: object): Promise<NodeChild> {
    return startNodeChild({
      name,
      script: fileURLToPath(new URL(`./${name}-process.js`, import.meta.url)),
      args: [JSON.stringify(argument)],
      env: childEnvironment({ ...configEnvironment(this.config), ...(name === 'worker' && { MUSTER_API_PORT: '' }) }),
      searchPath: this.config.searchPath,
      onLine: () => undefined,
    });
  }
}

/** True while the process exists and stands still (SIGSTOP). */
export function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
