function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

const ISO_OFFSETS = ['+HHmm', '+HHMM', '+HH:MM', '+HHMMss', '+HH:MM:ss'] as const;

/** How an offset is written; small letters are left out where they are zero. */
export type OffsetPattern = (typeof ISO_OFFSETS)[number];

/** How the letters X, x and Z write an offset, and the text for UTC. */
export function offsetStyle(
  letter: 'X' | 'x' | 'Z',
  count: number,
): { readonly pattern: OffsetPattern; readonly zero: string } {
  if (letter === 'Z') return count === 5 ? { pattern: '+HH:MM:ss', zero: 'Z' } : { pattern: '+HHMM', zero: '+0000' };
  const pattern = ISO_OFFSETS[count - 1] ?? '+HHMM';
  return { pattern, zero: letter === 'X' ? 'Z' : offsetText(0, pattern, '') };
}

/** `GMT`, `GMT+1`, `GMT+01:00`. */
export function localizedOffset(offsetSeconds: number, full: boolean): string {
  if (offsetSeconds === 0) return 'GMT';
  const { sign, hours, minutes, seconds } = split(offsetSeconds);
  const tail =
    minutes > 0 || seconds > 0 || full ? `:${pad(minutes, 2)}${seconds > 0 ? `:${pad(seconds, 2)}` : ''}` : '';
  return `GMT${sign}${full ? pad(hours, 2) : hours}${tail}`;
}

/** Capital letters are always written, small ones only if they are not zero. */
export function offsetText(offsetSeconds: number, pattern: OffsetPattern, zero: string): string {
  if (offsetSeconds === 0 && zero !== '') return zero;
  const { sign, hours, minutes, seconds } = split(offsetSeconds);
  const colon = pattern.includes(':') ? ':' : '';
  let text = `${sign}${pad(hours, 2)}`;
  if (pattern !== '+HHmm' || minutes > 0) text += `${colon}${pad(minutes, 2)}`;
  if (pattern.endsWith('ss') && seconds > 0) text += `${colon}${pad(seconds, 2)}`;
  return text;
}

function split(offsetSeconds: number): { sign: string; hours: number; minutes: number; seconds: number } {
  const absolute = Math.abs(offsetSeconds);
  return {
    sign: offsetSeconds < 0 ? '-' : '+',
    hours: Math.floor(absolute / 3600),
    minutes: Math.floor(absolute / 60) % 60,
    seconds: absolute % 60,
  };
}
