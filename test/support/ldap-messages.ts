import fc from 'fast-check';
import { BerWriter } from 'ldapts';
import { AttributeNames } from '../../connectors/ldap/wire/attribute-names.js';
import { BerError, elementAt, headAt } from '../../connectors/ldap/wire/ber.js';
import { ReceivedEntry } from '../../connectors/ldap/wire/received-entry.js';

/** An entry as a server sends it. */
export interface SentEntry {
  readonly dn: string;
  readonly attributes: readonly (readonly [name: string, values: readonly Buffer[]])[];
}

const bytes = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
);
/** Any entry, with texts and bytes. */
export const sentEntry: fc.Arbitrary<SentEntry> = fc.record({
  dn: fc.string({ unit: 'grapheme' }),
  attributes: fc.uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z][a-z0-9;-]{0,12}$/), fc.array(bytes, { maxLength: 4 })),
    {
      selector: ([name]) => name,
      maxLength: 6,
    },
  ),
});

/** The message of a search answer with one entry. */
export function entryMessage(id: number, { dn, attributes }: SentEntry): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(0x64);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, values] of attributes) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values) writer.writeBuffer(value, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

/** The entry of a message, found as the session finds it. */
export function decodedEntry(bytesOfMessage: Buffer, names = new AttributeNames()) {
  const content = headAt(bytesOfMessage, 0, bytesOfMessage.length);
  const id = elementAt(bytesOfMessage, content?.start ?? 0, bytesOfMessage.length);
  const operation = elementAt(bytesOfMessage, id?.end ?? 0, bytesOfMessage.length);
  if (operation === undefined) throw new BerError('no operation');
  return new ReceivedEntry(bytesOfMessage, operation.start, operation.end, names);
}
