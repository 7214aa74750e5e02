import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '../../runtime/logger.js';
import { loadInstallation } from '../../state/config/index.js';
import { SqlPool } from '../../state/database.js';
import { healSoon } from '../healing/heal-schedule.js';
import { LOGGER, SQL_POOL } from '../infrastructure.js';
import { TemporalJobLauncher } from '../jobs/temporal-job-launcher.js';
import { ScheduleSync } from './schedule-sync.js';

/** Keeps Temporal's schedules in step for as long as the application runs. */
@Injectable()
export class ScheduleLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sync: ScheduleSync;

  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(LOGGER) private readonly log: Logger,
    @Inject(TemporalJobLauncher) private readonly launcher: TemporalJobLauncher,
  ) {
    this.#sync = new ScheduleSync({ pool, log, client: () => launcher.client() });
  }

  /** A schedule was saved or removed: Temporal is told at once, and again later if it is away. */
  changed(): void {
    this.#sync.changed();
  }

  /** Asks for a round of healing now; without Temporal it comes with the next minute that has one. */
  async healSoon(): Promise<void> {
    const { id } = await loadInstallation(this.pool);
    await healSoon(await this.launcher.client(), id).catch((error: unknown) =>
      this.log.debug({ reason: String(error) }, 'healing was not triggered'),
    );
  }

  onApplicationBootstrap(): void {
    this.#sync.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#sync.stop();
  }
}
