import { isJsonObject, type JsonValue } from '../../core/json.js';

const MASK = '***';
/** CONN-SCIM-90. */
const MAX_LENGTH = 300;
/** Values looked at; an error text never names more of a large group. */
const MAX_VALUES = 2_000;

/**
 * An explanation of the server without personal data: everything that equals a value that we sent, everything in quotation
 * marks and everything that looks like an e-mail address is masked; then it is cut to 300 characters.
 */
export function maskedDetail(detail: string, sent: readonly JsonValue[]): string {
  // Longest first: a value may be part of another one.
  const values = collect(sent).sort((a, b) => b.length - a.length);
  let text = detail.slice(0, 4 * MAX_LENGTH).replace(/\p{Cc}+/gu, ' ');
  for (const value of values) text = text.replace(new RegExp(pattern(value), 'giu'), MASK);
  text = text
    .replace(/"[^"]*"|(?<!\w)'[^']*'(?!\w)|`[^`]*`|“[^”]*”|«[^»]*»/gu, `"${MASK}"`)
    .replace(/[^\s"'<>()[\],;:]+@[^\s"'<>()[\],;:]+/gu, MASK);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

/** Short values count only as a whole word, or nothing of the text would be left. */
function pattern(value: string): string {
  const literal = value.replace(/[\\^$.*+?()[\]{}|/]/g, (character) => `\\${character}`);
  return value.length >= 4 ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
}

function collect(roots: readonly JsonValue[]): string[] {
  const values = new Set<string>();
  const open: JsonValue[] = [...roots];
  while (open.length > 0 && values.size < MAX_VALUES) {
    const value = open.pop();
    if (typeof value === 'string' && value.trim() !== '' && !value.startsWith('urn:')) values.add(value.trim());
    else if (typeof value === 'number') values.add(String(value));
    else if (Array.isArray(value)) open.push(...value.slice(0, MAX_VALUES));
    else if (isJsonObject(value)) open.push(...Object.values(value));
  }
  return [...values];
}
