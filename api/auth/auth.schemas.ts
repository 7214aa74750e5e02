import { z } from 'zod';
import { instant } from '../common/paging.schemas.js';

const SECONDS_PER_DAY = 86_400;

/** Wanted token; user and password here or as HTTP Basic. */
export const createTokenBody = z
  .strictObject({
    user: z.string().min(1).max(200).optional(),
    password: z.string().min(1).max(1000).optional(),
    description: z.string().max(200).default('').describe('What the token is for'),
    expiresInSeconds: z
      .int()
      .min(60)
      .max(90 * SECONDS_PER_DAY)
      .default(SECONDS_PER_DAY / 2)
      .describe('Lifetime; 12 hours if absent'),
  })
  .refine((body) => (body.user === undefined) === (body.password === undefined), {
    error: 'give user and password together',
    path: ['password'],
  })
  // Without a body the credentials come as HTTP Basic.
  .prefault({});

export type CreateToken = z.infer<typeof createTokenBody>;

const token = z.object({
  id: z.guid(),
  user: z.string(),
  description: z.string(),
  createdAt: instant,
  expiresAt: instant,
});

export const tokenList = z.object({ items: z.array(token) });
export type TokenList = z.infer<typeof tokenList>;

export const createdToken = token.extend({
  token: z.string().describe('Send it as `Authorization: Bearer <token>`. It is shown only here.'),
  tokenType: z.literal('Bearer'),
});
export type CreatedToken = z.infer<typeof createdToken>;

export const tokenIdParameter = z.guid({ error: 'must be the id (UUID) of a token' });
