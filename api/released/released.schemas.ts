import { z } from 'zod';
import { ENTITY_TYPES } from '../../core/entity-type.js';
import { instant, limitParameter } from '../common/paging.schemas.js';

export const releasedIdParameter = z.coerce
  .number({ error: 'must be the id of an entry' })
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER);

export const releasedQuery = z.strictObject({
  limit: limitParameter,
  before: releasedIdParameter.optional().describe('Only entries older than this one: `next` of the page before'),
});
export type ReleasedQuery = z.infer<typeof releasedQuery>;

export const releasedView = z.object({
  id: z.int(),
  type: z.enum(ENTITY_TYPES),
  targetKey: z.string().describe('The id of the entity in the target'),
  sourceId: z.guid().describe('The source that provisioned it'),
  sourceName: z.string(),
  sourceKey: z.string().describe('The id that the entity had in the source'),
  releasedAt: instant,
});
export type ReleasedView = z.infer<typeof releasedView>;

export const releasedList = z.object({
  items: z.array(releasedView),
  next: z.int().nullable().describe('`before` of the next page; null at the end'),
});
export type ReleasedList = z.infer<typeof releasedList>;
