import type { JsonValue } from '../json.js';

/** What a cell of an input file says; undefined: the attribute is absent. */
export type CellValue = string | boolean | undefined;

/** VAL-5: empty without quotes is absent, `true` and `false` without quotes are booleans, everything else is a text. */
export function readCell(text: string, isQuoted: boolean): CellValue {
  if (isQuoted) return text;
  if (text === '') return undefined;
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

/** Texts that would be read as something else without quotes. */
const NEEDS_QUOTES = /[",\r\n]|^(?:true|false|null|)$|^\s|\s$/;
/** Where a spreadsheet begins to calculate. */
const FORMULA = /^[=@\t\r]|^[+-](?![\d\s()./-]*$)/;

/**
 * Writes a cell so that {@link readCell} gives the same again, with one exception: a text that a spreadsheet would run as a formula gets an
 * apostrophe in front. Telephone numbers and negative numbers begin with a sign, too, but calculate nothing and stay as they are.
 */
export function writeCell(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string')
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
