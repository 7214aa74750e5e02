import type { SqlPool } from '../../state/database.js';
import { readProgress } from '../../state/runs/index.js';
import type { JobProgress, JobView } from '../../state/runs/index.js';

/** The progress of a running job is read so often at most, however many look at it: it counts what waits. */
const FRESH_MS = 3_000;
/** Running jobs remembered; an installation has one for each source at most. */
const MAX_REMEMBERED = 100;

/** The progress of jobs, a few seconds old at most. */
export class RecentProgress {
  private readonly recent = new Map<string, { readonly atMs: number; readonly progress: Promise<JobProgress> }>();

  constructor(private readonly pool: SqlPool) {}

  /** Exact for a job that is over. */
  async of({ runKey, endedAt }: Pick<JobView, 'runKey' | 'endedAt'>): Promise<JobProgress> {
    if (endedAt !== null) return readProgress(this.pool, runKey);
    const known = this.recent.get(runKey);
    if (known !== undefined && Date.now() - known.atMs < FRESH_MS) return known.progress;
    this.recent.delete(runKey);
    const progress = readProgress(this.pool, runKey);
    this.recent.set(runKey, { atMs: Date.now(), progress });
    progress.catch(() => this.recent.delete(runKey));
    const [oldest] = this.recent.keys();
    if (oldest !== undefined && this.recent.size > MAX_REMEMBERED) this.recent.delete(oldest);
    return progress;
  }
}
