import { daysInMonth, localSecondsOf, timeOfLocalSeconds } from './calendar.js';
import type { ZonedTime } from './calendar.js';
import { offsetAt, offsetOfLocal } from './zones.js';

/** What is added to a time; negative numbers are subtracted. */
export interface DateAmounts {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** Years, months and days move the date on the clock (the last day of a month is kept), the rest moves the instant (FNC-31). */
export function addToDate(time: ZonedTime, amounts: DateAmounts): ZonedTime | undefined {
  const months = time.year * 12 + time.month - 1 + amounts.years * 12 + amounts.months;
  const year = Math.floor(months / 12);
  const month = months - year * 12 + 1;
  const day = Math.min(time.day, daysInMonth(year, month));
  const local = localSecondsOf({ ...time, year, month, day }) + amounts.days * 86_400;
  const seconds = amounts.hours * 3600 + amounts.minutes * 60 + amounts.seconds;
  return inRange(
    time.zone === undefined
      ? timeOfLocalSeconds(local + seconds, time.nano, time.offsetSeconds)
      : inZone(time, time.zone, local, seconds),
  );
}

function inZone(time: ZonedTime, zone: string, local: number, seconds: number): ZonedTime | undefined {
  const before = offsetOfLocal(zone, local);
  if (before === undefined) return undefined;
  const instant = local - before + seconds;
  const offset = offsetAt(zone, instant);
  return offset === undefined ? undefined : timeOfLocalSeconds(instant + offset, time.nano, offset, zone);
}

/** Years beyond this are no dates of anybody. */
function inRange(time: ZonedTime | undefined): ZonedTime | undefined {
  return time !== undefined && Math.abs(time.year) <= 999_999 ? time : undefined;
}
