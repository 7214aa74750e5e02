import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { CHANGE_VERBS, MATCH_OUTCOMES, RISK_FLAGS } from '../../core/plan/change.js';
import { CHANGE_STATES } from '../../core/plan/states.js';
import {
  flag,
  idPartParameter,
  instant,
  limitParameter,
  systemIdParameter,
  valuesFlag,
} from '../common/paging.schemas.js';

const MAX_TEXT = 200;
const MAX_IDS = 10_000;
const MAX_COMMENT = 2_000;

export const planIdParameter = z.guid({ error: 'must be the id of a plan' });
export const changeIdParameter = z.string().regex(/^[1-9]\d{0,15}$/, 'must be the id of a change');

const count = z.int().min(0);
const counts = z.record(z.string(), count);

const filterFields = {
  target: systemIdParameter.optional().describe('Changes in this target only'),
  type: z.enum(ENTITY_TYPES).optional(),
  verb: z.enum(CHANGE_VERBS).optional(),
  attribute: z.string().min(1).max(MAX_TEXT).optional().describe('Changes of this target attribute'),
  facet: z.string().max(MAX_TEXT).optional().describe('Value of the facet attribute, for example a department'),
  risk: z.enum(RISK_FLAGS).optional(),
  state: z.enum(CHANGE_STATES).optional(),
  match: z.enum(MATCH_OUTCOMES).optional().describe('What the match report has found'),
  text: idPartParameter.optional(),
};

export const planQuery = z.strictObject({
  system: systemIdParameter.optional().describe('Plans of this source only'),
  limit: limitParameter,
  before: planIdParameter.optional().describe('`next` of the page before'),
});
export type PlanQuery = z.infer<typeof planQuery>;

export const changeQuery = z.strictObject({
  ...filterFields,
  values: valuesFlag,
  limit: limitParameter,
  after: changeIdParameter.optional().describe('`next` of the page before'),
});
export type ChangeQuery = z.infer<typeof changeQuery>;

export const sampleQuery = z.strictObject({
  ...filterFields,
  values: valuesFlag,
  perVerb: z.coerce.number().int().min(1).max(100).default(5).describe('Changes of each verb, at random'),
});
export type SampleQuery = z.infer<typeof sampleQuery>;

export const liveQuery = z.strictObject({ live: flag.describe('true: reads the target now and marks what differs') });
export type LiveQuery = z.infer<typeof liveQuery>;

export const exportQuery = z.strictObject({ ...filterFields, format: z.enum(['csv', 'json']).default('csv') });
export type ExportQuery = z.infer<typeof exportQuery>;

export const decisionBody = z.strictObject({
  all: z.literal(true).optional().describe('Every change of the plan'),
  filter: z.strictObject(filterFields).optional().describe('Every change that fits'),
  ids: z.array(changeIdParameter).min(1).max(MAX_IDS).optional().describe('These changes'),
  comment: z.string().max(MAX_COMMENT).default(''),
});
export type DecisionBody = z.infer<typeof decisionBody>;

export const applyBody = z.strictObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be the hash of the plan, 64 hexadecimal digits'),
});
export type ApplyBody = z.infer<typeof applyBody>;

export const planView = z.object({
  id: planIdParameter,
  kind: z.enum(['plan', 'held']).describe('plan: a job that sent nothing; held: what the governor kept back in a job'),
  sourceId: z.guid().nullable(),
  sourceName: z.string(),
  jobId: z.guid(),
  author: z.string().nullable(),
  createdAt: instant,
  completedAt: instant.nullable().describe('null while its job runs: it cannot be decided yet'),
  expiresAt: instant,
  hash: z.string().nullable().describe('Over all changes; wanted by apply'),
});
export type PlanBody = z.infer<typeof planView>;

const decidingRule = z
  .object({ name: z.string(), version: count })
  .nullable()
  .describe('The approval rule that has decided, with the version of the rules; null: a person, or nobody');

export const planDetails = planView.extend({
  counts: z.object({
    total: count,
    byState: counts,
    byVerb: counts,
    byTarget: counts,
    byType: counts,
    byAttribute: counts,
    byFacet: counts,
    byRisk: counts,
    byMatch: counts.describe('Empty for a plan that is no match report'),
  }),
  decisions: z.array(
    z.object({
      at: instant,
      decision: z.enum(['approve', 'reject']),
      by: z.string().nullable().describe('null: a rule has decided'),
      rule: decidingRule,
      filter: z.json(),
      comment: z.string(),
      changes: count,
    }),
  ),
});
export type PlanDetails = z.infer<typeof planDetails>;

export const planList = z.object({ items: z.array(planView), next: planIdParameter.nullable() });
export type PlanList = z.infer<typeof planList>;

export const attributeView = z.object({
  name: z.string(),
  before: z
    .json()
    .optional()
    .describe('Last written, or what the account held when an earlier change drifted; absent: none'),
  after: z.json().optional().describe('Planned; absent: none'),
  mapping: z.string().nullable().describe('JSON pointer of the mapping that decides'),
  live: z.json().optional().describe('In the target now; only when asked for'),
  drifted: z.boolean().optional().describe('The target holds another value than was last written'),
});
export type AttributeView = z.infer<typeof attributeView>;

export const changeView = z.object({
  id: changeIdParameter,
  state: z.enum(CHANGE_STATES),
  verb: z.enum(CHANGE_VERBS),
  class: z.string(),
  type: z.enum(ENTITY_TYPES),
  targetId: z.guid().nullable(),
  targetName: z.string(),
  sourceKey: z.string(),
  targetKey: z.string().nullable(),
  attributeNames: z.array(z.string()),
  attributes: z.array(attributeView).optional(),
  risks: z.array(z.enum(RISK_FLAGS)),
  facet: z.string().nullable(),
  cause: z.string().nullable(),
  reason: z.string().nullable().describe('Why it was not applied'),
  firstApprovedBy: z.string().nullable(),
  decidedBy: z.string().nullable(),
  decidedByRule: decidingRule,
  match: z
    .object({
      outcome: z.enum(MATCH_OUTCOMES),
      by: z.array(z.string()).describe('Attributes by which the account was found'),
      note: z.string().nullable().describe('Why it is not clear which account is meant'),
    })
    .nullable()
    .describe('What a match report has found of an entity that is not linked; null: it was not looked for'),
  decidedAt: instant.nullable(),
  endedAt: instant.nullable(),
});
export type ChangeBody = z.infer<typeof changeView>;

export const changeList = z.object({ items: z.array(changeView), next: changeIdParameter.nullable() });
export type ChangeList = z.infer<typeof changeList>;

export const decisionResult = z.object({
  decided: count.describe('Approved, or rejected'),
  waitingForSecond: count.describe('Approved by you; somebody else has to approve them too'),
  ownApproval: count.describe('Approved by you before: the second person has to be another one'),
  refused: counts.describe('Not decided, by the state they are in, or because their account is ambiguous or invisible'),
});
export type DecisionAnswer = z.infer<typeof decisionResult>;
