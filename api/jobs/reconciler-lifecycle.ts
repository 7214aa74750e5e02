import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '../../runtime/logger.js';
import { SqlPool } from '../../state/database.js';
import { LOGGER, SQL_POOL } from '../infrastructure.js';
import { Reconciler } from '../reconciler/reconciler.js';
import { TemporalJobLauncher } from './temporal-job-launcher.js';

/** Runs the reconciler for as long as the application runs; it ends before the connections it uses. */
@Injectable()
export class ReconcilerLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #reconciler: Reconciler;

  constructor(
    @Inject(SQL_POOL) pool: SqlPool,
    @Inject(LOGGER) log: Logger,
    @Inject(TemporalJobLauncher) launcher: TemporalJobLauncher,
  ) {
    this.#reconciler = new Reconciler({ pool, log, client: () => launcher.client() });
  }

  onApplicationBootstrap(): void {
    this.#reconciler.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#reconciler.stop();
  }
}
