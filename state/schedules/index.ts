export {
  deleteSchedule,
  findSchedule,
  listSchedules,
  listSkippedPoints,
  noteMissedPoints,
  saveSchedule,
} from './schedules.js';
export type { SkippedPoint, StoredSchedule } from './schedules.js';
export { requestScheduledRun } from './scheduled-run.js';
export type { PointOutcome } from './scheduled-run.js';
