export {
  deleteSchedule,
  findSchedule,
  KEPT_POINTS,
  listSchedules,
  listSkippedPoints,
  noteMissedPoints,
  saveSchedule,
} from './schedules.js';
export type { SkippedPoint, StoredSchedule } from './schedules.js';
export { requestScheduledRun } from './scheduled-run.js';
export type { PointOutcome } from './scheduled-run.js';
