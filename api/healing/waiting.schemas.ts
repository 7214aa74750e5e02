import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { ERROR_CLASSES } from '../../core/healing/error-class.js';
import type { BACKLOG_STATE } from '../../state/codes.js';
import { instant, limitParameter, systemIdParameter } from '../common/paging.schemas.js';

const STATES = [
  'due',
  'deferred',
  'held',
  'parked',
  'quarantined',
  'missing',
] as const satisfies (keyof typeof BACKLOG_STATE)[];

const filter = {
  source: systemIdParameter.optional().describe('Entities of this source only'),
  type: z.enum(ENTITY_TYPES).optional(),
  key: z.string().min(1).max(1000).optional().describe('Id of one entity in its source'),
  errorClass: z.enum(ERROR_CLASSES).optional(),
  state: z.enum(STATES).optional(),
};

export const waitingQuery = z.strictObject({
  ...filter,
  limit: limitParameter,
  after: z.coerce.number().int().min(0).optional().describe('`next` of the page before'),
});
export type WaitingQuery = z.infer<typeof waitingQuery>;

const advice = z.object({
  meaning: z.string().describe('What has failed'),
  next: z.string().describe('What Muster does by itself'),
  remedy: z.string().describe('What you can do'),
});

export const waitingList = z.object({
  items: z.array(
    z.object({
      entity: z.enum(ENTITY_TYPES),
      sourceId: z.guid(),
      sourceName: z.string(),
      sourceKey: z.string().describe('Id in the source'),
      state: z
        .enum(STATES)
        .describe(
          'due: at the next occasion; deferred: at nextAttemptAt; held: the governor; parked: until something changes; missing: until a full read',
        ),
      errorClass: z.enum(ERROR_CLASSES).nullable(),
      advice: advice.nullable(),
      reason: z.string().nullable().describe('Why it is parked without having failed'),
      message: z.string().nullable().describe('The last failure'),
      attempts: z.int(),
      failedAt: instant.nullable().describe('First failure of the present data'),
      nextAttemptAt: instant.nullable().describe('null: it waits for something else than time'),
      quarantine: z.object({ note: z.string(), author: z.string(), at: instant }).nullable(),
    }),
  ),
  next: z.number().nullable().describe('Give it as `after` to get the next page; null at the end'),
});
export type WaitingList = z.infer<typeof waitingList>;

export const gateView = z.object({
  breaker: z
    .enum(['closed', 'open', 'trial'])
    .describe('open: nothing is sent; trial: a few requests after a good probe'),
  errorClass: z.enum(ERROR_CLASSES).nullable(),
  advice: advice.nullable(),
  reason: z.string().nullable().describe('The failure that opened it'),
  openedAt: instant.nullable(),
  nextProbeAt: instant.nullable().describe('A job that starts earlier probes at once'),
  failedProbes: z.int(),
  closedUntil: instant.nullable().describe('The target asked to be left alone until then (429)'),
  waiting: z.array(z.object({ state: z.enum(STATES), errorClass: z.enum(ERROR_CLASSES).nullable(), count: z.int() })),
});
export type GateBody = z.infer<typeof gateView>;

export const retryBody = z.strictObject(filter).describe('Empty: everything that waits for this target');
export type RetryBody = z.infer<typeof retryBody>;

export const retryAnswer = z.object({
  entities: z.int().describe('So many are due now'),
  stoppedSources: z.array(z.string()).describe('Their jobs were stopped by hand: their entities wait for the next job'),
});
export type RetryAnswer = z.infer<typeof retryAnswer>;

const pair = { source: systemIdParameter, type: z.enum(ENTITY_TYPES), key: z.string().min(1).max(1000) };

export const quarantineBody = z.strictObject({ ...pair, note: z.string().trim().min(1).max(1000).describe('Why') });
export type QuarantineBody = z.infer<typeof quarantineBody>;

export const releaseBody = z.strictObject(pair);
export type ReleaseBody = z.infer<typeof releaseBody>;
