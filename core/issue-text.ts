import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  guid: 'a UUID',
  email: 'an e-mail address',
  url: 'a URL',
  datetime: 'an instant like 2026-03-04T07:15:00Z (ISO 8601, UTC)',
};

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

/** What zod finds in the voice of all messages: what a value must be. Undefined where zod has to say it itself. */
export function issueText(issue: Issue): string | undefined {
  const expected = expectation(issue);
  if (expected === undefined) return undefined;
  return issue.input === undefined ? `is missing: must be ${expected}` : `must be ${expected}`;
}

function expectation(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected];
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_union':
      return Array.isArray(issue['options']) ? oneOf(issue['options']) : undefined;
    case 'too_small':
      return bound(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum);
    case 'invalid_format':
      return FORMATS[issue.format];
    default:
      return undefined;
  }
}

function oneOf(values: readonly unknown[]): string {
  const [only] = values;
  return values.length === 1 ? String(only) : `one of ${values.map(String).join(', ')}`;
}

/** Of numbers, texts and lists only; bounds are inclusive everywhere. */
function bound(origin: string, most: 'at least' | 'at most', limit: number | bigint): string | undefined {
  if (origin === 'number' || origin === 'int') return `${most} ${String(limit)}`;
  const unit = UNITS[origin];
  if (unit === undefined) return undefined;
  if (origin === 'array') return `a list of ${most} ${String(limit)} ${unit}`;
  return `a text of ${most} ${String(limit)} ${unit}`;
}
