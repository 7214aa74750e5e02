import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createFastHmac } from '../../activities/support/hmac.js';

const key = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes));

describe('hashes of many small documents', () => {
  it('CHG-2: are those of RFC 2104, for texts and bytes, in any order under any key', () => {
    const input = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(key, fc.array(input, { maxLength: 5 }), (secret, inputs) => {
        const hmac = createFastHmac(secret, 32);
        for (const one of inputs) expect(hmac(one)).toEqual(createHmac('sha256', secret).update(one).digest());
      }),
    );
  });

  it.each([21_823, 21_824, 65_472, 65_473, 200_000])(
    'CHG-2: a document of %d characters hashes as a small one does',
    (length) => {
      const secret = Buffer.alloc(32, 7);
      for (const unit of ['a', 'ü', '\u20ac']) {
        const text = unit.repeat(length);
        const expected = createHmac('sha256', secret).update(text).digest().subarray(0, 16);
        expect(createFastHmac(secret, 16)(text)).toEqual(expected);
        expect(createFastHmac(secret, 16)(Buffer.from(text))).toEqual(expected);
      }
    },
  );

  it('a key that is longer than a block is refused: it would have to be hashed first', () => {
    expect(() => createFastHmac(Buffer.alloc(65), 16)).toThrow('64 bytes');
  });
});
