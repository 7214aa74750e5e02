import { Inject, Injectable } from '@nestjs/common';
import { SqlPool } from '../../state/database.js';
import { SQL_POOL } from '../infrastructure.js';
import { JOB_LAUNCHER } from '../jobs/job-launcher.js';
import type { JobLauncher } from '../jobs/job-launcher.js';
import type { Readiness } from './health.schemas.js';

/** The database counts as away when it does not answer within this time. */
const DATABASE_TIMEOUT_MS = 2_000;

/** Asks the parts that the API stands on. */
@Injectable()
export class HealthService {
  constructor(
    @Inject(SQL_POOL) private readonly pool: SqlPool,
    @Inject(JOB_LAUNCHER) private readonly launcher: JobLauncher,
  ) {}

  /** Only the database makes the process unready: without Temporal it serves everything but starts. */
  async readiness(): Promise<Readiness> {
    const [database, temporal] = await Promise.all([this.#databaseAnswers(), this.launcher.isReachable()]);
    const status = !database ? 'unready' : temporal ? 'ready' : 'degraded';
    return { status, database: database ? 'up' : 'down', temporal: temporal ? 'up' : 'down' };
  }

  async #databaseAnswers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), DATABASE_TIMEOUT_MS);
    });
    const answer = this.pool.query('select 1').then(
      () => true,
      () => false,
    );
    const isUp = await Promise.race([answer, late]);
    clearTimeout(timer);
    return isUp;
  }
}
