import { canonicalJson } from '../canonical-json.js';
import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';

/** Attributes a server sets on its own; they say nothing about who made the entity. */
const SERVER_ATTRIBUTES: ReadonlySet<string> = new Set(['id', 'meta', 'schemas']);

/**
 * True when everything that was sent stands in what was found, so that the found entity can be the one we made (engine invariant 5).
 * The server may have added attributes; it may not have other values. Lists compare as sets of what was sent.
 */
export function containsContent(found: JsonObject, sent: JsonObject): boolean {
  return Object.entries(sent).every(([name, value]) => SERVER_ATTRIBUTES.has(name) || contains(found[name], value));
}

function contains(found: JsonValue | undefined, sent: JsonValue): boolean {
  if (sent === null || (Array.isArray(sent) && sent.length === 0)) return true;
  if (found === undefined || found === null) return false;
  if (Array.isArray(sent)) {
    return (
      Array.isArray(found) &&
      found.length === sent.length &&
      sent.every((element) => found.some((one) => contains(one, element)))
    );
  }
  if (isJsonObject(sent)) {
    return isJsonObject(found) && Object.entries(sent).every(([name, value]) => contains(found[name], value));
  }
  return canonicalJson(found) === canonicalJson(sent);
}
