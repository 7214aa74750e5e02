import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createRegistry } from '../connectors/registry.js';
import { requireDatabaseUrl } from '../runtime/config.js';
import type { Config } from '../runtime/config.js';
import { createLogger } from '../runtime/logger.js';
import type { Logger } from '../runtime/logger.js';
import { loadKeyring } from '../runtime/secrets.js';
import { loadInstallationKeys } from '../state/config/index.js';
import { createDataSource } from '../state/data-source.js';
import { SqlPool } from '../state/database.js';
import { createCentralEdge } from '../worker/central-edge.js';
import { AppModule } from './app.module.js';
import { BOOTSTRAP_USER, bootstrapAdmin } from './auth/bootstrap.js';
import { NestLogger } from './common/nest-logger.js';
import { answerUnknown } from './common/error.filter.js';
import { requestContext, requireJsonBody } from './common/request-context.js';
import type { Infrastructure } from './infrastructure.js';
import type { JobLauncher } from './jobs/job-launcher.js';
import { serveOpenApi } from './openapi.js';

/** A running API. */
export interface RunningApi {
  /** Base address, for example `http://127.0.0.1:8080`; routes are under `/api/v1`. */
  readonly url: string;
  /** Password of the user `admin`, only at the first start of an installation; it is stored nowhere. */
  readonly bootstrapPassword: string | undefined;
  /** Refuses new requests, ends event streams, finishes the rest and closes all connections. Idempotent. */
  stop(): Promise<void>;
}

/** What tests replace. */
export interface ApiOptions {
  /** Default: a logger for this process. */
  readonly log?: Logger;
  /** Default: all built-in connectors. */
  readonly connectors?: Infrastructure['connectors'];
  /** Default: the one that talks to Temporal. */
  readonly launcher?: JobLauncher;
}

/** Bytes of a request body at most. */
const BODY_LIMIT = '1mb';

/**
 * Starts the API on `config.api`; port 0 takes a free one. Needs a migrated database and the master key file (which is made if it is only
 * the default one). Rejects when one of them is missing, when the key does not fit the database, or when the port is taken; Temporal
 * may be away.
 */
export async function startApi(config: Config, options: ApiOptions = {}): Promise<RunningApi> {
  const log = options.log ?? createLogger(config, { process: 'api' });
  const infrastructure = await openInfrastructure(config, log, options);
  let app: NestExpressApplication | undefined;
  try {
    const bootstrapPassword = await bootstrapAdmin(infrastructure.dataSource);
    if (bootstrapPassword !== undefined) announcePassword(log, bootstrapPassword);
    app = await createApplication(infrastructure, options.launcher);
    await app.listen(config.api.port, config.api.host);
    const url = urlOf(app, config.api.host);
    log.info({ url, docs: `${url}/api/docs` }, 'the API serves');
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= close(app, infrastructure));
    return { url, bootstrapPassword, stop };
  } catch (error) {
    await close(app, infrastructure);
    throw error;
  }
}

/** The application first: the reconciler holds connections until it is told to stop. */
async function close(app: NestExpressApplication | undefined, infrastructure: Infrastructure): Promise<void> {
  try {
    await app?.close();
  } finally {
    await closeInfrastructure(infrastructure);
  }
}

async function openInfrastructure(config: Config, log: Logger, options: ApiOptions): Promise<Infrastructure> {
  const databaseUrl = requireDatabaseUrl(config);
  const keyring = await loadKeyring(config.masterKeyFile, { create: !config.masterKeyFileIsConfigured });
  const dataSource = createDataSource(databaseUrl, { applicationName: 'muster api' });
  await dataSource.initialize();
  try {
    const installationKeys = await loadInstallationKeys(dataSource, keyring);
    const pool = new SqlPool(databaseUrl, {
      onError: (error) => log.warn({ err: error }, 'a database connection died'),
    });
    const connectors = options.connectors ?? createRegistry();
    const edge = createCentralEdge({ pool, keys: installationKeys, temporal: config.temporal });
    return { config, log, dataSource, pool, keyring, installationKeys, connectors, edge };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function closeInfrastructure({ pool, dataSource, edge }: Infrastructure): Promise<void> {
  await edge.close();
  await pool.close();
  await dataSource.destroy();
}

async function createApplication(
  infrastructure: Infrastructure,
  launcher: JobLauncher | undefined,
): Promise<NestExpressApplication> {
  const { log } = infrastructure;
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(infrastructure, launcher), {
    bodyParser: false,
    logger: new NestLogger(log),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(requestContext(log), requireJsonBody);
  app.useBodyParser('json', { limit: BODY_LIMIT, type: ['application/json', 'application/*+json'] });
  // Clients of the reference find their addresses where they were.
  app.setGlobalPrefix('api/v1', { exclude: ['ips/service/publicapi/v1/*path'] });
  serveOpenApi(app);
  await app.init();
  // Outside of api/v1 no controller of ours answers, and Express would with a page.
  app.use(answerUnknown);
  return app;
}

/** The one time the password is seen; the line is not masked on purpose. */
function announcePassword(log: Logger, bootstrapPassword: string): void {
  // Also where the level of the log would drop it: nobody could ever sign in.
  log
    .child({}, { level: 'warn' })
    .warn(
      { user: BOOTSTRAP_USER, bootstrapPassword },
      'first start: this is the password of the administrator; it is shown only now',
    );
}

function urlOf(app: NestExpressApplication, host: string): string {
  const server: unknown = app.getHttpServer().address();
  const port = typeof server === 'object' && server !== null && 'port' in server ? String(server.port) : '';
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
