import type { OpenRun } from '../../state/runs/index.js';

/** Token of the {@link JobLauncher}. */
export const JOB_LAUNCHER = Symbol('job launcher');

/** What the API needs of Temporal. The run's row in PostgreSQL exists before a workflow is started or cancelled. */
export interface JobLauncher {
  /** Resolves when Temporal answers; the problem `unavailable` (503) otherwise. Takes a few seconds at most. */
  requireTemporal(): Promise<void>;
  /** True when Temporal answers. Never throws. */
  isReachable(): Promise<boolean>;
  /** Starts the workflow of a run; one that exists already is fine. */
  start(run: OpenRun): Promise<void>;
  /** Asks the workflow of a run to end; one that is over already is fine. */
  cancel(run: OpenRun): Promise<void>;
}
