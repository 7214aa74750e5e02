/** Text form of a GUID as Windows stores it: the first three groups are little-endian. Undefined unless there are 16 bytes. */
export function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const hex = (part: Buffer): string => part.toString('hex');
  const reversed = (start: number, end: number): string => hex(Buffer.from(bytes.subarray(start, end)).reverse());
  return [reversed(0, 4), reversed(4, 6), reversed(6, 8), hex(bytes.subarray(8, 10)), hex(bytes.subarray(10, 16))].join(
    '-',
  );
}

/** `S-1-5-21-…` (MS-DTYP §2.4.2); undefined for bytes that are no security identifier. */
export function sidText(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes.length < 8 || bytes.length !== 8 + 4 * count) return undefined;
  const authority = bytes.readUIntBE(2, 6);
  const parts = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(8 + 4 * index));
  return ['S', bytes[0] ?? 0, authority, ...parts].join('-');
}

const TICKS_PER_MS = 10_000n;
/** 1601-01-01 to 1970-01-01. */
const EPOCH_OFFSET_MS = 11_644_473_600_000n;
const NEVER = 9_223_372_036_854_775_807n;
const MAX_INSTANT_MS = 8_640_000_000_000_000n;

/** ISO instant of a Windows file time in 100 ns steps since 1601; undefined for "never" (0 and the largest number). */
export function fileTimeInstant(text: string): string | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  if (ticks === 0n || ticks >= NEVER) return undefined;
  const ms = ticks / TICKS_PER_MS - EPOCH_OFFSET_MS;
  return ms > MAX_INSTANT_MS || ms < -MAX_INSTANT_MS ? undefined : new Date(Number(ms)).toISOString();
}
