import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readEventStream } from './event-stream.js';

const statisticsRow = z.object({
  entity: z.enum(['user', 'group', 'role']),
  systemId: z.string().nullable(),
  systemName: z.string(),
  action: z.enum(['Read', 'Write']),
  read: z.number(),
  created: z.number(),
  updated: z.number(),
  deleted: z.number(),
  skipped: z.number(),
  failed: z.number(),
  held: z.number(),
});

/** One row of a job's statistics: one entity type in one system. */
export type StatisticsRow = z.infer<typeof statisticsRow>;

const job = z.object({
  id: z.string(),
  type: z.string(),
  status: z.string(),
  readMode: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  errorMessage: z.string().nullable(),
  planId: z.string().nullable(),
  outcome: z.array(z.string()),
  endedTargets: z.array(z.object({ systemName: z.string(), reason: z.string() })),
  statistics: z.array(statisticsRow),
});

/** A job as the API shows it, with its statistics. */
export type Job = z.infer<typeof job>;

const withId = z.object({ id: z.string() });
const withToken = z.object({ token: z.string() });
const withTransformation = z.object({ transformation: z.record(z.string(), z.unknown()) });
const connectionReport = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ ok: z.boolean(), message: z.string() })),
});
const problem = z.object({ title: z.string().optional(), detail: z.string().optional() });

const OVER: readonly string[] = ['Success', 'Finished with Error', 'Manually Terminated'];
/** How long to wait before an event stream that broke off is opened again. */
const RECONNECT_MS = 500;
/** Streams that break off without a single event in between, before the last error is believed. */
const RECONNECTS = 20;

/** A system as an administrator enters it. */
export interface NewSystem {
  readonly role: 'source' | 'target';
  /** `typeName` of a system type. */
  readonly type: string;
  readonly name: string;
  readonly description?: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
  /** Targets only. */
  readonly sources?:
    { readonly selection: 'all' } | { readonly selection: 'list'; readonly sourceIds: readonly string[] };
}

/** The API answered with a problem (RFC 9457); the message names request, status and what is wrong. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The REST API of a running Muster as an administrator's script uses it. Every method rejects with {@link ApiProblem} when refused. */
export class ApiClient {
  private constructor(
    private readonly baseUrl: string,
    readonly token: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Signs in.
   * @param apiUrl base address without `/api/v1`
   * @param signal ends every request, running ones too
   */
  static async signIn(apiUrl: string, user: string, password: string, signal?: AbortSignal): Promise<ApiClient> {
    const anonymous = new ApiClient(`${apiUrl}/api/v1`, '', signal);
    const { token } = withToken.parse(await anonymous.send('POST', '/auth/tokens', { user, password }));
    return new ApiClient(anonymous.baseUrl, token, signal);
  }

  /** Creates a system and returns its id. */
  async createSystem(system: NewSystem): Promise<string> {
    return withId.parse(await this.send('POST', '/systems', system)).id;
  }

  /** Enables or disables a system. */
  async setEnabled(systemId: string, enabled: boolean): Promise<void> {
    await this.send('POST', `/systems/${systemId}/${enabled ? 'enable' : 'disable'}`);
  }

  /** Changes single properties; null removes one. */
  async changeProperties(
    systemId: string,
    properties: Readonly<Record<string, string | null>>,
    credentials: Readonly<Record<string, string | null>> = {},
  ): Promise<void> {
    await this.send('PATCH', `/systems/${systemId}/properties`, { properties, credentials });
  }

  /** The transformation in force. */
  async readTransformation(systemId: string): Promise<Record<string, unknown>> {
    return withTransformation.parse(await this.send('GET', `/systems/${systemId}/transformation`)).transformation;
  }

  /** Saves a new version of the transformation; it is in force from the next job on. */
  async saveTransformation(systemId: string, transformation: object, description: string): Promise<void> {
    await this.send('PUT', `/systems/${systemId}/transformation`, { transformation, description });
  }

  /** Tests the connection; the texts of the checks that failed, none when all is well. */
  async testConnection(systemId: string): Promise<string[]> {
    const report = connectionReport.parse(await this.send('POST', `/systems/${systemId}/test-connection`));
    return report.checks.filter((check) => !check.ok).map((check) => check.message);
  }

  /** Starts a job and returns its id; `options` are further fields of the request, for example `{ compare: true }`. */
  async startJob(sourceId: string, type: 'READ' | 'RESYNC' | 'SIMULATE', options: object = {}): Promise<string> {
    return withId.parse(await this.send('POST', `/systems/${sourceId}/jobs`, { type, ...options })).id;
  }

  /** Starts the job that applies what is approved of a plan, and returns its id. */
  async applyPlan(planId: string, hash: string): Promise<string> {
    return withId.parse(await this.send('POST', `/plans/${planId}/apply`, { hash })).id;
  }

  /** Asks a job to stop; {@link followJob} tells when it has. */
  async stopJob(jobId: string): Promise<void> {
    await this.send('POST', `/jobs/${jobId}/stop`);
  }

  /** A job as it is now. */
  async readJob(jobId: string): Promise<Job> {
    return job.parse(await this.send('GET', `/jobs/${jobId}`));
  }

  /**
   * Follows a job by its event stream until it is over, and returns the final state. A stream that breaks off, as when the API is
   * started again, is opened anew.
   * @param onProgress called with each state the API tells of
   */
  async followJob(jobId: string, onProgress: (job: Job) => void = () => undefined): Promise<Job> {
    let failures = 0;
    let latest: Job | undefined;
    for (;;) {
      try {
        const headers = { authorization: `Bearer ${this.token}` };
        for await (const event of readEventStream(`${this.baseUrl}/jobs/${jobId}/events`, headers, this.signal)) {
          failures = 0;
          if (event.type === 'ping') continue;
          latest = job.parse(JSON.parse(event.data));
          onProgress(latest);
          if (OVER.includes(latest.status)) return latest;
        }
      } catch (error) {
        failures += 1;
        if (this.signal?.aborted === true || failures > RECONNECTS) throw error;
      }
      await pause(RECONNECT_MS, undefined, { ...(this.signal && { signal: this.signal }) });
    }
  }

  /** Sends one request under `/api/v1` and returns the JSON of the answer. */
  async send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(this.signal && { signal: this.signal }),
    });
    const text = await response.text();
    const answer: unknown = text === '' ? undefined : JSON.parse(text);
    if (response.ok) return answer;
    const told = problem.safeParse(answer);
    const detail = told.success ? (told.data.detail ?? told.data.title ?? '') : text;
    throw new ApiProblem(`${method} ${path} was answered ${response.status}: ${detail}`, response.status);
  }
}
