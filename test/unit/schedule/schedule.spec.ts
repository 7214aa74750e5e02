import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantOfLocal, isZone, nextPoints, WEEKDAYS } from '../../../core/schedule/schedule.js';
import type { WeeklySchedule } from '../../../core/schedule/schedule.js';

const ms = (iso: string): number => Date.parse(iso);
const iso = (points: readonly number[]): string[] => points.map((point) => new Date(point).toISOString());

function weekly(zone: string, time: string, days: WeeklySchedule['days'] = WEEKDAYS): WeeklySchedule {
  return { kind: 'weekly', days, time, zone };
}

describe('SCH-5: a daily schedule around both changes of the clock', () => {
  it.each([
    // A time that does not exist runs at the first valid instant after it.
    ['Europe/Berlin', '02:30', '2026-03-28T00:00:00Z', ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']],
    ['America/New_York', '02:00', '2026-03-07T00:00:00Z', ['2026-03-07T07:00', '2026-03-08T07:00', '2026-03-09T06:00']],
    ['America/New_York', '02:59', '2026-03-07T00:00:00Z', ['2026-03-07T07:59', '2026-03-08T07:00', '2026-03-09T06:59']],
    [
      'Australia/Lord_Howe',
      '02:15',
      '2026-10-02T18:00:00Z',
      ['2026-10-03T15:30', '2026-10-04T15:15', '2026-10-05T15:15'],
    ],
    ['Australia/Sydney', '02:30', '2026-10-02T18:00:00Z', ['2026-10-03T16:00', '2026-10-04T15:30', '2026-10-05T15:30']],
    ['America/Santiago', '00:30', '2026-09-05T00:00:00Z', ['2026-09-05T04:30', '2026-09-06T04:00', '2026-09-07T03:30']],
    ['Africa/Cairo', '00:10', '2026-04-22T23:00:00Z', ['2026-04-23T22:00', '2026-04-24T21:10', '2026-04-25T21:10']],
    // A time that occurs twice runs at its first occurrence only.
    ['Europe/Berlin', '02:30', '2026-10-24T00:00:00Z', ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']],
    ['America/New_York', '01:30', '2026-10-31T00:00:00Z', ['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30']],
    [
      'Australia/Lord_Howe',
      '01:45',
      '2026-04-03T00:00:00Z',
      ['2026-04-03T14:45', '2026-04-04T14:45', '2026-04-05T15:15'],
    ],
    ['Australia/Sydney', '02:30', '2026-04-03T00:00:00Z', ['2026-04-03T15:30', '2026-04-04T15:30', '2026-04-05T16:30']],
    ['America/Santiago', '23:30', '2026-04-03T00:00:00Z', ['2026-04-03T02:30', '2026-04-04T02:30', '2026-04-05T02:30']],
    // No change: nothing moves.
    ['Asia/Kolkata', '02:30', '2026-03-28T00:00:00Z', ['2026-03-28T21:00', '2026-03-29T21:00', '2026-03-30T21:00']],
    ['UTC', '02:30', '2026-03-28T00:00:00Z', ['2026-03-28T02:30', '2026-03-29T02:30', '2026-03-30T02:30']],
  ])('%s at %s from %s', (zone, time, after, expected) => {
    expect(iso(nextPoints(weekly(zone, time), 0, ms(after), 3))).toEqual(expected.map((point) => `${point}:00.000Z`));
  });

  it('an instant asked for between the two occurrences gets the next day, not the second occurrence', () => {
    const between = ms('2026-10-25T01:00:00Z');
    expect(iso(nextPoints(weekly('Europe/Berlin', '02:30'), 0, between, 1))).toEqual(['2026-10-26T01:30:00.000Z']);
  });
});

describe('SCH-5: against Intl', () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/Santiago',
    'Africa/Casablanca',
    'Asia/Tehran',
    'Pacific/Apia',
    'America/St_Johns',
    'Pacific/Chatham',
    'Asia/Kolkata',
    'UTC',
  ];
  const minutes = fc.integer({ min: Date.UTC(2005, 0) / 60_000, max: Date.UTC(2035, 0) / 60_000 });

  /** The wall clock of a zone as a number that can be compared, by a formatter of its own. */
  function wall(zone: string, epochSeconds: number): number {
    const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(
      epochSeconds * 1000,
    );
    return Date.parse(`${text.replace(' ', 'T')}Z`) / 1000;
  }

  it('SCH-5: the clock shows the time at the instant, or has just jumped over it, and has not shown it before', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), minutes, (zone, minute) => {
        const local = minute * 60;
        const at = instantOfLocal(zone, local);
        const shown = wall(zone, at);
        if (shown === local) {
          // First occurrence: half an hour and an hour earlier the clock did not show the same time.
          for (const earlier of [1800, 3600, 7200]) expect(wall(zone, at - earlier)).not.toBe(local);
        } else {
          expect(shown).toBeGreaterThan(local);
          expect(wall(zone, at - 1)).toBeLessThan(local);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('SCH-4, SCH-5: points are in order, on the wanted days, one for each, and none is left out', () => {
    const days = fc.subarray([...WEEKDAYS], { minLength: 1 });
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago'),
        days,
        time,
        minutes,
        (zone, wanted, [hour, minute], from) => {
          const text = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
          const after = from * 60_000;
          const points = nextPoints(weekly(zone, text, wanted), 0, after, 12);
          expect(points.every((point, index) => point > (points[index - 1] ?? after))).toBe(true);
          // As many in the whole weeks that they span as there are wanted days in them.
          const first = points[0] ?? 0;
          const weekLater = points[wanted.length] ?? Infinity;
          if (wanted.length < 12) expect(Math.abs(weekLater - first - 7 * 86_400_000)).toBeLessThanOrEqual(3_600_000);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('intervals', () => {
  const every30 = { kind: 'interval', everyMinutes: 30 } as const;

  it('SCH-7: fixed multiples from the anchor, to the second, the first one an interval after it', () => {
    const anchor = ms('2026-03-04T07:15:20.900Z');
    expect(iso(nextPoints(every30, anchor, anchor, 3))).toEqual([
      '2026-03-04T07:45:20.000Z',
      '2026-03-04T08:15:20.000Z',
      '2026-03-04T08:45:20.000Z',
    ]);
  });

  it('SCH-7: asked later, the points are the same; one that is now is over', () => {
    const anchor = ms('2026-03-04T07:15:00Z');
    const [, second] = nextPoints(every30, anchor, anchor, 2);
    expect(nextPoints(every30, anchor, second ?? 0, 1)).toEqual([ms('2026-03-04T08:45:00Z')]);
    expect(nextPoints(every30, anchor, ms('2020-01-01T00:00:00Z'), 1)).toEqual([ms('2026-03-04T07:45:00Z')]);
  });
});

it.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+02:00', false],
  ['', false],
])('SCH-4: %j is a zone: %s', (zone, expected) => {
  expect(isZone(zone)).toBe(expected);
});
