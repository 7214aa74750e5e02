import { z } from 'zod';
import type { PreviewStep } from '../../core/preview/preview.js';
import type { TransformationIssue } from '../../core/transform/program.js';

/** Entities of one preview at most. */
const MAX_ENTITIES = 20;

const document = z.looseObject({});
const name = z.string().min(1).max(255);
const properties = z.record(name, z.string({ error: 'must be a text' }).max(65_536)).default({});
const entityType = z.enum(['user', 'group']);

const side = z
  .strictObject({
    systemId: z.guid({ error: 'must be the id (UUID) of a system' }).optional(),
    transformation: document.optional().describe('In place of the transformation in force; not saved'),
    properties: properties.describe('For placeholders; laid over those of the system'),
    credentials: properties.describe('Credential properties; their values are not used, a mask stands for each'),
  })
  .refine((body) => body.systemId !== undefined || body.transformation !== undefined, {
    error: 'name a system, a transformation, or both',
  });
export type PreviewSideBody = z.infer<typeof side>;

export const previewBody = z
  .strictObject({
    source: side.optional().describe('Read transformation; without it the entities are common JSON'),
    target: side.optional().describe('Write transformation'),
    entities: z
      .array(
        z.strictObject({
          type: entityType.default('user'),
          content: document.describe('The entity as its source delivers it'),
          targetId: z.string().min(1).max(1000).optional().describe('Id in the target, for update and delete'),
        }),
      )
      .min(1)
      .max(MAX_ENTITIES),
  })
  .refine((body) => body.source !== undefined || body.target !== undefined, {
    error: 'give a source, a target, or both',
  });
export type PreviewBody = z.infer<typeof previewBody>;

const issue = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  pointer: z.string().describe('JSON pointer into the transformation'),
  text: z.string().optional(),
  message: z.string(),
});

const condition = z.object({
  text: z.string().describe('As written, placeholders not replaced'),
  met: z.boolean(),
  tests: z
    .array(z.object({ text: z.string(), met: z.boolean() }))
    .optional()
    .describe('Its single comparisons; absent where a placeholder stands in the condition'),
});

const mapping = z.object({
  pointer: z.string().describe('JSON pointer of the mapping in the transformation'),
  status: z.enum(['notExecuted', 'conditionNotMet', 'missing', 'written', 'edited', 'failed']),
  condition: condition.optional(),
  origin: z.string().optional().describe('Path, variable or constant as written'),
  originValue: z.unknown().optional(),
  functions: z.array(z.object({ name: z.string(), result: z.unknown().optional() })),
  usedDefault: z.literal(true).optional(),
  targetPath: z.string().optional(),
  targetVariable: z.string().optional(),
  value: z.unknown().optional(),
  matches: z.int().optional().describe('Of remove and rename'),
  message: z.string().optional().describe('Why the entity failed here'),
});

const step = z.object({
  outcome: z.enum(['mapped', 'skipped', 'failed']),
  reason: z.string().optional().describe('Why it was skipped or failed'),
  result: document.optional().describe('Common or target JSON; what was written until then, if it failed'),
  memberships: z
    .object({ assign: z.array(z.string()), unassign: z.array(z.string()) })
    .optional()
    .describe('Groups of the target that the user joins and leaves after it is written'),
  unresolved: z
    .array(z.object({ type: z.string(), sourceId: z.string() }))
    .optional()
    .describe('References that have no target id'),
  trace: z.object({
    condition: condition.optional(),
    mappings: z.array(mapping).describe('In their order'),
    attributes: z
      .array(z.object({ pointer: z.string(), mapping: z.string() }))
      .describe('Which mapping gave which attribute of the result'),
  }),
});

export const previewResult = z.object({
  warnings: z.object({ source: z.array(issue), target: z.array(issue) }),
  entities: z.array(
    z.object({
      type: entityType,
      sourceId: z.string().optional(),
      read: step.optional(),
      targetId: z
        .object({
          value: z.string(),
          from: z.enum(['request', 'link', 'assumed']).describe('"assumed": not linked, a stand-in'),
        })
        .optional(),
      create: step.optional(),
      update: step.optional(),
      delete: step.optional().describe('Where the transformation has mappings of scope deleteEntity'),
    }),
  ),
});

/** An entity of a preview. Without a target there are no writes, without a source there is no read. */
export interface PreviewedEntity {
  readonly type: PreviewBody['entities'][number]['type'];
  readonly sourceId?: string;
  readonly read?: PreviewStep;
  readonly targetId?: PreviewTargetId;
  readonly create?: PreviewStep;
  readonly update?: PreviewStep;
  readonly delete?: PreviewStep;
}

/** The id that update and delete were tried with, and how it is known. */
export interface PreviewTargetId {
  readonly value: string;
  readonly from: 'request' | 'link' | 'assumed';
}

/** The answer of a preview, described by {@link previewResult}. */
export interface PreviewResult {
  readonly warnings: {
    readonly source: readonly TransformationIssue[];
    readonly target: readonly TransformationIssue[];
  };
  readonly entities: readonly PreviewedEntity[];
}
