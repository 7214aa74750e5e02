import { canonicalJson } from '../../core/canonical-json.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { createFastHmac } from './hmac.js';

/** Keyed hashes of documents, 16 bytes each. Keyed, because the plain hash of a phone number can be found by enumeration. */
export interface Hasher {
  /** Of a delivered entity, as delivered: any difference of spelling counts as a change and costs a mapping, no more. */
  delivered(entity: { readonly body: JsonObject; readonly image?: Buffer | undefined }): Buffer;
  /** Of a text as it is written. */
  text(text: string): Buffer;
  /** Of common or target JSON in canonical form (CHG-3). */
  canonical(body: JsonValue): Buffer;
}

/** Length of every hash. */
export const HASH_BYTES = 16;

/** @param key `deriveKey('hash')` of the installation. */
export function createHasher(key: Buffer): Hasher {
  const hash = createFastHmac(key, HASH_BYTES);
  return {
    // An image begins with a digest of what makes it one, JSON with a brace: neither is taken for the other.
    delivered: (entity) => hash(entity.image ?? JSON.stringify(entity.body)),
    text: (text) => hash(JSON.stringify(text)),
    canonical: (body) => hash(canonicalJson(body)),
  };
}

/** Equality of stored hashes; a missing one equals nothing. */
export function sameHash(a: Buffer | null, b: Buffer | null): boolean {
  return a !== null && b !== null && a.equals(b);
}
