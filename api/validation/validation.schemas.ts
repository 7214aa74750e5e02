import { z } from 'zod';
import { instant } from '../common/paging.schemas.js';

const csv = z.string().min(1, 'the file is empty: its first row are headers');

export const validateBody = z
  .strictObject({
    users: csv.optional().describe('CSV of users: UTF-8, commas, headers are attribute paths of the source'),
    groups: csv.optional().describe('CSV of groups'),
  })
  .refine((body) => body.users !== undefined || body.groups !== undefined, {
    error: 'give a file of users, of groups, or both',
  });
export type ValidateBody = z.infer<typeof validateBody>;

export const validationIdParameter = z.guid({ error: 'must be the id (UUID) of a result' });

export const validationList = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      fileName: z.string(),
      createdAt: instant,
      expiresAt: instant.describe('Then it is deleted'),
    }),
  ),
});
export type ValidationList = z.infer<typeof validationList>;
