import { createHmac } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.js';
import type { JsonValue } from '../../core/json.js';

/** Keyed hashes of documents, 16 bytes each. Keyed, because the plain hash of a phone number can be found by enumeration. */
export interface Hasher {
  /** Of a delivered entity, as delivered: any difference of spelling counts as a change and costs a mapping, no more. */
  native(body: JsonValue): Buffer;
  /** Of common or target JSON in canonical form (CHG-3). */
  canonical(body: JsonValue): Buffer;
}

const HASH_BYTES = 16;

/** @param key `deriveKey('hash')` of the installation. */
export function createHasher(key: Buffer): Hasher {
  const hash = (text: string): Buffer => createHmac('sha256', key).update(text).digest().subarray(0, HASH_BYTES);
  return { native: (body) => hash(JSON.stringify(body)), canonical: (body) => hash(canonicalJson(body)) };
}

/** Equality of stored hashes; a missing one equals nothing. */
export function sameHash(a: Buffer | null, b: Buffer | null): boolean {
  return a !== null && b !== null && a.equals(b);
}
