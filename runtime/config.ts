import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { issueText } from '../core/issue-text.js';
import { closestName } from './closest-name.js';
import { MAIL_VARIABLES, mailEnvironment, mailProblem, toMailSettings } from './mail-settings.js';
import type { MailSettings } from './mail-settings.js';

/** How to reach the Temporal service. File names are paths of PEM files. */
export interface TemporalConfig {
  /** `host:port` of the frontend. */
  readonly address: string;
  /** False when `address` is only the default: `muster up` then embeds a dev server. */
  readonly addressIsConfigured: boolean;
  readonly namespace: string;
  readonly apiKey: string | undefined;
  /** True when the connection is encrypted: asked for, or implied by an API key or any TLS file. */
  readonly tls: boolean;
  readonly tlsServerName: string | undefined;
  readonly tlsServerCaFile: string | undefined;
  readonly tlsClientCertFile: string | undefined;
  readonly tlsClientKeyFile: string | undefined;
  /** Where the operator's browser finds the Temporal Web UI; undefined: not known, links are left out. */
  readonly uiUrl: string | undefined;
  /** A `temporal` binary for the embedded dev server; undefined: it is looked for. */
  readonly cliPath: string | undefined;
}

/** The whole configuration of a process, read once from the environment. */
export interface Config {
  /** State folder of `muster up`, absolute. */
  readonly home: string;
  /** PostgreSQL connection string; undefined: `muster up` embeds a server, every other command refuses. */
  readonly databaseUrl: string | undefined;
  readonly temporal: TemporalConfig;
  readonly api: { readonly host: string; readonly port: number; readonly portIsConfigured: boolean };
  /** Undefined: no mail server is configured, nobody can be notified. */
  readonly mail: MailSettings | undefined;
  /** File with the key that wraps the data keys of stored secrets, absolute. */
  readonly masterKeyFile: string;
  /** False when the file is only the default: `muster up` may then make it. */
  readonly masterKeyFileIsConfigured: boolean;
  /** Configuration of an edge worker, absolute. */
  readonly edgeConfigFile: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Writes in flight per target and process. */
  readonly processConcurrency: number;
  /** Systems of each role at most (LIM-1). */
  readonly maxSystems: { readonly source: number; readonly target: number };
  /** Where a self-built `temporal` binary is kept, absolute. */
  readonly cacheDir: string;
  /** The `PATH` of this process, for looking up programs. */
  readonly searchPath: string;
}

/** The environment cannot be used; the message names every wrong variable and what it should be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** True for {@link ConfigError}. */
export function isConfigError(error: unknown): error is ConfigError {
  return error instanceof ConfigError;
}

const port = z.coerce.number().refine(isPort, 'must be a port number');
const postgresUrl = z.string().refine(isPostgresUrl, 'must look like postgres://user:password@host:5432/database');
const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, without a scheme');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

const systemLimit = z.coerce
  .number()
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(10_000, 'must be at most 10000');

const environmentSchema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  TEMPORAL_ADDRESS: address.optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: flag.optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  MUSTER_TEMPORAL_UI_URL: httpUrl.optional(),
  MUSTER_HOME: z.string().default('.muster'),
  MUSTER_API_HOST: z.string().default('127.0.0.1'),
  MUSTER_API_PORT: port.optional(),
  ...MAIL_VARIABLES,
  MUSTER_MASTER_KEY_FILE: z.string().optional(),
  MUSTER_EDGE_CONFIG: z.string().optional(),
  MUSTER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  MUSTER_PROCESS_CONCURRENCY: z.coerce
    .number()
    .int('must be a whole number from 1 to 1000')
    .min(1, 'must be at least 1')
    .max(1000, 'must be at most 1000')
    .default(32),
  MUSTER_MAX_SOURCES: systemLimit.default(20),
  MUSTER_MAX_TARGETS: systemLimit.default(50),
  XDG_CACHE_HOME: z.string().optional(),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
});

const DEFAULT_TEMPORAL_ADDRESS = '127.0.0.1:7233';
const DEFAULT_API_PORT = 8080;
/** Read by the test suite only; known here so that a child process started by a test does not refuse it. */
const KNOWN_ELSEWHERE = ['MUSTER_REQUIRE_REAL'];

/**
 * Reads the configuration out of `env` (default: the environment of this process). An empty value counts as not set.
 * The result is frozen, all the way down.
 * @throws ConfigError naming every variable that is unknown (`MUSTER_…` only) or has an unusable value.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(set, { error: issueText });
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message} (is ${shown(issue.path, set)})`);
  const problems = [...unknownVariables(Object.keys(set)), ...wrong];
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(`The environment cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
  return toConfig(parsed.data);
}

/** The database to use. @throws ConfigError when none is configured. */
export function requireDatabaseUrl(config: Config): string {
  if (config.databaseUrl === undefined) {
    throw new ConfigError('DATABASE_URL is not set: name a PostgreSQL database, or use `muster up`, which embeds one.');
  }
  return config.databaseUrl;
}

/** A configuration as the environment of a child process that reads it with {@link loadConfig}. */
export function configEnvironment(config: Config): Record<string, string> {
  const { temporal } = config;
  const settings: Record<string, string | undefined> = {
    DATABASE_URL: config.databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_API_KEY: temporal.apiKey,
    TEMPORAL_TLS: String(temporal.tls),
    TEMPORAL_TLS_SERVER_NAME: temporal.tlsServerName,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: temporal.tlsServerCaFile,
    TEMPORAL_TLS_CLIENT_CERT_PATH: temporal.tlsClientCertFile,
    TEMPORAL_TLS_CLIENT_KEY_PATH: temporal.tlsClientKeyFile,
    TEMPORAL_CLI_PATH: temporal.cliPath,
    MUSTER_TEMPORAL_UI_URL: temporal.uiUrl,
    MUSTER_HOME: config.home,
    MUSTER_API_HOST: config.api.host,
    MUSTER_API_PORT: String(config.api.port),
    ...mailEnvironment(config.mail),
    MUSTER_MASTER_KEY_FILE: config.masterKeyFile,
    MUSTER_EDGE_CONFIG: config.edgeConfigFile,
    MUSTER_LOG_LEVEL: config.logLevel,
    MUSTER_PROCESS_CONCURRENCY: String(config.processConcurrency),
    MUSTER_MAX_SOURCES: String(config.maxSystems.source),
    MUSTER_MAX_TARGETS: String(config.maxSystems.target),
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? '']));
}

/** The environment for a child process: that of this process with `changes` laid over it. */
export function childEnvironment(changes: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(own), ...changes };
}

function toConfig(env: z.infer<typeof environmentSchema>): Config {
  const home = resolve(env.MUSTER_HOME);
  const tlsImplied =
    env.TEMPORAL_API_KEY !== undefined ||
    env.TEMPORAL_TLS_SERVER_CA_CERT_PATH !== undefined ||
    env.TEMPORAL_TLS_CLIENT_CERT_PATH !== undefined;
  if ((env.TEMPORAL_TLS_CLIENT_CERT_PATH === undefined) !== (env.TEMPORAL_TLS_CLIENT_KEY_PATH === undefined)) {
    throw new ConfigError('TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH must be set together.');
  }
  const wrongMail = mailProblem(env);
  if (wrongMail !== undefined) throw new ConfigError(wrongMail);
  return Object.freeze({
    home,
    databaseUrl: env.DATABASE_URL,
    temporal: Object.freeze({
      address: env.TEMPORAL_ADDRESS ?? DEFAULT_TEMPORAL_ADDRESS,
      addressIsConfigured: env.TEMPORAL_ADDRESS !== undefined,
      namespace: env.TEMPORAL_NAMESPACE,
      apiKey: env.TEMPORAL_API_KEY,
      tls: env.TEMPORAL_TLS ?? tlsImplied,
      tlsServerName: env.TEMPORAL_TLS_SERVER_NAME,
      tlsServerCaFile: env.TEMPORAL_TLS_SERVER_CA_CERT_PATH,
      tlsClientCertFile: env.TEMPORAL_TLS_CLIENT_CERT_PATH,
      tlsClientKeyFile: env.TEMPORAL_TLS_CLIENT_KEY_PATH,
      uiUrl: env.MUSTER_TEMPORAL_UI_URL,
      cliPath: env.TEMPORAL_CLI_PATH,
    }),
    api: Object.freeze({
      host: env.MUSTER_API_HOST,
      port: env.MUSTER_API_PORT ?? DEFAULT_API_PORT,
      portIsConfigured: env.MUSTER_API_PORT !== undefined,
    }),
    mail: toMailSettings(env),
    masterKeyFile: resolve(env.MUSTER_MASTER_KEY_FILE ?? resolve(home, 'master.key')),
    masterKeyFileIsConfigured: env.MUSTER_MASTER_KEY_FILE !== undefined,
    edgeConfigFile: resolve(env.MUSTER_EDGE_CONFIG ?? resolve(home, 'edge.json')),
    logLevel: env.MUSTER_LOG_LEVEL,
    processConcurrency: env.MUSTER_PROCESS_CONCURRENCY,
    maxSystems: Object.freeze({ source: env.MUSTER_MAX_SOURCES, target: env.MUSTER_MAX_TARGETS }),
    cacheDir: resolve(env.XDG_CACHE_HOME ?? resolve(homedir(), '.cache'), 'muster'),
    searchPath: env.PATH,
  });
}

function unknownVariables(names: readonly string[]): string[] {
  const known = [...Object.keys(environmentSchema.shape), ...KNOWN_ELSEWHERE].filter((name) =>
    name.startsWith('MUSTER_'),
  );
  return names
    .filter((name) => name.startsWith('MUSTER_') && !known.includes(name))
    .map((name) => {
      const guess = closestName(name, known);
      return `${name}: unknown setting${guess === undefined ? ` (known: ${known.join(', ')})` : `, did you mean ${guess}?`}`;
    });
}

const SECRET_VARIABLES: readonly string[] = ['DATABASE_URL', 'TEMPORAL_API_KEY', 'MUSTER_SMTP_PASSWORD'];

/** The refused value for a message, unless it may hold a secret. */
function shown(path: readonly PropertyKey[], env: Record<string, string | undefined>): string {
  const name = String(path[0]);
  return SECRET_VARIABLES.includes(name) ? 'not shown' : `"${env[name] ?? ''}"`;
}

function isPostgresUrl(value: string): boolean {
  return /^postgres(ql)?:\/\/\S+$/.test(value) && URL.canParse(value);
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}
