export { RUN_CHANNEL } from './run.js';
export type { Acceptances, JobStatus, RunKind, RunState, TriggerType } from './run.js';
export { requestRun } from './request-run.js';
export type { RequestedRun, RunRequest } from './request-run.js';
export { requestStop } from './stop-run.js';
export type { StopAnswer } from './stop-run.js';
export { listEndedTargets, listFailedEntities, listUsedConfigurations } from './job-details.js';
export { readProgress } from './progress.js';
export type { JobProgress } from './progress.js';
export { ENTITY_RESULTS, listJobs, listResults, readJob } from './run-views.js';
export type { EntityResult, EntityResultKind, JobFilter, JobView, ResultFilter } from './run-views.js';
export { readStatistics } from './statistics.js';
export type { StatisticsRow } from './statistics.js';
export {
  closeAbandonedStop,
  closeRunAs,
  findOpenRun,
  listOpenRuns,
  promoteQueuedRuns,
  underAdvisoryLock,
} from './reconcile.js';
export type { LostEnd, OpenRun } from './reconcile.js';
