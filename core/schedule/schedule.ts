import { offsetAt } from '../transform/dates/zones.js';

/** Days of the week as the schedule stores them, in the order of ISO 8601. */
export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
/** One of {@link WEEKDAYS}. */
export type Weekday = (typeof WEEKDAYS)[number];

/** Minutes of an interval (SCH-3). */
export const INTERVAL_MINUTES = { min: 30, max: 10_080 } as const;

/** Runs every so many minutes after an anchor (SCH-3, SCH-7). */
export interface IntervalSchedule {
  readonly kind: 'interval';
  readonly everyMinutes: number;
}

/** Runs on days of the week at a local time (SCH-4). */
export interface WeeklySchedule {
  readonly kind: 'weekly';
  /** At least one, without repetition. */
  readonly days: readonly Weekday[];
  /** `HH:mm`, 24 hours. */
  readonly time: string;
  /** IANA name. */
  readonly zone: string;
}

/** When a source is read by itself (SCH-2): one of two forms. */
export type ScheduleSpec = IntervalSchedule | WeeklySchedule;

const DAY_S = 86_400;
/** No zone changes its clock by more than this at once; the longest ever was a whole day. */
const WINDOW_S = 2 * DAY_S;

/**
 * The next `count` points of a schedule after an instant, in order.
 *
 * @param anchorMs moment of switching on, or of changing the interval while on; weekly schedules do not use it.
 * @param afterMs points at or before this instant are left out.
 */
export function nextPoints(spec: ScheduleSpec, anchorMs: number, afterMs: number, count: number): number[] {
  return spec.kind === 'interval' ? intervalPoints(spec, anchorMs, afterMs, count) : weeklyPoints(spec, afterMs, count);
}

/** First run at anchor + interval, then every interval, to the second (SCH-7). */
function intervalPoints(spec: IntervalSchedule, anchorMs: number, afterMs: number, count: number): number[] {
  const everyMs = spec.everyMinutes * 60_000;
  const startMs = Math.floor(anchorMs / 1000) * 1000;
  const first = Math.max(1, Math.floor((afterMs - startMs) / everyMs) + 1);
  return Array.from({ length: count }, (_, index) => startMs + (first + index) * everyMs);
}

function weeklyPoints(spec: WeeklySchedule, afterMs: number, count: number): number[] {
  const points: number[] = [];
  const timeS = secondsOfTime(spec.time);
  // A day earlier than local: the zone may be behind, and a gap may move a point to the next day.
  let epochDay = Math.floor(afterMs / 1000 / DAY_S) - 2;
  for (; points.length < count; epochDay += 1) {
    if (!spec.days.includes(weekdayOf(epochDay))) continue;
    const pointMs = instantOfLocal(spec.zone, epochDay * DAY_S + timeS) * 1000;
    if (pointMs > afterMs && pointMs !== points.at(-1)) points.push(pointMs);
  }
  return points;
}

/**
 * The instant at which a clock of the zone shows a local time (SCH-5): its first occurrence when it occurs twice, the first valid instant
 * after it when it does not occur. Seconds since 1970.
 *
 * @throws RangeError when there is no such zone.
 */
export function instantOfLocal(zone: string, localSeconds: number): number {
  const exact = candidates(zone, localSeconds).filter((at) => at + offset(zone, at) === localSeconds);
  if (exact.length > 0) return Math.min(...exact);
  return endOfGap(zone, localSeconds);
}

/** Instants at which the clock could show the time: one for each offset in force around it. */
function candidates(zone: string, localSeconds: number): number[] {
  const offsets = new Set<number>();
  for (let at = localSeconds - WINDOW_S; at <= localSeconds + WINDOW_S; at += DAY_S / 4) offsets.add(offset(zone, at));
  return [...offsets].map((one) => localSeconds - one);
}

/** The first instant whose clock shows a later time than one that is left out: the change itself. Found by halving. */
function endOfGap(zone: string, localSeconds: number): number {
  let before = localSeconds - WINDOW_S;
  let after = localSeconds + WINDOW_S;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (middle + offset(zone, middle) > localSeconds) after = middle;
    else before = middle;
  }
  return after;
}

function offset(zone: string, epochSeconds: number): number {
  const found = offsetAt(zone, epochSeconds);
  if (found === undefined) throw new RangeError(`there is no time zone ${zone}`);
  return found;
}

/** True for a name that the IANA database of this runtime knows. */
export function isZone(zone: string): boolean {
  return /^[A-Za-z]/.test(zone) && offsetAt(zone, 0) !== undefined;
}

function secondsOfTime(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60;
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(epochDay: number): Weekday {
  return WEEKDAYS[(((epochDay + 3) % 7) + 7) % 7] ?? 'MON';
}
