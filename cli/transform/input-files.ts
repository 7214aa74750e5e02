import { readFileSync } from 'node:fs';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';

/** A file or an option that cannot be used; the message says which and why. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Reads a JSON object from a file. Throws {@link InputError}. */
export function readObject(file: string): JsonObject {
  const value = readJson(file);
  if (isJsonObject(value)) return value;
  throw new InputError(`${file}: a JSON object is needed`);
}

/** Reads one entity, or a list of entities. Throws {@link InputError}. */
export function readEntities(file: string): readonly JsonObject[] {
  const value = readJson(file);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((entity, position) => {
    if (isJsonObject(entity)) return entity;
    throw new InputError(`${file}: a JSON object or a list of them is needed, but element ${position} is none`);
  });
}

/** `name=value`; the value may be empty and contain further equals signs. Throws {@link InputError}. */
export function parseProperty(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InputError(`--property ${text}: write it as name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  try {
    // A byte order mark is no part of the document (RFC 8259 section 8.1).
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new InputError(`${file}: is no valid JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}
