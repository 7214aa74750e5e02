import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { ENTITY_RESULTS } from '../../state/runs/index.js';
import { idPartParameter, limitParameter, systemIdParameter, valuesFlag } from '../common/paging.schemas.js';
import { attributeView } from '../plans/plans.schemas.js';

const filterFields = {
  target: systemIdParameter.optional().describe('Results in this target only'),
  type: z.enum(ENTITY_TYPES).optional(),
  result: z.enum(ENTITY_RESULTS).optional(),
  text: idPartParameter.optional(),
};

const position = z.string().regex(/^[1-9]\d{0,15}$/, 'must be `next` of the page before');

export const simulationQuery = z.strictObject({
  ...filterFields,
  values: valuesFlag,
  limit: limitParameter,
  after: position.optional().describe('`next` of the page before'),
});
export type SimulationQuery = z.infer<typeof simulationQuery>;

export const simulationExportQuery = z.strictObject({
  ...filterFields,
  values: valuesFlag,
  format: z.enum(['csv', 'json']).default('csv'),
});
export type SimulationExportQuery = z.infer<typeof simulationExportQuery>;

export const simulatedResult = z.object({
  entity: z.enum(ENTITY_TYPES),
  sourceKey: z.string().describe('Id in the source'),
  targetId: z.guid().nullable(),
  targetName: z.string(),
  targetKey: z.string().nullable().describe('Id in the target; null where it is not known'),
  result: z.enum(ENTITY_RESULTS).describe('What a Resync would count'),
  operation: z.string(),
  code: z.string().nullable(),
  reason: z.string().nullable().describe('Why it is deleted, skipped, held or would fail'),
  compared: z
    .enum(['none', 'one', 'many', 'hidden'])
    .nullable()
    .describe(
      'What the target has under the unique attributes; hidden: another value that is unique is taken; null: it was not asked',
    ),
  facet: z.string().nullable(),
  risks: z.array(z.string()),
  attributeNames: z.array(z.string()).describe('Attributes that change'),
  attributes: z.array(attributeView).optional(),
});
export type SimulatedResult = z.infer<typeof simulatedResult>;

export const simulation = z.object({ items: z.array(simulatedResult), next: position.nullable() });
export type SimulationList = z.infer<typeof simulation>;
