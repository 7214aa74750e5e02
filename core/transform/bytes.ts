const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An encoding of RFC 4648: digits of `bits` bits each, padded with `=` to groups. */
export interface ByteEncoding {
  readonly alphabet: string;
  readonly bits: number;
  readonly groupDigits: number;
  /** Numbers of digits that a last, incomplete group can have. */
  readonly lastGroups: readonly number[];
}

/** RFC 4648 section 4 and section 6. */
export const ENCODINGS = {
  base64: { alphabet: BASE64, bits: 6, groupDigits: 4, lastGroups: [0, 2, 3] },
  base32: { alphabet: BASE32, bits: 5, groupDigits: 8, lastGroups: [0, 2, 4, 5, 7] },
} as const satisfies Record<string, ByteEncoding>;

/** Base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return encodeBytes(bytes, ENCODINGS.base64);
}

/** The digits of bytes, with padding. */
export function encodeBytes(bytes: Uint8Array, { alphabet, bits, groupDigits }: ByteEncoding): string {
  const mask = (1 << bits) - 1;
  let text = '';
  let buffer = 0;
  let available = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    available += 8;
    while (available >= bits) {
      available -= bits;
      text += alphabet.charAt((buffer >> available) & mask);
    }
  }
  if (available > 0) text += alphabet.charAt((buffer << (bits - available)) & mask);
  while (text.length % groupDigits !== 0) text += '=';
  return text;
}

/** The bytes of digits; undefined if the text is not valid. Padding is required unless `paddingOptional`. */
export function decodeBytes(text: string, encoding: ByteEncoding, paddingOptional: boolean): Uint8Array | undefined {
  const { alphabet, bits, groupDigits, lastGroups } = encoding;
  let length = text.length;
  while (length > 0 && text[length - 1] === '=') length -= 1;
  const padding = text.length - length;
  const isPadded = text.length % groupDigits === 0 && padding < groupDigits;
  if (!isPadded && !(paddingOptional && padding === 0)) return undefined;
  if (!lastGroups.includes(length % groupDigits)) return undefined;
  const bytes = new Uint8Array(Math.floor((length * bits) / 8));
  let buffer = 0;
  let available = 0;
  let written = 0;
  for (let position = 0; position < length; position += 1) {
    const digit = alphabet.indexOf(text.charAt(position));
    if (digit === -1) return undefined;
    buffer = ((buffer << bits) | digit) & 0xffff;
    available += bits;
    if (available >= 8) {
      available -= 8;
      bytes[written] = (buffer >> available) & 0xff;
      written += 1;
    }
  }
  return bytes;
}

/** UTF-8; a surrogate without its partner becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** UTF-8; what is not valid becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
