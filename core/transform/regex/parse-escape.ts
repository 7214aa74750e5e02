import { propertyClass, shorthandClass, not } from './character-classes.js';
import type { CodePointTest } from './pattern-model.js';
import type { PatternReader } from './pattern-reader.js';

/** What a backslash and its characters stand for, as far as it is the same inside and outside of brackets. */
export type Escape = { readonly codePoint: number } | { readonly test: CodePointTest };

const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

/** Parses what follows a backslash; undefined (nothing consumed) if it means something only outside of brackets. */
export function parseEscape(reader: PatternReader): Escape | undefined {
  const letter = reader.at(reader.position);
  if (letter === '') throw reader.problem('a backslash at the end');
  const shorthand = shorthandClass(letter, reader.flags.has('U'));
  if (shorthand !== undefined) return consumed(reader, { test: shorthand });
  const control = CONTROL[letter];
  if (control !== undefined) return consumed(reader, { codePoint: control });
  switch (letter) {
    case 'p':
    case 'P':
      reader.position += 1;
      return { test: parseProperty(reader, letter === 'P') };
    case 'x':
      reader.position += 1;
      return { codePoint: parseHex(reader) };
    case 'u':
      reader.position += 1;
      return { codePoint: parseUnicode(reader) };
    case '0':
      reader.position += 1;
      return { codePoint: parseOctal(reader) };
    case 'c': {
      const character = reader.at(reader.position + 1).codePointAt(0);
      if (character === undefined) throw reader.problem('"\\c" needs a character');
      reader.position += 2;
      return { codePoint: character ^ 64 };
    }
    default:
      // Letters and digits without meaning are refused, everything else stands for itself.
      if (/^[A-Za-z0-9]$/.test(letter)) return undefined;
      return consumed(reader, { codePoint: letter.codePointAt(0) ?? 0 });
  }
}

function consumed(reader: PatternReader, escape: Escape): Escape {
  reader.position += 1;
  return escape;
}

function parseProperty(reader: PatternReader, negative: boolean): CodePointTest {
  let name: string;
  if (reader.at(reader.position) === '{') {
    reader.position += 1;
    name = reader.takeUntil('}', 'the name of the character class');
  } else {
    name = reader.at(reader.position);
    reader.position += 1;
  }
  const test = propertyClass(name, reader.flags.has('U'));
  return negative ? not(test) : test;
}

function parseHex(reader: PatternReader): number {
  if (reader.at(reader.position) === '{') {
    reader.position += 1;
    const digits = reader.takeUntil('}', '"\\x{"');
    const codePoint = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(codePoint <= 0x10ffff)) throw reader.problem('"\\x{...}" needs a hexadecimal code point');
    return codePoint;
  }
  const digits = reader.takeDigits(2, /^[0-9A-Fa-f]$/);
  if (digits.length !== 2) throw reader.problem('"\\x" needs two hexadecimal digits');
  return Number.parseInt(digits, 16);
}

function parseUnicode(reader: PatternReader): number {
  const high = fourDigits(reader);
  if (high < 0xd800 || high > 0xdbff || reader.at(reader.position) !== '\\' || reader.at(reader.position + 1) !== 'u')
    return high;
  const before = reader.position;
  reader.position += 2;
  const low = fourDigits(reader);
  if (low >= 0xdc00 && low <= 0xdfff) return (high - 0xd800) * 0x400 + (low - 0xdc00) + 0x10000;
  reader.position = before;
  return high;
}

function fourDigits(reader: PatternReader): number {
  const digits = reader.takeDigits(4, /^[0-9A-Fa-f]$/);
  if (digits.length !== 4) throw reader.problem('"\\u" needs four hexadecimal digits');
  return Number.parseInt(digits, 16);
}

function parseOctal(reader: PatternReader): number {
  const first = reader.at(reader.position);
  const digits = reader.takeDigits(/^[0-3]$/.test(first) ? 3 : 2, /^[0-7]$/);
  if (digits === '') throw reader.problem('"\\0" needs octal digits');
  return Number.parseInt(digits, 8);
}
