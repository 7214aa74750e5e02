import { daysInMonth, epochDayOf, localSecondsOf, timeOfLocalSeconds } from './calendar.js';
import type { ZonedTime } from './calendar.js';
import { DAY_NAMES, MONTH_NAMES } from './date-names.js';
import type { DateElement, DateLetter } from './date-pattern.js';
import { readOffset, readZone } from './read-zone.js';
import { offsetOfLocal } from './zones.js';

/** What the fields of a pattern gave. */
type Fields = Partial<Record<DateLetter | 'offset', number>> & { zone?: string };

/**
 * Reads a text by a pattern (DTP-1), strictly as Java does: every character must fit, a day beyond the end of its month is
 * its last day. Values without zone are UTC. Undefined if the text does not fit or has no complete date.
 */
export function parseDate(elements: readonly DateElement[], text: string): ZonedTime | undefined {
  const reader = new DateReader(text);
  return reader.read(elements) && reader.position === text.length ? resolve(reader.fields) : undefined;
}

class DateReader {
  position = 0;
  fields: Fields = {};

  constructor(private readonly text: string) {}

  read(elements: readonly DateElement[]): boolean {
    return elements.every((element, index) => {
      switch (element.kind) {
        case 'literal':
          return this.take(element.text);
        case 'optional':
          return this.readOptional(element.elements);
        case 'field':
          return this.readField(element.letter, element.count, reservedDigits(elements, index));
      }
    });
  }

  private take(text: string): boolean {
    if (!this.text.startsWith(text, this.position)) return false;
    this.position += text.length;
    return true;
  }

  private readOptional(elements: readonly DateElement[]): boolean {
    const before = { position: this.position, fields: { ...this.fields } };
    if (!this.read(elements)) {
      this.position = before.position;
      this.fields = before.fields;
    }
    return true;
  }

  private readField(letter: DateLetter, count: number, reserved: number): boolean {
    switch (letter) {
      case 'y':
      case 'u':
        return this.readYear(letter, count, reserved);
      case 'M':
      case 'L':
        return count <= 2
          ? this.readNumber('M', count, count === 1 ? 19 : 2, reserved)
          : this.readName('M', MONTH_NAMES, count);
      case 'E':
        return this.readName('E', DAY_NAMES, Math.max(count, 3));
      case 'a':
        return this.readName('a', ['AM', 'PM'], 4);
      case 'S':
        return this.readFraction(count);
      case 'n':
        return this.readNumber('n', count, 19, reserved);
      case 'D':
        return this.readNumber('D', count, 3, reserved);
      case 'z':
      case 'V':
        return this.readZoneField(readZone(this.text, this.position));
      case 'Z':
      case 'X':
      case 'x':
      case 'O':
        return this.readZoneField(readOffset(this.text, this.position, letter, count));
      default:
        return this.readNumber(letter, count, count === 1 ? 19 : count, reserved);
    }
  }

  private readYear(letter: 'y' | 'u', count: number, reserved: number): boolean {
    if (count === 2) {
      const digits = this.digits(2, 2);
      return digits !== undefined && this.set(letter, 2000 + Number(digits));
    }
    const signed = /[+-]/.test(this.text.charAt(this.position)) ? this.text.charAt(this.position) : '';
    this.position += signed.length;
    const digits = this.digits(count, 19, reserved);
    if (digits === undefined) return false;
    // More digits than letters need a sign, so that `yyyyMMdd` is not read as one long year.
    if (count >= 4 && (signed === '+') !== digits.length > count && signed !== '-') return false;
    return this.set(letter, Number(`${signed}${digits}`));
  }

  private readNumber(letter: DateLetter, min: number, max: number, reserved: number): boolean {
    const digits = this.digits(min, max, reserved);
    return digits !== undefined && this.set(letter, Number(digits));
  }

  private readFraction(count: number): boolean {
    const digits = this.digits(count, count);
    return digits !== undefined && this.set('n', Number(digits.padEnd(9, '0')));
  }

  /** As many digits as there are, less those that the fields behind need. */
  private digits(min: number, max: number, reserved = 0): string | undefined {
    let end = this.position;
    while (end - this.position < max + reserved && /[0-9]/.test(this.text.charAt(end))) end += 1;
    const length = Math.min(Math.max(end - this.position - reserved, min), max);
    if (end - this.position < length) return undefined;
    const digits = this.text.slice(this.position, this.position + length);
    this.position += length;
    return digits;
  }

  /** The position of a name in its list, from 1. */
  private readName(letter: DateLetter, names: readonly string[], count: number): boolean {
    const spelled = names.map((name) => (count === 3 ? name.slice(0, 3) : name));
    if (count === 5) return false;
    const index = spelled.findIndex((name) => this.text.startsWith(name, this.position));
    if (index === -1) return false;
    this.position += spelled[index]?.length ?? 0;
    return this.set(letter, index + 1);
  }

  private readZoneField(found: { zone?: string; offsetSeconds?: number; end: number } | undefined): boolean {
    if (found === undefined) return false;
    this.position = found.end;
    if (found.zone !== undefined) this.fields.zone = found.zone;
    return found.offsetSeconds === undefined || this.set('offset', found.offsetSeconds);
  }

  /** A field that occurs twice must say the same twice. */
  private set(field: DateLetter | 'offset', value: number): boolean {
    if (this.fields[field] !== undefined && this.fields[field] !== value) return false;
    this.fields[field] = value;
    return true;
  }
}

/** Digits of fixed width that stand directly behind a number of variable width. */
function reservedDigits(elements: readonly DateElement[], index: number): number {
  let reserved = 0;
  for (const element of elements.slice(index + 1)) {
    if (element.kind !== 'field' || !'yuMLdDHkKhmsS'.includes(element.letter)) break;
    if (element.letter !== 'S' && (element.count !== 2 || 'D'.includes(element.letter))) break;
    reserved += element.count;
  }
  return reserved;
}

function resolve(fields: Fields): ZonedTime | undefined {
  const date = resolveDate(fields);
  const time = resolveTime(fields);
  if (date === undefined || time === undefined) return undefined;
  const local = localSecondsOf({ ...date, hour: 0, minute: 0, second: 0 }) + time.seconds;
  // Values without zone are UTC (FNC-31).
  const zone = fields.zone ?? (fields.offset === undefined ? 'UTC' : undefined);
  const offset = fields.offset ?? (zone === undefined ? 0 : offsetOfLocal(zone, local));
  return offset === undefined ? undefined : timeOfLocalSeconds(local, time.nano, offset, zone);
}

function resolveDate(fields: Fields): { year: number; month: number; day: number } | undefined {
  const year = fields.u ?? fields.y;
  if (year === undefined || (fields.u === undefined && year < 1)) return undefined;
  const date = fields.D === undefined ? monthAndDay(year, fields) : dayOfYear(year, fields.D);
  if (date === undefined) return undefined;
  const weekday = ((((epochDayOf(date.year, date.month, date.day) + 3) % 7) + 7) % 7) + 1;
  return fields.E !== undefined && fields.E !== weekday ? undefined : date;
}

function monthAndDay(year: number, fields: Fields): { year: number; month: number; day: number } | undefined {
  const { M: month, d: day } = fields;
  if (month === undefined || day === undefined || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return { year, month, day: Math.min(day, daysInMonth(year, month)) };
}

function dayOfYear(year: number, day: number): { year: number; month: number; day: number } | undefined {
  if (day < 1 || day > 366) return undefined;
  const time = timeOfLocalSeconds((epochDayOf(year, 1, 1) + day - 1) * 86_400, 0, 0);
  return time.year === year ? time : undefined;
}

/** Seconds of the day; 24:00 is the beginning of the next one. */
function resolveTime(fields: Fields): { seconds: number; nano: number } | undefined {
  const hour = resolveHour(fields);
  const { m: minute = 0, s: second = 0, n: nano = 0 } = fields;
  const isMidnight = hour === 24 && minute === 0 && second === 0 && nano === 0;
  if (hour === undefined || minute > 59 || second > 59 || (hour > 23 && !isMidnight)) return undefined;
  return { seconds: hour * 3600 + minute * 60 + second, nano };
}

/** Undefined if the hour is not complete: `hh` needs `a`. */
function resolveHour(fields: Fields): number | undefined {
  const { H, k, K, h, a } = fields;
  if (H !== undefined) return H;
  if (k !== undefined) return k <= 24 ? k % 24 : undefined;
  const half = a === undefined ? undefined : (a - 1) * 12;
  if (K !== undefined) return half !== undefined && K <= 11 ? K + half : undefined;
  if (h !== undefined) return half !== undefined && h <= 12 ? (h % 12) + half : undefined;
  return fields.m === undefined && fields.s === undefined ? 0 : undefined;
}
