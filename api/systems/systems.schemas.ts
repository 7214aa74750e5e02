import { z } from 'zod';
import { instant, limitParameter, offsetParameter } from '../common/paging.schemas.js';

const name = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_. -]{1,100}$/, 'must have 1 to 100 of the characters a-z, A-Z, 0-9, "-", "_", "." and blank')
  .describe('Unique among all systems, ignoring case');
const description = z.string().max(1000);
const MAX_LISTED_SOURCES = 200;

/** Which sources feed a target; there is no default, "all" must be said (SYS-13). */
export const sourceChoice = z.discriminatedUnion('selection', [
  z.strictObject({ selection: z.literal('all').describe('Every enabled source system, also those made later') }),
  z.strictObject({
    selection: z.literal('list'),
    sourceIds: z
      .array(z.guid({ error: 'must be the id (UUID) of a source system' }))
      .min(1)
      .max(MAX_LISTED_SOURCES),
  }),
  z.strictObject({ selection: z.literal('none') }),
]);

const propertyName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\S(.*\S)?$/, 'must not begin or end with a blank');
const propertyValue = z.string({ error: 'must be a text; write numbers and booleans in quotes' }).max(65_536);
const propertyMap = z.record(propertyName, propertyValue);

const newSystem = {
  type: z.string().min(1).max(200).describe('typeName of a system type'),
  name,
  description: description.default(''),
  properties: propertyMap.default({}).describe('Laid over the predefined properties of the type'),
  credentials: propertyMap.default({}).describe('Write-only'),
};

export const createSystemBody = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('source'), ...newSystem }),
  z.strictObject({ role: z.literal('target'), ...newSystem, sources: sourceChoice }),
]);
export type CreateSystem = z.infer<typeof createSystemBody>;

export const updateSystemBody = z
  .strictObject({
    name: name.optional(),
    description: description.optional(),
    sources: sourceChoice.optional().describe('Targets only'),
  })
  .refine((body) => Object.keys(body).length > 0, 'name at least one of name, description, sources');
export type UpdateSystem = z.infer<typeof updateSystemBody>;

export const systemQuery = z.strictObject({
  role: z.enum(['source', 'target']).optional(),
  type: z.string().max(200).optional().describe('typeName of a system type'),
  enabled: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  search: z.string().max(100).optional().describe('Part of the name, in any case'),
  limit: limitParameter,
  offset: offsetParameter,
});
export type SystemQuery = z.infer<typeof systemQuery>;

export const systemView = z.object({
  id: z.guid(),
  role: z.enum(['source', 'target']),
  type: z.string(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  sources: z
    .object({
      selection: z.enum(['all', 'list', 'none']),
      sourceIds: z.array(z.guid()),
      lostAt: instant
        .nullable()
        .describe('Set while the target waits for a choice because its last listed source was deleted'),
    })
    .optional()
    .describe('Targets only'),
  pausedAt: instant.nullable().optional().describe('Targets only: since when it is paused for maintenance'),
  createdAt: instant,
  updatedAt: instant,
});
export type SystemView = z.infer<typeof systemView>;

/** A system on a page of its own. */
export const systemPage = systemView.extend({
  safety: z
    .object({
      referenceBehavior: z
        .boolean()
        .describe('No governor, nobody is asked for before a deletion, no guards against empty and small reads'),
      governor: z.boolean().describe('Limits of the targets are in force'),
      confirmsDeletions: z.boolean(),
      guardsEmptyReads: z.boolean(),
      sizeGuardPercent: z.int().nullable().describe('null: any size is believed'),
      guardsMembers: z.boolean(),
      isolatesFailedEntities: z.boolean(),
    })
    .optional()
    .describe('Sources only: what stands against deletions that nobody wants'),
  undeliverableMails: z.int().optional().describe('Sources only: of the last 30 days; GET …/notifications tells why'),
  certificateWarning: z
    .string()
    .nullable()
    .describe('From 30 days before the active outbound certificate expires; null: nothing to warn of'),
});
export type SystemPage = z.infer<typeof systemPage>;

export const systemList = z.object({ items: z.array(systemView), total: z.int().min(0).max(1_000_000) });
export type SystemList = z.infer<typeof systemList>;

const warnings = z
  .array(z.object({ property: z.string(), message: z.string() }))
  .describe('Nothing that blocks saving');

export const createdSystem = systemView.extend({ warnings });
export type CreatedSystem = z.infer<typeof createdSystem>;

export const deletedSystem = z.object({
  targetsWithoutSources: z
    .array(z.guid())
    .describe('Targets whose last listed source this was; they read from none now'),
});
export type DeletedSystem = z.infer<typeof deletedSystem>;

export const replacePropertiesBody = z.strictObject({
  properties: propertyMap.describe('The whole set: what is missing here is removed'),
  credentials: propertyMap.default({}).describe('Credentials that shall exist; the mask means "as stored"'),
});
export type ReplaceProperties = z.infer<typeof replacePropertiesBody>;

const changedMap = z.record(propertyName, propertyValue.nullable()).default({});
export const changePropertiesBody = z.strictObject({
  properties: changedMap.describe('Changes by name; null removes'),
  credentials: changedMap.describe('Changes by name; null removes'),
});
export type ChangeProperties = z.infer<typeof changePropertiesBody>;

export const propertiesView = z.object({
  properties: z.record(z.string(), z.string()),
  credentials: z.record(z.string(), z.string()).describe('A mask of 40 characters for each credential that is set'),
  warnings,
});
export type PropertiesView = z.infer<typeof propertiesView>;

export const connectionReport = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() })),
});
