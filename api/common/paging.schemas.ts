import { z } from 'zod';

/** Entries of one page at most. */
const MAX_LIMIT = 200;

/** `limit` of every list; default 20 (SYS-16). */
export const limitParameter = z.coerce
  .number({ error: `must be a number between 1 and ${MAX_LIMIT}` })
  .int()
  .min(1)
  .max(MAX_LIMIT)
  .default(20)
  .describe('Entries of one page');

/** `offset` of lists that are short enough to be counted. */
export const offsetParameter = z.coerce
  .number({ error: 'must be a number' })
  .int()
  .min(0)
  .max(1_000_000)
  .default(0)
  .describe('Entries to leave out');

/** Path parameter that names a system. */
export const systemIdParameter = z.guid({ error: 'must be the id (UUID) of a system' });

/** An instant, ISO 8601 in UTC (STA-5). */
export const instant = z.iso.datetime().describe('ISO 8601, UTC');

/** Text of an instant of the database. */
export function isoInstant(date: Date): string {
  return date.toISOString();
}

/** The same where there may be none. */
export function optionalInstant(date: Date | null): string | null {
  return date === null ? null : isoInstant(date);
}

/** A switch in a query: `true` or `false`, off by default. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** `values` of lists whose entries show them only on demand, because they hold content (PLN-6). */
export const valuesFlag = flag.describe('true: before and after of each attribute');

/** `text` of lists of entities. */
export const idPartParameter = z
  .string()
  .min(1)
  .max(200)
  .describe('Part of the id in the source or in the target, in any case');
