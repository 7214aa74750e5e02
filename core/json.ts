/** JSON as Muster handles it: entities, transformations, properties. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object. Keys of entities are attribute names of SCIM or of the native system. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** True for objects, false for arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
