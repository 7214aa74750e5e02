import { z } from 'zod';
import { MAX_SHARING_USERS } from '../../state/identities/count.js';

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const identityCount = z.object({
  users: count.describe('Users of all sources, as last read'),
  correlatedUsers: count.describe('Of these, users with a value of a correlation attribute'),
  identities: count
    .nullable()
    .describe(
      `Distinct people: users that share a value of any correlation attribute count once. null: more than ${MAX_SHARING_USERS} users share values, which is not counted`,
    ),
});
