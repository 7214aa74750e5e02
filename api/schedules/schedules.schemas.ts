import { z } from 'zod';
import { INTERVAL_MINUTES, isZone, WEEKDAYS } from '../../core/schedule/schedule.js';
import { instant } from '../common/paging.schemas.js';

const interval = z.strictObject({
  everyMinutes: z
    .int()
    .min(INTERVAL_MINUTES.min)
    .max(INTERVAL_MINUTES.max)
    .describe('Counted from the moment of switching on'),
});

const weekly = z.strictObject({
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .max(WEEKDAYS.length)
    .refine((days) => new Set(days).size === days.length, { error: 'names a day twice' }),
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time like 07:15'),
  zone: z
    .string()
    .max(64)
    .refine(isZone, { error: 'must be an IANA time zone like Europe/Berlin' })
    .describe('A time that the clock leaves out runs at the first one after it; a time that it shows twice runs once'),
});

export const putScheduleBody = z
  .strictObject({
    interval: interval.optional(),
    weekly: weekly.optional(),
    enabled: z.boolean().default(false).describe('The switch. On starts no job at that moment; off stops no job'),
  })
  .refine((body) => (body.interval === undefined) !== (body.weekly === undefined), {
    error: 'give either interval or weekly',
  });
export type PutSchedule = z.infer<typeof putScheduleBody>;

export const scheduleView = z.object({
  interval: interval.optional(),
  weekly: weekly.optional(),
  enabled: z.boolean(),
  fires: z.boolean().describe('False while the switch is off or the source is disabled'),
  anchorAt: instant.describe('Intervals are counted from here'),
  next: z.array(instant).describe('The next ten points; empty while it does not fire'),
  skipped: z.array(z.object({ at: instant, reason: z.string() })).describe('Points without a job, newest first'),
});
export type ScheduleView = z.infer<typeof scheduleView>;
