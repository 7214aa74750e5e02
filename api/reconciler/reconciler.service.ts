import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '../../runtime/logger.js';
import { SqlPool } from '../../state/database.js';
import { LOGGER, SQL_POOL } from '../infrastructure.js';
import { TemporalJobLauncher } from '../jobs/temporal-job-launcher.js';
import { Reconciler } from './reconciler.js';

/** The reconciler of an API process, from the moment it serves until it stops serving. */
@Injectable()
export class ReconcilerService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly reconciler: Reconciler;

  constructor(
    @Inject(SQL_POOL) pool: SqlPool,
    @Inject(LOGGER) log: Logger,
    @Inject(TemporalJobLauncher) launcher: TemporalJobLauncher,
  ) {
    this.reconciler = new Reconciler({ pool, log, client: () => launcher.client() });
  }

  onApplicationBootstrap(): void {
    this.reconciler.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.reconciler.stop();
  }
}
