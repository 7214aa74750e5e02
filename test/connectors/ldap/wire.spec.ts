import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageParser, SearchEntry } from 'ldapts';
import { BerError } from '../../../connectors/ldap/wire/ber.js';
import { MessageStream } from '../../../connectors/ldap/wire/message-stream.js';
import { AttributeNames } from '../../../connectors/ldap/wire/attribute-names.js';
import { collectGarbage } from '../../support/garbage.js';
import { decodedEntry, entryMessage, sentEntry } from '../../support/ldap-messages.js';

describe('entries of searches', () => {
  it('CONN-LDAP-40: come out as ldapts reads them, byte for byte, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(sentEntry, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(400)), (entries, cuts) => {
        const stream = Buffer.concat(entries.map((one, index) => entryMessage(index + 1, one)));
        const byLibrary: SearchEntry[] = [];
        const parser = new MessageParser();
        parser.on('message', (one) => {
          if (one instanceof SearchEntry) byLibrary.push(one);
        });
        parser.read(stream, new Map());
        const whole = new MessageStream();
        const names = new AttributeNames();
        const ours = chunksOf(stream, cuts).flatMap((chunk) =>
          whole.take(chunk).map((one) => decodedEntry(one, names)),
        );
        expect(ours.map((one) => one.dn)).toEqual(byLibrary.map(({ name }) => name));
        for (const [index, one] of ours.entries()) {
          const expected = byLibrary[index]?.attributes.map(({ type, parsedBuffers }) => [type, [...parsedBuffers]]);
          expect([...one.all().values()].map(({ name, values }) => [name, [...values]])).toEqual(expected);
          for (const [key, { values }] of one.all()) {
            const asked = key.toUpperCase();
            expect([one.has(asked), one.bytes(asked), one.first(asked)]).toEqual([true, [...values], values[0]]);
            expect(one.text(asked)).toBe(values[0]?.toString('utf8'));
          }
          expect([one.has('nobody'), one.bytes('nobody'), one.first('nobody')]).toEqual([false, [], undefined]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('CONN-LDAP-40: texts are texts only where all values are UTF-8, a replacement character that was sent among them', () => {
    const values = [Buffer.from('Ümläut'), Buffer.from('\uFFFD'), Buffer.from('\uFEFFmark')];
    const entry = decodedEntry(
      entryMessage(1, {
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
    const good = entryMessage(1, { dn: 'cn=x', attributes: [['a', [Buffer.from('b')]]] });
    for (let at = 2; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = 0x7f;
      try {
        decodedEntry(bad);
      } catch (error) {
        expect(error).toBeInstanceOf(BerError);
      }
    }
    expect(() => decodedEntry(Buffer.concat([good.subarray(0, good.length - 1)]))).toThrow(BerError);
  });

  it('CONN-TCK-22: a server that invents names of attributes does not fill the memory', async () => {
    const names = new AttributeNames();
    const nameAt = (place: number): WeakRef<object> => {
      const bytes = Buffer.from(`a${place}`);
      return new WeakRef(names.at(place, bytes, 0, bytes.length));
    };
    const invented = Array.from({ length: 50_000 }, (_one, place) => nameAt(place));
    // What was looked at in a turn of the event loop is kept until it is over.
    await setImmediate();
    collectGarbage();
    expect(invented.filter((one) => one.deref() !== undefined).length).toBeLessThan(20_000);
    expect(nameAt(0).deref()).toMatchObject({ spelled: 'a0' });
  });

  it('a message that has not come to its end is waited for; its head may be cut, too', () => {
    const one = entryMessage(7, { dn: 'cn=x', attributes: [['a', [Buffer.alloc(70_000, 'b')]]] });
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
