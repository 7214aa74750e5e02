import { dayOfYearOf, epochDayOf } from './calendar.js';
import type { ZonedTime } from './calendar.js';
import { DAY_NAMES, MONTH_NAMES } from './date-names.js';
import type { DateElement, DateLetter } from './date-pattern.js';
import { localizedOffset, offsetStyle, offsetText } from './offsets.js';
import { zoneName } from './zones.js';

/** The text of a time in a pattern (DTP-1). */
export function formatDate(elements: readonly DateElement[], time: ZonedTime): string {
  let text = '';
  for (const element of elements) {
    if (element.kind === 'literal') text += element.text;
    else if (element.kind === 'optional') text += formatDate(element.elements, time);
    else text += formatField(element.letter, element.count, time);
  }
  return text;
}

function formatField(letter: DateLetter, count: number, time: ZonedTime): string {
  switch (letter) {
    case 'y':
      return formatYear(time.year > 0 ? time.year : 1 - time.year, count);
    case 'u':
      return formatYear(time.year, count);
    case 'M':
    case 'L':
      return count <= 2 ? pad(time.month, count) : named(MONTH_NAMES[time.month - 1] ?? '', count);
    case 'd':
      return pad(time.day, count);
    case 'D':
      return pad(dayOfYearOf(time.year, time.month, time.day), count);
    case 'E':
      return named(DAY_NAMES[weekdayOf(time)] ?? '', Math.max(count, 3));
    case 'a':
      return time.hour < 12 ? 'AM' : 'PM';
    case 'H':
      return pad(time.hour, count);
    case 'k':
      return pad(time.hour === 0 ? 24 : time.hour, count);
    case 'K':
      return pad(time.hour % 12, count);
    case 'h':
      return pad(time.hour % 12 === 0 ? 12 : time.hour % 12, count);
    case 'm':
      return pad(time.minute, count);
    case 's':
      return pad(time.second, count);
    case 'S':
      return pad(time.nano, 9).slice(0, count);
    case 'n':
      return pad(time.nano, count);
    case 'z':
      return zoneName(time, count === 4);
    case 'V':
      return time.zone ?? offsetText(time.offsetSeconds, '+HH:MM:ss', 'Z');
    default:
      return formatOffset(letter, count, time.offsetSeconds);
  }
}

/** 0 is Monday. */
function weekdayOf(time: ZonedTime): number {
  return (((epochDayOf(time.year, time.month, time.day) + 3) % 7) + 7) % 7;
}

/** Two letters give the last two digits; from four letters on years that need more digits get a sign. */
function formatYear(year: number, count: number): string {
  if (count === 2) return pad(Math.abs(year) % 100, 2);
  const digits = String(Math.abs(year)).padStart(count, '0');
  if (year < 0) return `-${digits}`;
  return count >= 4 && digits.length > count ? `+${digits}` : digits;
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

function named(name: string, count: number): string {
  if (count === 5) return name.charAt(0);
  return count === 3 ? name.slice(0, 3) : name;
}

function formatOffset(letter: 'O' | 'X' | 'x' | 'Z', count: number, offsetSeconds: number): string {
  if (letter === 'O' || (letter === 'Z' && count === 4)) return localizedOffset(offsetSeconds, count === 4);
  const { pattern, zero } = offsetStyle(letter, count);
  return offsetText(offsetSeconds, pattern, zero);
}
