import { z } from 'zod';

const role = z.enum(['source', 'target']);

const property = z.object({
  name: z.string(),
  label: z.string(),
  kind: z.enum(['text', 'secret', 'boolean', 'integer', 'enum', 'url', 'filter']).describe('secret: write-only'),
  roles: z.array(role),
  description: z.string(),
  defaultValue: z.string().optional().describe('Assumed when the property is absent'),
  predefinedValue: z.string().optional().describe('Value that a new system is created with'),
  required: z.boolean().optional(),
  values: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
});

export const systemType = z.object({
  typeName: z.string(),
  roles: z.array(role),
  prefix: z.string(),
  properties: z.array(property),
  defaultTransformations: z.object({
    read: z.looseObject({}).optional(),
    write: z.looseObject({}).optional(),
  }),
});
export type SystemType = z.infer<typeof systemType>;

export const systemTypeList = z.object({ items: z.array(systemType) });
export type SystemTypeList = z.infer<typeof systemTypeList>;

export const typeNameParameter = z.string().min(1).max(200);
