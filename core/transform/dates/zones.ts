import { localSecondsOf } from './calendar.js';
import type { ZonedTime } from './calendar.js';
import { offsetText } from './offsets.js';

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** The offset of a zone at an instant, undefined if there is no such zone. */
export function offsetAt(zone: string, epochSeconds: number): number | undefined {
  if (zone === 'UTC') return 0;
  const format = zoneFormat(zone);
  if (format === undefined) return undefined;
  const parts: Record<string, number> = {};
  for (const part of format.formatToParts(epochSeconds * 1000)) parts[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return localSecondsOf({ year, month, day, hour: hour % 24, minute, second }) - epochSeconds;
}

/** The offset that a clock of the zone has when it shows this time; in a gap and an overlap the earlier offset. */
export function offsetOfLocal(zone: string, localSeconds: number): number | undefined {
  const before = offsetAt(zone, localSeconds - 86_400);
  const after = offsetAt(zone, localSeconds + 86_400);
  if (before === undefined || after === undefined || before === after) return before;
  const early = offsetAt(zone, localSeconds - before);
  if (early === before) return before;
  return offsetAt(zone, localSeconds - after) === after ? after : before;
}

/** The letters `z` (short) and `zzzz` (full) of a time; a time without zone has only its offset. */
export function zoneName(time: ZonedTime, full: boolean): string {
  if (time.zone === undefined) return offsetText(time.offsetSeconds, '+HH:MM:ss', 'Z');
  const style = { timeZone: time.zone, timeZoneName: full ? 'long' : 'short' } as const;
  const instant = (localSecondsOf(time) - time.offsetSeconds) * 1000;
  const parts = new Intl.DateTimeFormat('en-US', style).formatToParts(instant);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? time.zone;
}

function zoneFormat(zone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(zone)) return formats.get(zone);
  const format = createFormat(zone);
  // Names come from entities: the cache must not grow with them.
  if (formats.size < 1000) formats.set(zone, format);
  return format;
}

function createFormat(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      calendar: 'iso8601',
      numberingSystem: 'latn',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
}
