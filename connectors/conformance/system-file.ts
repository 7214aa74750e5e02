import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { issueText } from '../../core/issue-text.js';
import type { JsonObject } from '../../core/json.js';
import type { ConnectorFactory } from '../contract.js';
import type { EntitySamples } from '../entity-samples.js';
import type { SystemUnderTest } from './system-under-test.js';

/** A system file that cannot be used; the message says why. */
export class SystemFileError extends Error {
  override readonly name = 'SystemFileError';
}

const texts = z.record(z.string(), z.string());
const pointer = z.string().regex(/^\//, 'must be a JSON pointer, beginning with /');
const body = z.record(z.string(), z.json());
const sample = {
  body,
  name: pointer,
  text: pointer,
  optional: pointer.optional(),
  textKey: z.string().min(1).optional(),
  filter: texts.optional(),
};

const systemFile = z.strictObject({
  name: z.string().min(1).optional(),
  type: z.string().min(1),
  connector: z.string().min(1).optional(),
  properties: texts,
  secrets: z.record(z.string(), z.union([z.string(), z.strictObject({ file: z.string().min(1) })])).default({}),
  mayWrite: z.boolean().default(false),
  largeGroupMembers: z.int().min(2).max(100_000).default(200),
  samples: z
    .strictObject({
      user: z.strictObject(sample).optional(),
      group: z
        .strictObject({
          ...sample,
          members: pointer,
          member: z.json(),
          mayBeEmpty: z.boolean(),
          emptyWith: z.string().min(1).optional(),
        })
        .optional(),
      pageSizeProperty: z.string().optional(),
      addressProperty: z.string().optional(),
      updateModeProperties: z.strictObject({ replace: texts.optional(), patch: texts.optional() }).optional(),
    })
    .default({}),
  deviations: texts.default({}),
  notApplicable: texts.default({}),
});

/** Finds the connector of a type: one that is built in, or of the module that the file names. */
export type FindFactory = (typeName: string, module: string | undefined) => Promise<ConnectorFactory>;

/**
 * Reads the description of a system under test. Paths in it are relative to the file. Throws {@link SystemFileError} for a file that
 * cannot be read or is wrong, naming the field, and what `find` throws.
 */
export async function readSystemFile(path: string, find: FindFactory): Promise<SystemUnderTest> {
  const parsed = systemFile.safeParse(readJson(path), { error: issueText });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
    throw new SystemFileError(`${path}: ${problems.join('; ')}`);
  }
  const { type, connector, samples, secrets, name = type, properties, ...rest } = parsed.data;
  const folder = dirname(path);
  const factory = await find(type, connector === undefined ? undefined : resolve(folder, connector));
  return {
    ...rest,
    name,
    factory,
    properties: { ...defaultsOf(factory), ...properties },
    secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, secretOf(folder, value)])),
    samples: { ...factory.samples, ...(withoutUndefined(samples) as EntitySamples) },
  };
}

function defaultsOf({ descriptor }: ConnectorFactory): Record<string, string> {
  const known = descriptor.properties.flatMap(({ name, defaultValue }) =>
    defaultValue === undefined ? [] : [[name, defaultValue] as const],
  );
  return Object.fromEntries(known);
}

function secretOf(folder: string, value: string | { readonly file: string }): string {
  return typeof value === 'string' ? value : readText(resolve(folder, value.file)).trimEnd();
}

/** zod leaves optional fields that are absent as `undefined`. */
function withoutUndefined(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SystemFileError(`${path}: is no valid JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SystemFileError(`${path}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}
