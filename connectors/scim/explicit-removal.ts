import type { JsonObject } from '../../core/json.js';

/**
 * The body with `null` for each attribute that was there before and is not wanted any more: for servers whose PUT leaves alone what it
 * lacks (RFC 7644 §3.5.1 lets them). Attributes nobody knew of stay as they are.
 */
export function withExplicitRemovals(body: JsonObject, before: JsonObject | undefined): JsonObject {
  const vanished = Object.keys(before ?? {}).filter((name) => !Object.hasOwn(body, name));
  return vanished.length === 0 ? body : { ...body, ...Object.fromEntries(vanished.map((name) => [name, null])) };
}
