import fc from 'fast-check';
import type { Deviation } from './judge.js';

/** A question to java.time: read with one pattern, write with another. */
export type DateCase = { kind: 'date'; source: string; text: string; target: string };

const two = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, '0'));
const year = fc.integer({ min: 1900, max: 2100 }).map(String);
const month = fc.constantFrom(
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
  'jan',
  'Sept',
);
const offset = fc.constantFrom('Z', '+01:00', '-05:30', '+0100', '+01', '+00:00', '-00:30', '+19:00');
const zone = fc.constantFrom(
  'UTC',
  'GMT',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Etc/UTC',
  'Nowhere/City',
  'Z',
  '+02:00',
);

const source: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(year, two(13), two(32)).map(([y, m, d]) => ['yyyy-MM-dd', `${y}-${m}-${d}`] as const),
  fc.tuple(year, two(12), two(31)).map(([y, m, d]) => ['uuuuMMdd', `${y}${m}${d}`] as const),
  fc.tuple(fc.integer({ min: 0, max: 40 }), month, year).map(([d, m, y]) => ['d MMM uuuu', `${d} ${m} ${y}`] as const),
  fc.tuple(two(31), two(12), two(99)).map(([d, m, y]) => ['dd/MM/yy', `${d}/${m}/${y}`] as const),
  fc
    .tuple(year, two(12), two(28), two(25), two(60), two(60))
    .map(([y, m, d, h, i, s]) => ['yyyy-MM-dd HH:mm:ss', `${y}-${m}-${d} ${h}:${i}:${s}`] as const),
  fc
    .tuple(year, two(12), two(28), two(13), fc.constantFrom('AM', 'PM', 'am'))
    .map(([y, m, d, h, a]) => ['yyyy-MM-dd hh:mm a', `${y}-${m}-${d} ${h}:30 ${a}`] as const),
  fc.tuple(two(12), two(28), offset).map(([m, d, o]) => ["yyyy-MM-dd'T'HH:mmXXX", `2026-${m}-${d}T10:20${o}`] as const),
  fc.tuple(two(12), two(28), offset).map(([m, d, o]) => ['yyyy-MM-dd HH:mm X', `2026-${m}-${d} 10:20 ${o}`] as const),
  fc.tuple(two(12), two(28), offset).map(([m, d, o]) => ['yyyy-MM-dd HH:mm Z', `2026-${m}-${d} 10:20 ${o}`] as const),
  fc
    .tuple(two(12), two(28), two(23), zone)
    .map(([m, d, h, z]) => ['yyyy-MM-dd HH:mm VV', `2026-${m}-${d} ${h}:20 ${z}`] as const),
  fc
    .tuple(year, fc.integer({ min: 0, max: 370 }))
    .map(([y, d]) => ['uuuu-DDD', `${y}-${String(d).padStart(3, '0')}`] as const),
  fc
    .tuple(year, two(24), fc.integer({ min: 0, max: 999 }))
    .map(([y, k, s]) => ['yyyy-MM-dd kk:mm:ss.SSS', `${y}-01-02 ${k}:03:04.${String(s).padStart(3, '0')}`] as const),
  fc
    .tuple(year, fc.constantFrom('Mon', 'Tue', 'Sun'))
    .map(([y, e]) => ['EEE, d MMM yyyy', `${e}, 5 Jul ${y}`] as const),
  fc
    .tuple(year, fc.constantFrom('', ' 10:11', ' 1:1'))
    .map(([y, t]) => ['yyyy-MM-dd[ HH:mm]', `${y}-07-05${t}`] as const),
);

const target = fc.constantFrom(
  'yyyy-MM-dd HH:mm:ss.SSSXXX',
  'd.M.uu',
  'EEEE, d MMMM uuuu',
  'E D DDD',
  'h:mm a',
  'KK k H',
  "uuuu-MM-dd'T'HH:mm:ssXXX",
  'X x Z ZZZZ ZZZZZ O OOOO',
  'VV',
  'n S SSSSSS',
  'yy yyyy yyyyy',
  "''yyyy'' 'at' HH",
  'LLL LLLL MMMMM EEEEE',
  'XX XXXX XXXXX xx xxxxx',
  'yyyyMMddHHmmss',
);

/** Dates that exist and dates that do not, in many patterns. */
export const dateCases: fc.Arbitrary<DateCase> = fc
  .tuple(source, target)
  .map(([[pattern, text], to]) => ({ kind: 'date', source: pattern, text, target: to }));

/** Where we differ on purpose. */
export const dateDeviations: readonly Deviation<DateCase>[] = [];
