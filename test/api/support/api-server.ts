import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import request from 'supertest';
import type { Response } from 'supertest';
import { startApi } from '../../../api/main.js';
import type { ApiOptions, RunningApi } from '../../../api/main.js';
import { loadConfig } from '../../../runtime/config.js';
import type { Config } from '../../../runtime/config.js';
import { SqlPool } from '../../../state/database.js';
import { createTestDatabase } from '../../support/database.js';
import type { TestDatabase } from '../../support/database.js';

/** An API on a database of its own, with the token of the administrator. */
export interface TestApi {
  readonly running: RunningApi;
  readonly config: Config;
  readonly database: TestDatabase;
  /** Everything the API logged so far. */
  readonly logged: () => string;
  readonly token: string;
  /** Sends a request with the token; the body, if any, as JSON. */
  send(method: Method, path: string, body?: object): Promise<Response>;
  /** Runs one statement on the database of this API. */
  sql(text: string, params?: readonly unknown[]): Promise<object[]>;
  /** Starts a second process' worth of API on the same installation. */
  startAgain(): Promise<RunningApi>;
  stop(): Promise<void>;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a test may choose. */
export interface TestApiOptions extends ApiOptions {
  /** Default: an address where nothing listens. */
  readonly temporalAddress?: string;
  /** Default: as many as a suite makes. */
  readonly maxSystems?: Config['maxSystems'];
  /** More of its configuration; default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Nothing listens there. */
const NO_TEMPORAL = '127.0.0.1:1';

/** Starts an API on a free port, without Temporal unless a launcher is given. */
export async function startTestApi({
  temporalAddress = NO_TEMPORAL,
  maxSystems = { source: 1_000, target: 1_000 },
  environment = {},
  ...options
}: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const home = await mkdtemp(join(tmpdir(), 'muster-api-'));
  const lines: string[] = [];
  const required = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporalAddress, MUSTER_HOME: home };
  const loaded = loadConfig({ ...environment, ...required });
  const config: Config = { ...loaded, api: { host: '127.0.0.1', port: 0, portIsConfigured: true }, maxSystems };
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const running = await startApi(config, { log, ...options });
  const token = await login(running);
  const pool = new SqlPool(database.url, { maxConnections: 1 });
  return {
    running,
    config,
    database,
    token,
    logged: () => lines.join(''),
    send: (method, path, body) => {
      const call = request(running.url)[method](path).set('Authorization', `Bearer ${token}`);
      return body === undefined ? call : call.send(body);
    },
    sql: (text, params) => pool.query(text, params),
    startAgain: () => startApi(config, { log, ...options }),
    stop: async () => {
      await pool.close();
      await running.stop();
      await database.drop();
      await rm(home, { recursive: true });
    },
  };
}

async function login(running: RunningApi): Promise<string> {
  const response = await request(running.url)
    .post('/api/v1/auth/tokens')
    .send({ user: 'admin', password: running.bootstrapPassword });
  if (response.status !== 201) throw new Error(`no token: ${response.status} ${response.text}`);
  const body: unknown = response.body;
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') return body.token;
  throw new Error('the answer has no token');
}
