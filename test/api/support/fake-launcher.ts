import type { JobLauncher } from '../../../api/jobs/job-launcher.js';
import { ProblemError } from '../../../api/common/problem.js';

/** Stands for Temporal: remembers what it was asked to do. */
export class FakeLauncher implements JobLauncher {
  readonly started: string[] = [];
  readonly cancelled: string[] = [];
  away = false;
  refusesStarts = false;

  async requireTemporal(): Promise<void> {
    if (this.away) throw new ProblemError('unavailable', 'Temporal is away', { retryAfterSeconds: 10 });
  }

  async isReachable(): Promise<boolean> {
    return !this.away;
  }

  async start(run: { runKey: string; sourceName: string }): Promise<void> {
    if (this.refusesStarts) throw new Error('no answer');
    this.started.push(run.sourceName);
  }

  async cancel(run: { runKey: string; sourceName: string }): Promise<void> {
    this.cancelled.push(run.sourceName);
  }
}
