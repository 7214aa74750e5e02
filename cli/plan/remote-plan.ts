import { z } from 'zod';

const counts = z.record(z.string(), z.number());
const rule = z.object({ name: z.string(), version: z.number() }).nullable();

/** A plan as the API shows it. */
export const remotePlan = z.object({
  id: z.string(),
  kind: z.string(),
  sourceName: z.string(),
  author: z.string().nullable(),
  createdAt: z.string(),
  completedAt: z.string().nullable(),
  expiresAt: z.string(),
  hash: z.string().nullable(),
  counts: z.object({
    total: z.number(),
    byState: counts,
    byVerb: counts,
    byTarget: counts,
    byType: counts,
    byAttribute: counts,
    byFacet: counts,
    byRisk: counts,
    byMatch: counts,
  }),
  decisions: z.array(
    z.object({
      decision: z.string(),
      by: z.string().nullable(),
      rule,
      comment: z.string(),
      changes: z.number(),
    }),
  ),
});
export type RemotePlan = z.infer<typeof remotePlan>;

const remoteAttribute = z.object({
  name: z.string(),
  before: z.json().optional(),
  after: z.json().optional(),
});
export type RemoteAttribute = z.infer<typeof remoteAttribute>;

const remoteChange = z.object({
  id: z.string(),
  state: z.string(),
  verb: z.string(),
  type: z.string(),
  targetName: z.string(),
  sourceKey: z.string(),
  targetKey: z.string().nullable(),
  facet: z.string().nullable(),
  reason: z.string().nullable(),
  risks: z.array(z.string()),
  match: z.object({ outcome: z.string(), by: z.array(z.string()), note: z.string().nullable() }).nullable(),
  decidedBy: z.string().nullable(),
  decidedByRule: rule,
  attributes: z.array(remoteAttribute).optional(),
});
export type RemoteChange = z.infer<typeof remoteChange>;

/** A page of changes as the API shows it. */
export const remoteChanges = z.object({ items: z.array(remoteChange), next: z.string().nullable() });
export type RemoteChanges = z.infer<typeof remoteChanges>;
