import { describe, expect, it } from '@jest/globals';
import { parseRetryAfterMs } from '../../../connectors/http/retry-after.js';

const now = new Date('2026-05-04T12:00:00Z');

describe('Retry-After (CONN-CORE-72, CONN-TCK-17)', () => {
  it.each([
    ['7', 7_000],
    [' 0 ', 0],
    ['1.5', 1_500],
    ['Mon, 04 May 2026 12:00:30 GMT', 30_000],
    ['Monday, 04-May-26 12:00:30 GMT', 30_000],
    ['Mon, 04 May 2026 11:00:00 GMT', 0],
    ['86400', 600_000],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 600_000],
  ])('CONN-CORE-72: %s is %d ms', (header, expected) => {
    expect(parseRetryAfterMs(header, now)).toBe(expected);
  });

  it.each([undefined, '', 'soon', '-5', '1e9', '2026-05-04', 'NaN'])('CONN-CORE-72: %s says nothing', (header) => {
    expect(parseRetryAfterMs(header, now)).toBeUndefined();
  });
});
