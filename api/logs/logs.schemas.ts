import { z } from 'zod';
import type { RecordedResult } from '../../core/logs/trace.js';
import { RETENTION_DAYS } from '../../state/logs/settings.js';

/** Logs of a job that can be downloaded (DWN-6), and the results that they list. */
export const LOG_TYPES = {
  commonLog: undefined,
  failedEntitiesLog: 'failed',
  skippedEntitiesLog: 'skipped',
  createdEntitiesLog: 'created',
  updatedEntitiesLog: 'updated',
  deletedEntitiesLog: 'deleted',
  allErrorsLog: 'failed',
} as const satisfies Record<string, RecordedResult | undefined>;
/** One of {@link LOG_TYPES}. */
export type LogType = keyof typeof LOG_TYPES;

const names = Object.keys(LOG_TYPES).filter((name): name is LogType => name in LOG_TYPES);
const logType = z.enum(names).describe('allErrorsLog means failedEntitiesLog');

export const logTypeParameter = logType;

export const entityLogQuery = z.strictObject({
  format: z
    .enum(['text', 'jsonl'])
    .default('text')
    .describe('jsonl: one JSON object for each record; not for commonLog'),
});
export type EntityLogQuery = z.infer<typeof entityLogQuery>;

export const publicLogQuery = z.strictObject({ action: z.literal('export'), logType });
export type PublicLogQuery = z.infer<typeof publicLogQuery>;

export const allLogsQuery = z.strictObject({
  part: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1)
    .describe('3000 logs each; header Link names the next one'),
});
export type AllLogsQuery = z.infer<typeof allLogsQuery>;

const retentionDays = z
  .union(
    RETENTION_DAYS.map((days) => z.literal(days)),
    { error: `must be one of ${RETENTION_DAYS.join(', ')}` },
  )
  .describe('Days after the end of a job');

const contentRetentionDays = z
  .int()
  .min(1)
  .max(30)
  .optional()
  .describe('Days after the end of a job for which the content of its entities is kept; absent: as long as its log');

export const logSettings = z
  .strictObject({ retentionDays, contentRetentionDays })
  .refine(({ retentionDays: days, contentRetentionDays: contentDays }) => (contentDays ?? 0) <= days, {
    path: ['contentRetentionDays'],
    error: 'must not be more than retentionDays',
  });
export type LogSettings = z.infer<typeof logSettings>;

export const deleteLogsBody = z.strictObject({
  confirm: z.string().max(100).describe('The tenant name; GET /settings tells it'),
});
export type DeleteLogs = z.infer<typeof deleteLogsBody>;

export const deletedLogs = z.object({ deleted: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Jobs') });
export type DeletedLogs = z.infer<typeof deletedLogs>;
