import type { Hasher } from '../support/hashing.js';

/** Values of one user that are compared with others at most: a list that is longer does not identify a person. */
const MAX_VALUES = 50;

/**
 * What a user is compared by with those of other sources (EXP-9): keyed hashes one after the other, so that no value is stored in the clear
 * and none can be found by trying. Null where there is nothing to compare, which costs nothing.
 */
export function identityHashes(hasher: Hasher, values: readonly string[]): Buffer | null {
  if (values.length === 0) return null;
  return Buffer.concat(values.slice(0, MAX_VALUES).map((value) => hasher.text(value)));
}
