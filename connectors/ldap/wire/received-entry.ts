import { isUtf8 } from 'node:buffer';
import { byKey, Entry, EntryAttribute, isSpoilt, type AttributeName } from '../entry.js';
import type { AttributeNames } from './attribute-names.js';
import { endOf, insideOf } from './ber.js';

const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;

/**
 * A SearchResultEntry (RFC 4511 §4.5.2) in the bytes of its message. Reading a directory is mostly this, and most entries are as they were: what
 * is wrong with an entry is found out at once, everything else stays where it is until somebody wants it.
 */
export class ReceivedEntry extends Entry {
  private readonly names: readonly AttributeName[];
  /** Where each attribute begins, and behind the last one where they end. */
  private readonly starts: readonly number[];
  private dnText: string | undefined;
  private attributes: ReadonlyMap<string, EntryAttribute> | undefined;

  /**
   * @param start of its name in the message
   * @param end behind its last byte
   * @throws {@link BerError} for what is no entry.
   */
  constructor(
    private readonly message: Buffer,
    private readonly start: number,
    end: number,
    known: AttributeNames,
  ) {
    super();
    const list = endOf(message, start, end, OCTET_STRING);
    const listEnd = endOf(message, list, end, SEQUENCE);
    const names: AttributeName[] = [];
    const starts: number[] = [];
    let at = insideOf(message, list);
    while (at < listEnd) {
      const attributeEnd = endOf(message, at, listEnd, SEQUENCE);
      const type = insideOf(message, at);
      const typeEnd = endOf(message, type, attributeEnd, OCTET_STRING);
      checkValues(message, typeEnd, attributeEnd);
      names.push(known.at(names.length, message, insideOf(message, type), typeEnd));
      starts.push(at);
      at = attributeEnd;
    }
    starts.push(at);
    this.names = names;
    this.starts = starts;
  }

  override get dn(): string {
    this.dnText ??= this.message.toString('utf8', insideOf(this.message, this.start), this.nameEnd);
    return this.dnText;
  }

  override all(): ReadonlyMap<string, EntryAttribute> {
    this.attributes ??= byKey(this.names.map((_name, index) => this.attributeAt(index)));
    return this.attributes;
  }

  override hasAny(fits: (name: AttributeName) => boolean): boolean {
    return this.names.some(fits);
  }

  override has(name: string): boolean {
    return this.indexOf(name) >= 0;
  }

  override bytes(name: string): readonly Buffer[] {
    const index = this.indexOf(name);
    return index < 0 ? [] : this.attributeAt(index).values;
  }

  override first(name: string): Buffer | undefined {
    const index = this.indexOf(name);
    return index < 0 ? undefined : this.attributeAt(index).values[0];
  }

  override image(before: Buffer, fits: (name: AttributeName) => boolean): Buffer {
    const { message, start, nameEnd } = this;
    const image = Buffer.allocUnsafe(before.length + message.length);
    let length = before.copy(image);
    // With its tag and length, which tell where it ends.
    length += message.copy(image, length, start, nameEnd);
    // What stands together is copied together.
    for (let from = 0; from < this.names.length; from += 1) {
      let to = from;
      while (to < this.names.length && this.fitsAt(to, fits)) to += 1;
      if (to > from) length += message.copy(image, length, this.starts[from], this.starts[to]);
      from = to;
    }
    return image.subarray(0, length);
  }

  private fitsAt(index: number, fits: (name: AttributeName) => boolean): boolean {
    const name = this.names[index];
    return name !== undefined && fits(name);
  }

  /** Of two attributes of one name the later one counts; −1 for none. */
  private indexOf(name: string): number {
    const key = name.toLowerCase();
    for (let index = this.names.length - 1; index >= 0; index -= 1) if (this.names[index]?.key === key) return index;
    return -1;
  }

  private attributeAt(index: number): EntryAttribute {
    const spelled = this.names[index]?.spelled ?? '';
    return new ReceivedAttribute(spelled, this.message, this.starts[index] ?? 0, this.starts[index + 1] ?? 0);
  }

  private get nameEnd(): number {
    return endOf(this.message, this.start, this.message.length, OCTET_STRING);
  }
}

/** The set of values at a position. */
function checkValues(message: Buffer, set: number, limit: number): void {
  const end = endOf(message, set, limit, SET);
  for (let at = insideOf(message, set); at < end;) at = endOf(message, at, end, OCTET_STRING);
}

/** An attribute whose values stand in the message that they came in, which has been checked. */
class ReceivedAttribute extends EntryAttribute {
  private cut: readonly Buffer[] | undefined;

  constructor(
    name: string,
    private readonly message: Buffer,
    private readonly start: number,
    private readonly end: number,
  ) {
    super(name, []);
  }

  override get values(): readonly Buffer[] {
    this.cut ??= this.each((start, end) => this.message.subarray(start, end));
    return this.cut;
  }

  override texts(): string[] | undefined {
    let isText = true;
    const texts = this.each((start, end) => {
      const text = this.message.toString('utf8', start, end);
      if (isSpoilt(text) && !isUtf8(this.message.subarray(start, end))) isText = false;
      return text;
    });
    return isText ? texts : undefined;
  }

  private each<T>(read: (start: number, end: number) => T): T[] {
    const { message } = this;
    const set = endOf(message, insideOf(message, this.start), this.end, OCTET_STRING);
    const end = endOf(message, set, this.end, SET);
    const results: T[] = [];
    for (let at = insideOf(message, set); at < end;) {
      const valueEnd = endOf(message, at, end, OCTET_STRING);
      results.push(read(insideOf(message, at), valueEnd));
      at = valueEnd;
    }
    return results;
  }
}
