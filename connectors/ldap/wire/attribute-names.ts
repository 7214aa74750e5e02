import type { AttributeName } from '../entry.js';

/** A directory has some thousand; a server that invents names must not fill the memory. */
const MAX_NAMES = 10_000;
/** Entries have a few dozen attributes; one with more costs a look-up for each, and is not remembered by place. */
const MAX_PLACES = 1_000;

interface KnownName extends AttributeName {
  readonly bytes: Buffer;
}

/**
 * Names of attributes as texts, each made once for a session: a directory says the same dozen names again with every entry, and mostly in the same
 * order, so that the name at a place is compared with what stood there in the entry before.
 */
export class AttributeNames {
  private readonly known = new Map<string, KnownName>();
  /** By place in the entry. */
  private readonly before: KnownName[] = [];

  /** The name that stands in a message, of the attribute at this place of its entry. */
  at(place: number, message: Buffer, start: number, end: number): AttributeName {
    const expected = this.before[place];
    if (expected !== undefined && isSame(expected.bytes, message, start, end)) return expected;
    const name = this.named(message, start, end);
    if (place < MAX_PLACES) this.before[place] = name;
    return name;
  }

  private named(message: Buffer, start: number, end: number): KnownName {
    // Names of attributes are ASCII (RFC 4512 §1.4).
    const spelled = message.toString('latin1', start, end);
    const known = this.known.get(spelled);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_NAMES) this.known.clear();
    const name = { spelled, key: spelled.toLowerCase(), bytes: Buffer.from(message.subarray(start, end)) };
    this.known.set(spelled, name);
    return name;
  }
}

/** For a dozen bytes a loop is quicker than a call that compares buffers. */
function isSame(bytes: Buffer, message: Buffer, start: number, end: number): boolean {
  const { length } = bytes;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index += 1) if (bytes[index] !== message[start + index]) return false;
  return true;
}
