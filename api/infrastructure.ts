import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { EdgeRouter } from '../connectors/edge/router.js';
import type { ConnectorRegistry } from '../connectors/registry.js';
import type { Config } from '../runtime/config.js';
import type { Logger } from '../runtime/logger.js';
import type { InstallationKeys, Keyring } from '../runtime/secrets.js';
import type { SqlPool } from '../state/database.js';

/** Tokens of what the API is built on; {@link Infrastructure} says what each stands for. */
export const CONFIG = Symbol('config');
export const LOGGER = Symbol('logger');
export const DATA_SOURCE = Symbol('data source');
export const SQL_POOL = Symbol('sql pool');
export const KEYRING = Symbol('keyring');
export const INSTALLATION_KEYS = Symbol('installation keys');
export const CONNECTORS = Symbol('connectors');
export const EDGE = Symbol('edge');

/** Everything that is opened before the application and closed after it. */
export interface Infrastructure {
  readonly config: Config;
  readonly log: Logger;
  /** Configuration of systems, accounts. */
  readonly dataSource: DataSource;
  /** Jobs and their results. */
  readonly pool: SqlPool;
  readonly keyring: Keyring;
  readonly installationKeys: InstallationKeys;
  readonly connectors: ConnectorRegistry;
  readonly edge: Edge;
}

/** The way to systems in private networks. */
export interface Edge {
  readonly router: EdgeRouter;
  /** What edge workers know this installation by, as text. */
  readonly centralKey: string;
  close(): Promise<void>;
}

/** Makes the infrastructure injectable in all modules. */
@Global()
@Module({})
export class InfrastructureModule {
  static of(infrastructure: Infrastructure): DynamicModule {
    const providers = [
      { provide: CONFIG, useValue: infrastructure.config },
      { provide: LOGGER, useValue: infrastructure.log },
      { provide: DATA_SOURCE, useValue: infrastructure.dataSource },
      { provide: SQL_POOL, useValue: infrastructure.pool },
      { provide: KEYRING, useValue: infrastructure.keyring },
      { provide: INSTALLATION_KEYS, useValue: infrastructure.installationKeys },
      { provide: CONNECTORS, useValue: infrastructure.connectors },
      { provide: EDGE, useValue: infrastructure.edge },
    ];
    return { module: InfrastructureModule, providers, exports: providers };
  }
}
