import { currentDatePattern, DEFAULT_DATE_PATTERN } from '../current-date.js';
import { addToDate } from '../dates/add-to-date.js';
import type { DateAmounts } from '../dates/add-to-date.js';
import { localSecondsOf, timeOfLocalSeconds } from '../dates/calendar.js';
import type { ZonedTime } from '../dates/calendar.js';
import { parseDatePattern } from '../dates/date-pattern.js';
import { formatDate } from '../dates/format-date.js';
import { parseDate } from '../dates/parse-date.js';
import { EvaluationError } from '../evaluation-error.js';
import { scalarText } from './apply-function.js';
import type { FunctionArguments, FunctionDefinition } from './function-definition.js';

/** Reads and writes the form `Date(1767225600000+0060)`. */
const MILLISECONDS = 'Date(milliseconds)';
const AMOUNTS = ['years', 'months', 'days', 'hours', 'minutes', 'seconds'] as const;

/** FNC-31: reads a date, adds to it, and writes it in another form. */
export const manipulateDate: FunctionDefinition = {
  name: 'manipulateDate',
  parameters: {
    sourceDateFormat: { kind: 'text', required: false },
    targetDateFormat: { kind: 'text', required: false },
    ...Object.fromEntries(AMOUNTS.map((name) => [name, { kind: 'integer', required: false } as const])),
  },
  elements: 'always',
  prepare: (args) => {
    const source = dateForm(args.has('sourceDateFormat') ? args.text('sourceDateFormat') : undefined, args);
    const target = args.has('targetDateFormat') ? dateForm(args.text('targetDateFormat'), args) : source;
    const amounts = amountsOf(args);
    return (value) => {
      const time = source.read(scalarText(value, 'manipulateDate'));
      const moved = time === undefined ? undefined : addToDate(time, amounts);
      if (moved === undefined)
        throw new EvaluationError('manipulateDate cannot process a value that is no date of the source format');
      return target.write(moved);
    };
  },
};

function amountsOf(args: FunctionArguments): DateAmounts {
  const amount = (name: (typeof AMOUNTS)[number]): number => args.integer(name) ?? 0;
  return {
    years: amount('years'),
    months: amount('months'),
    days: amount('days'),
    hours: amount('hours'),
    minutes: amount('minutes'),
    seconds: amount('seconds'),
  };
}

interface DateForm {
  readonly read: (text: string) => ZonedTime | undefined;
  readonly write: (time: ZonedTime) => string;
}

/** Throws `ExpressionError` for a pattern with other letters (DTP-2). */
function dateForm(pattern: string | undefined, args: FunctionArguments): DateForm {
  if (pattern === MILLISECONDS) return { read: readMilliseconds, write: writeMilliseconds };
  const fromProperty = pattern === undefined ? currentDatePattern(args.properties) : undefined;
  const elements = fromProperty ?? parseDatePattern(pattern ?? DEFAULT_DATE_PATTERN);
  return { read: (text) => parseDate(elements, text), write: (time) => formatDate(elements, time) };
}

/** The zone, a sign and minutes in four digits, is kept for printing and has no part in the calculation. */
function readMilliseconds(text: string): ZonedTime | undefined {
  const found = /^(\/?)Date\((-?\d{1,16})([+-]\d{4})?\)(\/?)$/.exec(text);
  if (found === null || found[1] !== found[4]) return undefined;
  const milliseconds = Number(found[2]);
  const seconds = Math.floor(milliseconds / 1000);
  const time = timeOfLocalSeconds(seconds, (milliseconds - seconds * 1000) * 1_000_000, Number(found[3] ?? 0) * 60);
  return Math.abs(time.year) <= 999_999 ? time : undefined;
}

function writeMilliseconds(time: ZonedTime): string {
  const milliseconds = localSecondsOf(time) * 1000 + Math.floor(time.nano / 1_000_000);
  const minutes = Math.round(time.offsetSeconds / 60);
  const zone = minutes === 0 ? '' : `${minutes < 0 ? '-' : '+'}${String(Math.abs(minutes)).padStart(4, '0')}`;
  return `Date(${milliseconds}${zone})`;
}
