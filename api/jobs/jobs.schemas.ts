import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { CAUSE_MEANING, UNKNOWN_CAUSES } from '../../core/sync/read-safety.js';
import { ENTITY_RESULTS } from '../../state/runs/index.js';
import { instant, limitParameter, systemIdParameter } from '../common/paging.schemas.js';

const acceptedTypes = z.array(z.enum(ENTITY_TYPES)).max(ENTITY_TYPES.length).default([]);

/** Types of JOB-1. The last one is known so that its refusal can say where it is (JOB-14). */
export const startJobBody = z.strictObject({
  type: z
    .enum(['READ', 'RESYNC', 'SIMULATE', 'VALIDATE'])
    .describe('VALIDATE has an address of its own: /systems/{id}/validations'),
  plan: z
    .boolean()
    .default(false)
    .describe(
      'READ and RESYNC: reads, maps and compares like that job, stores every change it would make, and sends nothing',
    ),
  match: z
    .boolean()
    .optional()
    .describe(
      'Of a plan. true: accounts that exist are looked for before anybody is planned to be created (match report); false: they are not; absent: in targets where this source has provisioned nobody yet',
    ),
  accept: z
    .strictObject({
      emptyRead: acceptedTypes.describe('Types of which the source has nobody any more: an empty read is believed'),
      readSize: acceptedTypes.describe(
        'Types of which the source has far fewer entities than before: that is usual from now on',
      ),
    })
    .optional()
    .describe(
      'For this job alone: what the guards against empty and small reads are to believe. The job is a full read',
    ),
  compare: z
    .boolean()
    .default(false)
    .describe('SIMULATE: asks the targets, by unique attributes, whom of those to be created they have already'),
});
export type StartJob = z.infer<typeof startJobBody>;

/** Statuses of STA-1, and `Queued`, which exists in the API only (JOB-13). */
const JOB_STATUSES = [
  'Queued',
  'Running',
  'Running with Error',
  'Pending Restart',
  'Success',
  'Finished with Error',
  'Manually Terminated',
] as const;

export const jobIdParameter = z.guid({ error: 'must be the id of a job' });

export const jobQuery = z.strictObject({
  system: systemIdParameter.optional().describe('Jobs of this source only'),
  type: z.enum(['READ', 'RESYNC', 'APPLY', 'SIMULATE']).optional(),
  status: z.enum(JOB_STATUSES).optional(),
  search: z.string().max(100).optional().describe("Part of the source's name, in any case"),
  from: instant.optional().describe('Only jobs requested at this time or later'),
  to: instant.optional().describe('Only jobs requested before this time'),
  limit: limitParameter,
  before: jobIdParameter.optional().describe('Only jobs older than this one: `next` of the page before'),
});
export type JobQuery = z.infer<typeof jobQuery>;

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const statisticsRow = z.object({
  entity: z.enum(ENTITY_TYPES),
  systemId: z.guid().nullable(),
  systemName: z.string(),
  action: z.enum(['Read', 'Write']),
  read: count,
  created: count,
  updated: count,
  deleted: count,
  skipped: count,
  failed: count,
  held: count,
});

export const statistics = z.object({ items: z.array(statisticsRow) });
export type Statistics = z.infer<typeof statistics>;

export const jobView = z.object({
  id: z.guid(),
  formerIds: z.array(z.guid()).describe('Ids that the job had before it was paused; they stay valid'),
  sourceId: z.guid().nullable().describe('null when the system was deleted'),
  sourceName: z.string(),
  type: z.enum(['READ', 'RESYNC', 'APPLY', 'SIMULATE']),
  isPlan: z.boolean().describe('The job stored its changes and sent none; shown as Read (plan)'),
  planId: z.guid().nullable().describe('The plan that the job made, holds changes in, or applied'),
  status: z.enum(JOB_STATUSES),
  readMode: z.enum(['Full Read', 'Delta Read']).nullable(),
  triggerType: z.enum(['IMMEDIATE', 'REPEAT']),
  triggeredBy: z.string().nullable(),
  requestedAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  stopRequested: z.boolean(),
  errorMessage: z
    .string()
    .nullable()
    .describe('Of the source, or of the job; what a target has met stands with the target'),
  outcome: z.array(z.string()).describe('Job Execution Outcome, one sentence each'),
  accepts: z
    .object({ emptyRead: z.array(z.enum(ENTITY_TYPES)), readSize: z.array(z.enum(ENTITY_TYPES)) })
    .nullable()
    .describe('What was accepted for this job when it was started'),
  referenceBehavior: z
    .boolean()
    .describe('The source follows the reference: no governor, no confirmation of deletions, no guards'),
});
export type JobBody = z.infer<typeof jobView>;

const failedEntity = z.object({
  entity: z.enum(ENTITY_TYPES),
  systemId: z.guid().nullable(),
  systemName: z.string().describe('Where it failed: the source, or a target'),
  sourceKey: z.string().nullable().describe('Id in the source; null when the source delivered none'),
  at: instant,
  message: z.string(),
  content: z
    .string()
    .describe(
      'Its JSON, without secrets and cut after 150,000 characters; `<hidden content>` where the job did not trace it (LOG-5)',
    ),
});

const endedTarget = z.object({
  systemId: z.guid().nullable(),
  systemName: z.string(),
  reason: z.string(),
  isPaused: z.boolean().describe('Paused for maintenance, which is no error'),
});

const usedConfiguration = z.object({
  systemId: z.guid(),
  systemName: z.string(),
  transformationVersion: count,
});

const phase = z.object({
  systemId: z.guid().nullable(),
  systemName: z.string(),
  entity: z.enum(ENTITY_TYPES),
  phase: z.enum(['read', 'write', 'delete']),
  startedAt: instant,
  endedAt: instant.nullable(),
  seconds: z.number().min(0),
  done: count.describe('Entities read, or with a result in the target'),
  total: count.nullable().describe('As far as the source has told'),
  waiting: count.nullable().describe('Entities that wait for their turn in this job'),
  perSecond: z.number().min(0).nullable(),
  retries: count.describe('Requests repeated'),
});

const progress = z.object({
  phases: z.array(phase).describe('Phases of different systems go on side by side'),
  remainingSeconds: count.nullable().describe('Estimate, without deletions; null when it cannot be told'),
  unresolvedReferences: count.describe(
    'Such as members of groups that are not provisioned, of all entities of the source',
  ),
});

const unknownCount = z.object({
  entity: z.enum(ENTITY_TYPES),
  cause: z.enum(UNKNOWN_CAUSES),
  meaning: z.string(),
  count,
});

export const jobDetails = jobView.extend({
  statistics: z.array(statisticsRow),
  failedEntities: z
    .array(failedEntity)
    .describe('The first ten; all of them are in the download of the log failedEntitiesLog'),
  logs: z
    .array(z.string())
    .describe('What can be downloaded: `GET /jobs/{id}/logs/{log}`. Empty while the job runs or is paused (DWN-2)'),
  endedTargets: z
    .array(endedTarget)
    .describe('Targets that took no further part; what they miss waits for the next job'),
  progress,
  unknown: z
    .array(unknownCount)
    .describe(
      'Entities that were neither present nor absent, by type and cause; nothing was changed because of them. Known when the job is over',
    ),
  configurations: z.array(usedConfiguration).describe('What the job works with, whatever is saved meanwhile'),
});
export type JobDetails = z.infer<typeof jobDetails>;

export const jobList = z.object({
  items: z.array(jobView),
  next: z.guid().nullable().describe('Give it as `before` to get the next page; null at the end'),
});
export type JobList = z.infer<typeof jobList>;

/** Position in the results, opaque to callers: target number and entity number. */
const position = z
  .string()
  .regex(/^\d{1,10}-\d{1,16}$/, 'must be `next` of the page before')
  .transform((text) => {
    const [targetNo, entityNo] = text.split('-').map(Number);
    return { targetNo: targetNo ?? 0, entityNo: entityNo ?? 0 };
  });

export const resultQuery = z.strictObject({
  target: systemIdParameter.optional().describe('Results in this target only'),
  type: z.enum(ENTITY_TYPES).optional(),
  result: z.enum(ENTITY_RESULTS).optional(),
  limit: limitParameter,
  after: position.optional().describe('`next` of the page before'),
});
export type ResultQuery = z.infer<typeof resultQuery>;

export const resultList = z.object({
  items: z.array(
    z.object({
      entity: z.enum(ENTITY_TYPES),
      sourceKey: z.string().describe('Id in the source'),
      targetId: z.guid().nullable().describe('Id of the target system'),
      targetName: z.string(),
      targetKey: z.string().nullable().describe('Id in the target'),
      result: z.enum(ENTITY_RESULTS),
      operation: z.string(),
      code: z.string().nullable(),
      message: z.string().nullable(),
      at: instant.nullable(),
      attempts: count,
    }),
  ),
  next: z.string().nullable().describe('Give it as `after` to get the next page; null at the end'),
});
export type ResultList = z.infer<typeof resultList>;

/** Position in the list of unknown entities, opaque to callers: type, cause and entity number. */
const unknownPosition = z
  .string()
  .regex(/^[a-z]+\.[a-zA-Z]+\.\d{1,16}$/, 'must be `next` of the page before')
  .transform((text, context) => {
    const [type, cause, entityNo] = text.split('.');
    const position = z
      .object({ type: z.enum(ENTITY_TYPES), cause: z.enum(UNKNOWN_CAUSES), entityNo: z.coerce.number() })
      .safeParse({ type, cause, entityNo });
    if (position.success) return position.data;
    context.addIssue({ code: 'custom', message: 'must be `next` of the page before' });
    return z.NEVER;
  });

export const unknownQuery = z.strictObject({
  type: z.enum(ENTITY_TYPES).optional(),
  cause: z
    .enum(UNKNOWN_CAUSES)
    .optional()
    .describe(UNKNOWN_CAUSES.map((cause) => `${cause}: ${CAUSE_MEANING[cause]}`).join('; ')),
  limit: limitParameter,
  after: unknownPosition.optional().describe('`next` of the page before'),
});
export type UnknownQuery = z.infer<typeof unknownQuery>;

export const unknownList = z.object({
  items: z.array(
    z.object({
      entity: z.enum(ENTITY_TYPES),
      cause: z.enum(UNKNOWN_CAUSES),
      sourceKey: z.string().describe('Id in the source; empty when the entity was removed since'),
    }),
  ),
  next: z.string().nullable().describe('Give it as `after` to get the next page; null at the end'),
});
export type UnknownList = z.infer<typeof unknownList>;
