import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '../../runtime/logger.js';
import { SqlPool } from '../../state/database.js';
import { LOGGER, SQL_POOL } from '../infrastructure.js';
import { TemporalJobLauncher } from '../jobs/temporal-job-launcher.js';
import { ScheduleSync } from './schedule-sync.js';

/** Keeps Temporal's schedules in step for as long as the application runs. */
@Injectable()
export class ScheduleLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sync: ScheduleSync;

  constructor(
    @Inject(SQL_POOL) pool: SqlPool,
    @Inject(LOGGER) log: Logger,
    @Inject(TemporalJobLauncher) launcher: TemporalJobLauncher,
  ) {
    this.#sync = new ScheduleSync({ pool, log, client: () => launcher.client() });
  }

  /** A schedule was saved or removed: Temporal is told at once, and again later if it is away. */
  changed(): void {
    this.#sync.changed();
  }

  onApplicationBootstrap(): void {
    this.#sync.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#sync.stop();
  }
}
