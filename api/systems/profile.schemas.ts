import { z } from 'zod';

const json = z.record(z.string().max(100), z.json());

export const profileBody = json.describe('What this back end does otherwise; what is missing is as the type has it');
export type ProfileBody = z.infer<typeof profileBody>;

export const profileView = z.object({
  differences: json.describe('What was saved'),
  inForce: json.describe('Everything that may be changed, with the values in force'),
});
export type ProfileView = z.infer<typeof profileView>;

export const probeBody = z.strictObject({
  write: z
    .boolean()
    .default(false)
    .describe('Make, change and remove one test user and one test group, whose names begin with muster-probe-'),
});
export type ProbeBody = z.infer<typeof probeBody>;

export const probeReport = z.object({
  findings: z.array(
    z.object({
      name: z.string(),
      claimed: z.string().optional().describe('What the back end says about itself'),
      found: z.string().describe('What it did'),
      verdict: z.enum(['works', 'differs', 'unknown']),
      advice: z.string().optional().describe('What Muster does about it, or what to set'),
    }),
  ),
  suggestedProfile: json.describe('Differences that follow, ready to be saved as profile'),
  removedLeftovers: z.int().min(0).max(1_000_000).describe('Test entities of earlier probes that were removed'),
  leftBehind: z
    .array(z.string())
    .describe('Test entities that could not be removed; the next probe that may write tries again'),
});
