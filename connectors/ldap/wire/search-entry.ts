import { isUtf8 } from 'node:buffer';
import { Entry, EntryAttribute, isSpoilt } from '../entry.js';
import { BerError, elementAt, type Element } from './ber.js';

const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;

/**
 * A SearchResultEntry (RFC 4511 §4.5.2) out of the bytes of its message. Reading a directory is mostly this, so values stay where they are until
 * somebody wants them: as bytes or as text, not as both. Throws {@link BerError}.
 */
export function searchEntry(message: Buffer, { start, end }: Element): Entry {
  const name = expected(message, start, end, OCTET_STRING);
  const list = expected(message, name.end, end, SEQUENCE);
  const attributes: EntryAttribute[] = [];
  for (let at = list.start; at < list.end;) {
    const attribute = expected(message, at, list.end, SEQUENCE);
    const type = expected(message, attribute.start, attribute.end, OCTET_STRING);
    const values = expected(message, type.end, attribute.end, SET);
    // Names of attributes are ASCII (RFC 4512 §1.4).
    const spelled = message.toString('latin1', type.start, type.end);
    attributes.push(new ReceivedAttribute(spelled, message, placesOf(message, values)));
    at = attribute.end;
  }
  return new Entry(message.toString('utf8', name.start, name.end), attributes);
}

/** Begin and end of each value, one after the other. */
function placesOf(message: Buffer, values: Element): number[] {
  const places: number[] = [];
  for (let at = values.start; at < values.end;) {
    const value = expected(message, at, values.end, OCTET_STRING);
    places.push(value.start, value.end);
    at = value.end;
  }
  return places;
}

function expected(message: Buffer, at: number, end: number, tag: number): Element {
  const element = elementAt(message, at, end);
  if (element?.tag !== tag) throw new BerError(`an entry has ${element?.tag ?? 'nothing'} where ${tag} belongs`);
  return element;
}

/** An attribute whose values stand in the message that they came in. */
class ReceivedAttribute extends EntryAttribute {
  private cut: readonly Buffer[] | undefined;

  constructor(
    name: string,
    private readonly message: Buffer,
    private readonly places: readonly number[],
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
    const results: T[] = [];
    for (let index = 0; index < this.places.length; index += 2)
      results.push(read(this.places[index] ?? 0, this.places[index + 1] ?? 0));
    return results;
  }
}
