import type { Month, ScheduleSpec as TemporalScheduleSpec } from '@temporalio/client';
import { nextPoints } from '../../core/schedule/schedule.js';
import type { StoredSchedule } from '../../state/schedules/index.js';

/** Points of a weekly schedule that are entered into Temporal ahead: four months of a daily one. */
const ENTERED_POINTS = 128;

const MONTHS: readonly Month[] = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
];

/** Id of the schedule of a source in Temporal. */
export function scheduleIdOf(sourceId: string): string {
  return `schedule/${sourceId}`;
}

/**
 * What Temporal is told. An interval is counted from its anchor (SCH-7). Weekly points are entered one by one, in UTC: by its own
 * calendars Temporal would leave out a local time that does not exist, and run one that occurs twice twice (SCH-5).
 */
export function temporalSpec(
  { spec, anchorAt }: Pick<StoredSchedule, 'spec' | 'anchorAt'>,
  nowMs: number,
): TemporalScheduleSpec {
  if (spec.kind === 'interval') {
    const everyMs = spec.everyMinutes * 60_000;
    const anchorMs = Math.floor(anchorAt.getTime() / 1000) * 1000;
    // The anchor itself is no point.
    return { intervals: [{ every: everyMs, offset: anchorMs % everyMs }], startAt: new Date(anchorMs + 1000) };
  }
  const points = nextPoints(spec, anchorAt.getTime(), nowMs, ENTERED_POINTS);
  return { calendars: points.map(calendarOf), timezone: 'UTC' };
}

function calendarOf(pointMs: number) {
  const at = new Date(pointMs);
  return {
    year: at.getUTCFullYear(),
    month: MONTHS[at.getUTCMonth()] ?? 'JANUARY',
    dayOfMonth: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
  };
}

/** One line for operators, and at the same time what tells whether Temporal has the newest. */
export function scheduleNote({ spec, revision, anchorAt }: StoredSchedule): string {
  const text =
    spec.kind === 'interval'
      ? `every ${spec.everyMinutes} minutes from ${anchorAt.toISOString()}`
      : `${spec.days.join(', ')} ${spec.time} ${spec.zone}`;
  return `${text} (revision ${revision})`;
}
