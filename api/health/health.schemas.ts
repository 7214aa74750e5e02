import { z } from 'zod';

export const liveness = z.object({ status: z.literal('alive') });
export type Liveness = z.infer<typeof liveness>;

const part = z.enum(['up', 'down']);
export const readiness = z.object({
  status: z.enum(['ready', 'degraded', 'unready']),
  database: part,
  temporal: part,
});
export type Readiness = z.infer<typeof readiness>;
