import { offsetAt } from './zones.js';

/** A zone or an offset at a position of a text. */
export interface FoundZone {
  readonly zone?: string;
  readonly offsetSeconds?: number;
  /** Position behind it. */
  readonly end: number;
}

/** Names of UTC, and abbreviations that are no IANA zones. */
const NAMES: Readonly<Record<string, string>> = {
  UT: 'UTC',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  CEST: 'Europe/Paris',
  EEST: 'Europe/Helsinki',
  WEST: 'Europe/Lisbon',
  BST: 'Europe/London',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
};

/** The letters `z` and `VV`: a zone, an abbreviation, or an offset with or without `UTC`, `GMT`, `UT`. */
export function readZone(text: string, position: number): FoundZone | undefined {
  const rest = text.slice(position, position + 60);
  const prefixed = /^(?:UTC|GMT|UT)(?=[+-]\d)/.exec(rest)?.[0] ?? '';
  const numeric = readDigits(text, position + prefixed.length, /^([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?/);
  if (numeric !== undefined) return numeric;
  const name = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*/.exec(rest)?.[0] ?? '';
  if (name === '') return undefined;
  const end = position + name.length;
  if (name === 'Z') return { offsetSeconds: 0, end };
  const zone = NAMES[name] ?? name;
  return offsetAt(zone, 0) === undefined ? undefined : { zone, end };
}

const OFFSETS: Readonly<Record<string, RegExp>> = {
  '+HHmm': /^([+-])(\d{2})(\d{2})?/,
  '+HHMM': /^([+-])(\d{2})(\d{2})/,
  '+HH:MM': /^([+-])(\d{2}):(\d{2})/,
  '+HHMMss': /^([+-])(\d{2})(\d{2})(\d{2})?/,
  '+HH:MM:ss': /^([+-])(\d{2}):(\d{2})(?::(\d{2}))?/,
};

const BY_COUNT = ['+HHmm', '+HHMM', '+HH:MM', '+HHMMss', '+HH:MM:ss'];

/** The letters `Z`, `X`, `x` and `O`. */
export function readOffset(
  text: string,
  position: number,
  letter: 'Z' | 'X' | 'x' | 'O',
  count: number,
): FoundZone | undefined {
  if (letter === 'O' || (letter === 'Z' && count === 4)) return readLocalized(text, position, count === 4);
  const allowsZ = letter === 'X' || (letter === 'Z' && count === 5);
  if (allowsZ && text.charAt(position) === 'Z') return { offsetSeconds: 0, end: position + 1 };
  const style = letter === 'Z' ? (count === 5 ? '+HH:MM:ss' : '+HHMM') : (BY_COUNT[count - 1] ?? '');
  const pattern = OFFSETS[style];
  return pattern === undefined ? undefined : readDigits(text, position, pattern);
}

/** `GMT`, `GMT+1`, `GMT+01:00`. */
function readLocalized(text: string, position: number, full: boolean): FoundZone | undefined {
  if (!text.startsWith('GMT', position)) return undefined;
  const pattern = full ? /^([+-])(\d{2}):(\d{2})(?::(\d{2}))?/ : /^([+-])(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?/;
  return readDigits(text, position + 3, pattern) ?? { offsetSeconds: 0, end: position + 3 };
}

function readDigits(text: string, position: number, pattern: RegExp): FoundZone | undefined {
  const found = pattern.exec(text.slice(position, position + 10));
  if (found === null) return undefined;
  const [all, sign, hours, minutes = '0', seconds = '0'] = found;
  const absolute = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  // ISO 8601 and Java know no offset beyond 18 hours.
  if (Number(minutes) > 59 || Number(seconds) > 59 || absolute > 18 * 3600) return undefined;
  return { offsetSeconds: sign === '-' ? -absolute : absolute, end: position + all.length };
}
