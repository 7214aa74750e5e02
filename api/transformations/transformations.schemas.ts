import { z } from 'zod';
import { instant, limitParameter, offsetParameter } from '../common/paging.schemas.js';

const MAX_VERSION = 2_147_483_647;
const versionNumber = z.int().min(1).max(MAX_VERSION);

/** Any object; the compiler of the transformation language looks inside. */
const transformationDocument = z.looseObject({}).describe('Transformation: one key for each entity type');

const issue = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  pointer: z.string().describe('JSON pointer into the transformation'),
  text: z.string().optional(),
  message: z.string(),
});

export const saveTransformationBody = z.strictObject({
  transformation: transformationDocument,
  description: z.string().max(1000).default('').describe('Why it was changed'),
  baseVersion: versionNumber.optional().describe('Refuse with 409 unless this version is in force'),
});
export type SaveTransformation = z.infer<typeof saveTransformationBody>;

export const checkTransformationBody = z.strictObject({ transformation: transformationDocument });
export type CheckTransformation = z.infer<typeof checkTransformationBody>;

export const checkResult = z.object({ ok: z.boolean(), issues: z.array(issue) });
export type CheckResult = z.infer<typeof checkResult>;

const version = z.object({
  version: versionNumber,
  description: z.string(),
  modifiedBy: z.string(),
  modifiedAt: instant,
});

export const transformationView = version.extend({ transformation: transformationDocument });
export type TransformationView = z.infer<typeof transformationView>;

export const savedTransformation = transformationView.extend({ warnings: z.array(issue) });
export type SavedTransformation = z.infer<typeof savedTransformation>;

export const versionQuery = z.strictObject({ limit: limitParameter, offset: offsetParameter });
export type VersionQuery = z.infer<typeof versionQuery>;

export const versionList = z.object({ items: z.array(version), total: z.int().min(0).max(MAX_VERSION) });
export type VersionList = z.infer<typeof versionList>;

export const versionParameter = z.coerce
  .number({ error: 'must be the number of a version' })
  .int()
  .min(1)
  .max(MAX_VERSION);
