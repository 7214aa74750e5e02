/** A date and time of the proleptic Gregorian calendar with its distance to UTC. */
export interface ZonedTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nano: number;
  readonly offsetSeconds: number;
  /** IANA zone, undefined if only the offset is known. */
  readonly zone: string | undefined;
}

/** Days of the year before each month, not counting a leap day. */
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Days since 1970-01-01. */
export function epochDayOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** The inverse of {@link epochDayOf}. */
export function dateOfEpochDay(epochDay: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const shifted = epochDay + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const position = Math.floor((5 * dayOfYear + 2) / 153);
  const month = position < 10 ? position + 3 : position - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * position + 2) / 5) + 1,
  };
}

/** By the Gregorian rule, for every year. */
export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** 28 to 31; `month` is 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** 1 to 366. */
export function dayOfYearOf(year: number, month: number, day: number): number {
  return (DAYS_BEFORE_MONTH[month - 1] ?? 0) + day + (month > 2 && isLeapYear(year) ? 1 : 0);
}

/** Seconds since 1970-01-01T00:00:00 on the clock of the zone, not corrected by its offset. */
export function localSecondsOf(time: Pick<ZonedTime, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'>): number {
  return epochDayOf(time.year, time.month, time.day) * 86_400 + time.hour * 3600 + time.minute * 60 + time.second;
}

/** The time that the clock of a zone shows, from {@link localSecondsOf}. */
export function timeOfLocalSeconds(
  localSeconds: number,
  nano: number,
  offsetSeconds: number,
  zone?: string,
): ZonedTime {
  const epochDay = Math.floor(localSeconds / 86_400);
  const second = localSeconds - epochDay * 86_400;
  return {
    ...dateOfEpochDay(epochDay),
    hour: Math.floor(second / 3600),
    minute: Math.floor(second / 60) % 60,
    second: second % 60,
    nano,
    offsetSeconds,
    zone,
  };
}

/** An instant in UTC. */
export function utcTimeOf(epochMs: number): ZonedTime {
  const seconds = Math.floor(epochMs / 1000);
  return timeOfLocalSeconds(seconds, Math.floor(epochMs - seconds * 1000) * 1_000_000, 0, 'UTC');
}
