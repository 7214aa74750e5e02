/** An index of PostgreSQL takes 2,700 bytes for all of its columns. */
const MAX_KEY_BYTES = 2_000;
const MAX_SHOWN = 200;
const HALF = /\p{Surrogate}/u;
const HALVES = /\p{Surrogate}/gu;

/** Whether a text can be the key of an entity or of a member. NUL and halves of surrogate pairs do not come out of a database as they went in. */
export function isStorableKey(text: string): boolean {
  if (text.length > MAX_KEY_BYTES || text.includes('\0') || HALF.test(text)) return false;
  return Buffer.byteLength(text) <= MAX_KEY_BYTES;
}

/** A key as it can be stored and shown where it is that of nobody. */
export function legibleKey(text: string): string {
  if (isStorableKey(text)) return text;
  return text.slice(0, MAX_SHOWN).replaceAll('\0', '\uFFFD').replaceAll(HALVES, '\uFFFD');
}
