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
    const at = this.firstValue(name);
    return at < 0 ? undefined : this.message.subarray(insideOf(this.message, at), this.valueEnd(at));
  }

  override text(name: string): string | undefined {
    const at = this.firstValue(name);
    return at < 0 ? undefined : this.message.toString('utf8', insideOf(this.message, at), this.valueEnd(at));
  }

  override image(before: Buffer, fits: (name: AttributeName) => boolean): Buffer {
    const { message, start, nameEnd } = this;
    const parts = this.partsThatFit(fits);
    let length = before.length + nameEnd - start;
    for (let part = 0; part < parts.length; part += 2) length += (parts[part + 1] ?? 0) - (parts[part] ?? 0);
    const image = Buffer.allocUnsafe(length);
    let at = before.copy(image);
    // With its tag and length, which tell where it ends.
    at += message.copy(image, at, start, nameEnd);
    for (let part = 0; part < parts.length; part += 2) at += message.copy(image, at, parts[part], parts[part + 1]);
    return image;
  }

  /** Begin and end of the attributes that fit, one after the other; those that stand together are one part. */
  private partsThatFit(fits: (name: AttributeName) => boolean): number[] {
    const parts: number[] = [];
    let isOpen = false;
    for (let index = 0; index <= this.names.length; index += 1) {
      const name = this.names[index];
      const belongs = name !== undefined && fits(name);
      if (belongs !== isOpen) parts.push(this.starts[index] ?? 0);
      isOpen = belongs;
    }
    return parts;
  }

  /** Where the first value of an attribute begins, with its tag; −1 where there is none. */
  private firstValue(name: string): number {
    const index = this.indexOf(name);
    if (index < 0) return -1;
    const { message } = this;
    const end = this.starts[index + 1] ?? 0;
    const set = endOf(message, insideOf(message, this.starts[index] ?? 0), end, OCTET_STRING);
    const at = insideOf(message, set);
    return at < endOf(message, set, end, SET) ? at : -1;
  }

  private valueEnd(at: number): number {
    return endOf(this.message, at, this.message.length, OCTET_STRING);
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
