import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_LOCATION, isLocation, LOCATION_RULE } from '../../core/edge/location.js';
import { issueText } from '../../core/issue-text.js';
import { ConfigError } from '../config.js';
import { errorCode } from '../error-code.js';
import { EdgeKeyError, parsePublicKey } from './keys.js';

const place = z.strictObject({
  protocol: z.enum(['http', 'https', 'ldap', 'ldaps']).optional(),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  paths: z.array(z.string().startsWith('/', 'must begin with /')).min(1).optional(),
});

const fileSchema = z.strictObject({
  location: z.string().refine(isLocation, LOCATION_RULE).default(DEFAULT_LOCATION),
  central: z.string().optional(),
  keyFile: z.string().default('edge.key'),
  tenant: z.string().min(1).default('muster'),
  allow: z.array(place).default([]),
});

/** The configuration of an edge worker, beside that of its connection to Temporal (docs/edge-workers.md). */
export interface EdgeFile {
  readonly location: string;
  /** Public key of the installation whose calls are made; undefined: not known yet. */
  readonly central: Buffer | undefined;
  /** Absolute. All edge workers of a location have the same. */
  readonly keyFile: string;
  /** First part of the names of the installation's queues. */
  readonly tenant: string;
  /** Everything that may be reached. */
  readonly allow: readonly z.infer<typeof place>[];
}

/** Reads the configuration of an edge worker. Throws ConfigError naming the file and what is wrong in it. */
export async function loadEdgeFile(path: string): Promise<EdgeFile> {
  const parsed = fileSchema.safeParse(await readJson(path), { error: issueText });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`${path} cannot be used:\n${problems.join('\n')}`);
  }
  const { central, keyFile, ...rest } = parsed.data;
  return {
    ...rest,
    keyFile: resolve(dirname(path), keyFile),
    central: central === undefined ? undefined : centralKey(path, central),
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'does not exist' : 'is no JSON';
    throw new ConfigError(
      `${path} ${reason}. An edge worker needs it, at least {"location": "${DEFAULT_LOCATION}"}; another file is named by MUSTER_EDGE_CONFIG.`,
      { cause: error },
    );
  }
}

function centralKey(path: string, text: string): Buffer {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (error instanceof EdgeKeyError) throw new ConfigError(`${path}: central: ${error.message}`, { cause: error });
    throw error;
  }
}
