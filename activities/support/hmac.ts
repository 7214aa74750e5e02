import { createHmac, hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Longer input is hashed in the usual way, where the length of the work hides what it costs to begin. */
const SHORT_BYTES = 64 * 1024;
/** A UTF-16 unit takes so many bytes of UTF-8 at most. */
const UTF8_BYTES = 3;

/** HMAC-SHA-256 (RFC 2104) under one key. */
export type Hmac = (input: string | Buffer) => Buffer;

/**
 * Texts and documents of some hundred bytes are hashed for each entity of each read, and an object of the crypto library that lives for one of them
 * costs more than its hash: it is made, and collected, by the thousand. Two calls that leave nothing behind give the same.
 *
 * @param bytes of the hash that are kept, 32 at most
 */
export function createFastHmac(key: Buffer, bytes: number): Hmac {
  if (key.length > BLOCK_BYTES) throw new RangeError(`a key has ${BLOCK_BYTES} bytes at most`);
  const inner = padded(key, 0x36, SHORT_BYTES);
  const outer = padded(key, 0x5c, BLOCK_BYTES + DIGEST_BYTES);
  return (input) => {
    const length = typeof input === 'string' ? input.length * UTF8_BYTES : input.length;
    if (BLOCK_BYTES + length > SHORT_BYTES) return createHmac('sha256', key).update(input).digest().subarray(0, bytes);
    const written = typeof input === 'string' ? inner.write(input, BLOCK_BYTES) : input.copy(inner, BLOCK_BYTES);
    outer.write(hash('sha256', inner.subarray(0, BLOCK_BYTES + written), 'binary'), BLOCK_BYTES, 'latin1');
    return Buffer.from(hash('sha256', outer, 'binary').slice(0, bytes), 'latin1');
  };
}

/** The key mixed with the pad of RFC 2104 in the first block. */
function padded(key: Buffer, pad: number, length: number): Buffer {
  const block = Buffer.alloc(length, 0);
  block.fill(pad, 0, BLOCK_BYTES);
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad;
  return block;
}
