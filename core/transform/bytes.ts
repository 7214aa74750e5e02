const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of RFC 4648 section 4, with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return encodeGroups(bytes, BASE64, 6, 4);
}

/** Digits of `bits` bits each, padded with `=` to a multiple of `group` digits. */
export function encodeGroups(bytes: Uint8Array, alphabet: string, bits: number, group: number): string {
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
  while (text.length % group !== 0) text += '=';
  return text;
}
