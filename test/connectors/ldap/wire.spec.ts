import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BerWriter, MessageParser, SearchEntry } from 'ldapts';
import { BerError, elementAt, headAt } from '../../../connectors/ldap/wire/ber.js';
import { MessageStream } from '../../../connectors/ldap/wire/message-stream.js';
import { searchEntry } from '../../../connectors/ldap/wire/search-entry.js';

interface Sent {
  readonly dn: string;
  readonly attributes: readonly (readonly [name: string, values: readonly Buffer[]])[];
}

const bytes = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
);
const sent: fc.Arbitrary<Sent> = fc.record({
  dn: fc.string({ unit: 'grapheme' }),
  attributes: fc.uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z][a-z0-9;-]{0,12}$/), fc.array(bytes, { maxLength: 4 })),
    {
      selector: ([name]) => name,
      maxLength: 6,
    },
  ),
});

function message(id: number, { dn, attributes }: Sent): Buffer {
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
function decoded(bytesOfMessage: Buffer) {
  const content = headAt(bytesOfMessage, 0, bytesOfMessage.length);
  const id = elementAt(bytesOfMessage, content?.start ?? 0, bytesOfMessage.length);
  const operation = elementAt(bytesOfMessage, id?.end ?? 0, bytesOfMessage.length);
  if (operation === undefined) throw new BerError('no operation');
  return searchEntry(bytesOfMessage, operation);
}

describe('entries of searches', () => {
  it('CONN-LDAP-40: come out as ldapts reads them, byte for byte, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(sent, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(400)), (entries, cuts) => {
        const stream = Buffer.concat(entries.map((one, index) => message(index + 1, one)));
        const byLibrary: SearchEntry[] = [];
        const parser = new MessageParser();
        parser.on('message', (one) => {
          if (one instanceof SearchEntry) byLibrary.push(one);
        });
        parser.read(stream, new Map());
        const whole = new MessageStream();
        const ours = chunksOf(stream, cuts).flatMap((chunk) => whole.take(chunk).map(decoded));
        expect(ours.map((one) => one.dn)).toEqual(byLibrary.map(({ name }) => name));
        for (const [index, one] of ours.entries()) {
          const expected = byLibrary[index]?.attributes.map(({ type, parsedBuffers }) => [type, [...parsedBuffers]]);
          expect([...one.all().values()].map(({ name, values }) => [name, [...values]])).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('CONN-LDAP-40: texts are texts only where all values are UTF-8, a replacement character that was sent among them', () => {
    const values = [Buffer.from('Ümläut'), Buffer.from('\uFFFD'), Buffer.from('\uFEFFmark')];
    const entry = decoded(
      message(1, {
        dn: '',
        attributes: [
          ['good', values],
          ['bad', [Buffer.from('x'), Buffer.from([0xff, 0x41])]],
          ['none', []],
        ],
      }),
    );
    expect([...entry.all().values()].map((one) => one.texts())).toEqual([
      ['Ümläut', '\uFFFD', '\uFEFFmark'],
      undefined,
      [],
    ]);
  });

  it.each([
    ['another tag at the front', Buffer.from('0401', 'hex')],
    ['an indefinite length', Buffer.from('3080', 'hex')],
    ['a length of five bytes', Buffer.from('30850000000001', 'hex')],
  ])('CONN-TCK-22: %s is no message', (_what, data) => {
    expect(() => new MessageStream().take(data)).toThrow(BerError);
  });

  it('CONN-TCK-22: an entry whose parts are longer than itself is refused', () => {
    const good = message(1, { dn: 'cn=x', attributes: [['a', [Buffer.from('b')]]] });
    for (let at = 2; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = 0x7f;
      try {
        decoded(bad);
      } catch (error) {
        expect(error).toBeInstanceOf(BerError);
      }
    }
    expect(() => decoded(Buffer.concat([good.subarray(0, good.length - 1)]))).toThrow(BerError);
  });

  it('a message that has not come to its end is waited for; its head may be cut, too', () => {
    const one = message(7, { dn: 'cn=x', attributes: [['a', [Buffer.alloc(70_000, 'b')]]] });
    const stream = new MessageStream();
    const parts = [one.subarray(0, 1), one.subarray(1, 3), one.subarray(3, 40_000), one.subarray(40_000)];
    expect(parts.map((part) => stream.take(part).length)).toEqual([0, 0, 0, 1]);
  });
});

function chunksOf(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of cuts) {
    chunks.push(stream.subarray(at, at + length));
    at += length;
    if (at >= stream.length) break;
  }
  if (at < stream.length) chunks.push(stream.subarray(at));
  return chunks.filter((chunk) => chunk.length > 0);
}
