/** What a run does. `read`: new and changed entities; `resync`: all of them (JOB-3, JOB-4). */
export type RunKind = 'read' | 'resync';

/** `queued` → `starting` (row exists, workflow is to be started) → `running` → `finished`. */
export type RunState = 'queued' | 'starting' | 'running' | 'finished';

/** Final statuses and those of a job in progress (STA-1); `Queued` exists in our API only (JOB-13). */
export type JobStatus =
  | 'Queued'
  | 'Running'
  | 'Running with Error'
  | 'Pending Restart'
  | 'Success'
  | 'Finished with Error'
  | 'Manually Terminated';

/** STA-3. */
export type TriggerType = 'IMMEDIATE' | 'REPEAT';

/** The channel on which a run that can be started, stopped or closed is announced; payload: run key. A hint, never needed. */
export const RUN_CHANNEL = 'muster_run';
