import type { EntityType } from '../entity-type.js';
import { ENTITY_TYPES } from '../entity-type.js';
import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';

/** The first name of a path, with or without `$`, dotted or in brackets. */
const FIRST_NAME = /^\s*\$?\.?\s*(?:\[\s*(?:'([^']+)'|"([^"]+)")|([\p{L}\p{N}_$-]+))/u;

/**
 * Top-level attributes that a write transformation may write, by type; undefined for a type where a mapping writes the whole document, so
 * that it cannot be told. Types that are ignored have none.
 */
export function writtenAttributes(transformation: JsonObject): Map<EntityType, ReadonlySet<string> | undefined> {
  const written = new Map<EntityType, ReadonlySet<string> | undefined>();
  for (const type of ENTITY_TYPES) {
    const part = transformation[type];
    if (!isJsonObject(part) || part['ignore'] === true || !Array.isArray(part['mappings'])) continue;
    const names = part['mappings'].flatMap(nameOf);
    written.set(type, names.includes(undefined) ? undefined : new Set(names.filter((name) => name !== undefined)));
  }
  return written;
}

function nameOf(mapping: JsonValue): (string | undefined)[] {
  const path = isJsonObject(mapping) ? mapping['targetPath'] : undefined;
  if (typeof path !== 'string') return [];
  const found = FIRST_NAME.exec(path);
  const name = found?.[1] ?? found?.[2] ?? found?.[3];
  return [name === '$' ? undefined : name];
}
