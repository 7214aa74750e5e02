import { describe, expect, it } from '@jest/globals';
import { utcTimeOf } from '../../../core/transform/dates/calendar.js';
import { parseDatePattern } from '../../../core/transform/dates/date-pattern.js';
import { formatDate } from '../../../core/transform/dates/format-date.js';
import { parseDate } from '../../../core/transform/dates/parse-date.js';
import { NOW } from './support.js';

const time = utcTimeOf(NOW.getTime());
const format = (pattern: string): string => formatDate(parseDatePattern(pattern), time);

/** Reads with one pattern and writes with another. */
const convert = (pattern: string, text: string, target = "uuuu-MM-dd'T'HH:mm:ss.SSSxxx"): string | undefined => {
  const parsed = parseDate(parseDatePattern(pattern), text);
  return parsed === undefined ? undefined : formatDate(parseDatePattern(target), parsed);
};

describe('date patterns', () => {
  it.each([
    ['d MMM uuuu', '5 Jul 2026'],
    ['HH:mm dd/MM/yyyy', '09:04 05/07/2026'],
    ["yyyy-MM-dd'T'HH:mm:ss'Z'", '2026-07-05T09:04:03Z'],
  ])('DTP-3: %s gives %s', (pattern, expected) => {
    expect(format(pattern)).toBe(expected);
  });

  it.each([
    ['yy u yyyyy', '26 2026 02026'],
    ['M MM MMM MMMM LLLL', '7 07 Jul July July'],
    ['d dd D DDD', '5 05 186 186'],
    ['E EEE EEEE', 'Sun Sun Sunday'],
    ['a h hh K k H', 'AM 9 09 9 9 9'],
    ['m mm s ss', '4 04 3 03'],
    ['S SSS SSSSSSSSS n', '1 120 120000000 120000000'],
    ['z zzzz Z X XXX x xxx O VV', 'UTC Coordinated Universal Time +0000 Z Z +00 +00:00 GMT UTC'],
    ["'it''s' ''", "it's '"],
  ])('DTP-1: %s gives %s', (pattern, expected) => {
    expect(format(pattern)).toBe(expected);
  });

  it.each([
    ['dd.MM.yyyy', '28.02.2026', '2026-02-28T00:00:00.000+00:00'],
    ['dd.MM.yyyy', '31.04.2026', '2026-04-30T00:00:00.000+00:00'],
    ['d/M/yy h:mm a', '5/7/26 9:04 PM', '2026-07-05T21:04:00.000+00:00'],
    ['yyyyMMddHHmmss', '20260705090403', '2026-07-05T09:04:03.000+00:00'],
    ["yyyy-MM-dd'T'HH:mm:ssXXX", '2026-07-05T09:04:03+02:00', '2026-07-05T09:04:03.000+02:00'],
    ['yyyy-MM-dd HH:mm:ss.SSS', '2026-07-05 09:04:03.120', '2026-07-05T09:04:03.120+00:00'],
    ['yyyy-MM-dd[ HH:mm]', '2026-07-05', '2026-07-05T00:00:00.000+00:00'],
    ['yyyy-MM-dd[ HH:mm]', '2026-07-05 10:11', '2026-07-05T10:11:00.000+00:00'],
    ['yyyy-MM-dd HH:mm VV', '2026-07-05 09:04 Europe/Berlin', '2026-07-05T09:04:00.000+02:00'],
    ['yyyy-MM-dd HH:mm z', '2026-01-05 09:04 UTC', '2026-01-05T09:04:00.000+00:00'],
    ['yyyy-MM-dd HH:mm O', '2026-01-05 09:04 GMT+1', '2026-01-05T09:04:00.000+01:00'],
    ['yyyy-MM-dd HH:mm Z', '2026-01-05 09:04 +0530', '2026-01-05T09:04:00.000+05:30'],
    ['yyyy-DDD', '2026-186', '2026-07-05T00:00:00.000+00:00'],
    ['yyyy-MM-dd HH', '2026-07-05 24', '2026-07-06T00:00:00.000+00:00'],
    ['EEE d MMM yyyy', 'Sun 5 Jul 2026', '2026-07-05T00:00:00.000+00:00'],
  ])('DTP-1: %s reads %s as %s', (pattern, text, expected) => {
    expect(convert(pattern, text)).toBe(expected);
  });

  it.each([
    ['dd.MM.yyyy', '28.2.2026'],
    ['dd.MM.yyyy', '32.01.2026'],
    ['yyyy-MM-dd', '12026-01-01'],
    ['EEE d MMM yyyy', 'Mon 5 Jul 2026'],
    ['yyyy-MM-dd hh:mm', '2026-07-05 09:04'],
    ['HH:mm', '09:04'],
    ['yyyy-MM-dd HH:mm VV', '2026-07-05 09:04 Europe/Nowhere'],
  ])('DTP-1: %s does not read %s', (pattern, text) => {
    expect(convert(pattern, text)).toBeUndefined();
  });

  it.each(['yyyy-QQ', 'G', 'w', 'V', 'ddd', 'OO', "'open", '{', 'yyyy]', '[yyyy'])(
    'DTP-2: %s is refused',
    (pattern) => {
      expect(() => parseDatePattern(pattern)).toThrow(expect.objectContaining({ name: 'ExpressionError' }));
    },
  );
});
