/** Longest wait that a server may ask for, milliseconds (CONN-CORE-72, RTY-4). */
export const MAX_RETRY_AFTER_MS = 600_000;

/**
 * `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3) as milliseconds from `now`, bounded to [0, 10 minutes];
 * undefined if the header is absent or is neither, so that the caller's own interval applies.
 */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  // Date.parse is far more generous than an HTTP date: a negative number would pass as a year.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : bounded(at - now.getTime());
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), MAX_RETRY_AFTER_MS);
}
