/** Bytes that are no BER as LDAP uses it (RFC 4511 §5.1: definite lengths, tags of one byte). */
export class BerError extends Error {
  override readonly name = 'BerError';
}

/** Where the content of an element stands. */
export interface Element {
  readonly tag: number;
  /** First byte of the content. */
  readonly start: number;
  /** Behind its last byte. */
  readonly end: number;
}

/** Four bytes of length; more than any server may send. */
const MAX_LENGTH_BYTES = 4;
const LONG_FORM = 0x80;

/**
 * The element at a position; undefined when it does not fit into the bytes before `end` (of a stream: has not come yet). Throws {@link BerError}
 * for a length that LDAP does not allow.
 */
export function elementAt(bytes: Buffer, at: number, end: number): Element | undefined {
  const head = headAt(bytes, at, end);
  return head === undefined || head.end > end ? undefined : head;
}

/** The element at a position as its first bytes announce it, whether the rest is there or not; undefined when not even they are. */
export function headAt(bytes: Buffer, at: number, end: number): Element | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at] ?? 0;
  const first = bytes[at + 1] ?? 0;
  if (first < LONG_FORM) return { tag, start: at + 2, end: at + 2 + first };
  const count = first - LONG_FORM;
  if (count === 0 || count > MAX_LENGTH_BYTES) throw new BerError('a length that LDAP does not allow');
  const start = at + 2 + count;
  if (start > end) return undefined;
  return { tag, start, end: start + bytes.readUIntBE(at + 2, count) };
}
