import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { STOP_REASONS } from '../../core/plan/approval-rules.js';
import { CHANGE_VERBS } from '../../core/plan/change.js';
import { instant, systemIdParameter } from '../common/paging.schemas.js';
import { planIdParameter } from './plans.schemas.js';

const MAX_RULES = 100;
const MAX_ENTRIES = 200;
const MAX_TEXT = 200;
const MAX_COUNT = 1_000_000;
const MAX_COMMENT = 2_000;

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = z.string().trim().min(1, 'must not be empty').max(MAX_TEXT);
const list = <T extends z.ZodType>(entry: T) => z.array(entry).min(1, 'must not be empty').max(MAX_ENTRIES);

const approvalRule = z.strictObject({
  name: text.describe('Unique among the rules of the source; recorded, with the version, as who has approved'),
  verbs: list(z.enum(CHANGE_VERBS)).describe('A change that also removes members needs removeMember, too'),
  atMost: z.int().min(1).max(MAX_COUNT).describe('If more changes of one plan fit, the rule approves none of them'),
  attributes: list(text).optional().describe('Target attributes that may change, and no others; absent: any'),
  facets: list(text).optional().describe('Values of the facet attribute (ips.plan.facet); absent: any, also none'),
  targets: list(systemIdParameter).optional().describe('Changes in these targets only; absent: in all'),
  types: list(z.enum(ENTITY_TYPES)).optional(),
});
const approvalRules = z.array(approvalRule).max(MAX_RULES);

export const rulesBody = z.strictObject({
  rules: approvalRules.describe('The first that fits approves; an empty list: nothing is approved without a person'),
  comment: z.string().max(MAX_COMMENT).default(''),
  baseVersion: z
    .int()
    .min(0)
    .optional()
    .describe('The version the change was made on; another one in force is a conflict'),
});
export type RulesBody = z.infer<typeof rulesBody>;

export const rulesVersionParameter = z.coerce.number().int().min(1).max(2_147_483_647);

export const rulesView = z.object({
  version: count.describe('0 while none were ever saved'),
  rules: approvalRules,
  comment: z.string(),
  savedBy: z.string().nullable(),
  savedAt: instant.nullable(),
  inForce: z.boolean().describe('false: the source does not plan first (ips.plan.first), so they approve nothing'),
});
export type RulesView = z.infer<typeof rulesView>;

export const dryRunBody = z.strictObject({
  rules: approvalRules.optional().describe('Absent: those that are saved'),
  planId: planIdParameter.optional().describe('Absent: the last complete plan of the source'),
});
export type DryRunBody = z.infer<typeof dryRunBody>;

export const dryRunResult = z.object({
  planId: planIdParameter,
  total: count,
  approved: count.describe('Would have been approved'),
  byVerb: z.record(z.string(), z.object({ total: count, approved: count })),
  byRule: z.array(
    z.object({
      rule: z.string(),
      fitting: count.describe('Changes that fit it'),
      atMost: count,
      approved: count.describe('Those that no earlier rule has approved; 0 when more than atMost fit'),
    }),
  ),
  stopped: z
    .array(
      z.object({
        reason: z.enum(STOP_REASONS),
        rule: z.string().nullable().describe('The rule that came nearest'),
        count,
        message: z.string(),
      }),
    )
    .describe('What kept the rest, most frequent first'),
});
export type DryRunResult = z.infer<typeof dryRunResult>;
