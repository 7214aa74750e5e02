import { utcTimeOf } from './dates/calendar.js';
import { parseDatePattern } from './dates/date-pattern.js';
import type { DateElement } from './dates/date-pattern.js';
import { formatDate } from './dates/format-date.js';
import { ExpressionError } from './expression-error.js';

/** Format of `currentDate` where the property does not say another (VAR-8). */
export const DEFAULT_DATE_PATTERN = 'yyyy-MM-dd HH:mm:ss.SSS';

/** The property that says the format of `currentDate`. */
export const DATE_PATTERN_PROPERTY = 'ips.date.variable.format';

/** Formats `currentDate` (VAR-8) in UTC. A pattern that cannot be used counts as not set; the compiler warns about it. */
export function dateFormatter(properties: Readonly<Record<string, string>>): (now: Date) => string {
  const elements = currentDatePattern(properties) ?? parseDatePattern(DEFAULT_DATE_PATTERN);
  // All entities of a job have the same instant (TRF-9).
  let last: { readonly epochMs: number; readonly text: string } | undefined;
  return (now) => {
    const epochMs = now.getTime();
    if (last?.epochMs !== epochMs) last = { epochMs, text: formatDate(elements, utcTimeOf(epochMs)) };
    return last.text;
  };
}

/** The pattern of the property, undefined if it is not set or cannot be used. */
export function currentDatePattern(properties: Readonly<Record<string, string>>): readonly DateElement[] | undefined {
  const pattern = Object.hasOwn(properties, DATE_PATTERN_PROPERTY) ? properties[DATE_PATTERN_PROPERTY] : undefined;
  if (pattern === undefined || pattern === '') return undefined;
  try {
    return parseDatePattern(pattern);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}
