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

/** Where the content of the element at a position begins; it is there, as {@link endOf} has found out. */
export function insideOf(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0;
  return first < LONG_FORM ? at + 2 : at + 2 + first - LONG_FORM;
}

/**
 * Behind the element of this tag at a position. For what is met a dozen times in each of a million entries: it leaves nothing to be collected.
 * @throws {@link BerError} for another element, and one that is longer than what there is.
 */
export function endOf(bytes: Buffer, at: number, limit: number, tag: number): number {
  const length = bytes[at + 1] ?? LONG_FORM;
  if (bytes[at] === tag && length < LONG_FORM && at + 2 + length <= limit) return at + 2 + length;
  const element = elementAt(bytes, at, limit);
  if (element?.tag !== tag) throw new BerError(`there is ${element?.tag ?? 'nothing'} where ${tag} belongs`);
  return element.end;
}
