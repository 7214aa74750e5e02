import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';

/** Attributes of RFC 7643 that are booleans wherever they stand. */
const BOOLEANS = new Set(['active', 'primary', 'verified']);

/** Booleans that a server writes as text become booleans, so that hashes and conditions see what is meant. */
export function withRealBooleans(body: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(body)) result[name] = realBoolean(name, value);
  return result;
}

function realBoolean(name: string, value: JsonValue): JsonValue {
  if (Array.isArray(value))
    return value.map((element) => (isJsonObject(element) ? withRealBooleans(element) : element));
  if (isJsonObject(value)) return withRealBooleans(value);
  if (typeof value !== 'string' || !BOOLEANS.has(name.toLowerCase())) return value;
  return /^true$/i.test(value) ? true : /^false$/i.test(value) ? false : value;
}

/** For JSON.stringify: booleans as the server wants them. */
export function textBoolean(_: string, value: unknown): unknown {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : value;
}
