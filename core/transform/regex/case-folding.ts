import type { CodePointTest } from './pattern-model.js';

/** Lower case of ASCII letters only: Java's case-insensitivity without the flag `u`. */
export function foldAscii(c: number): number {
  return c >= 0x41 && c <= 0x5a ? c + 0x20 : c;
}

/** Java's folding with the flag `u`: lower case of the upper case, one code point each. */
export function foldUnicode(c: number): number {
  return c < 0x80 ? foldAscii(c) : simpleCase(simpleCase(c, 'upper'), 'lower');
}

/** The code points that a class accepts when case does not matter. */
export function ignoringCase(test: CodePointTest, unicode: boolean): CodePointTest {
  if (unicode) return (c) => test(c) || test(simpleCase(c, 'upper')) || test(foldUnicode(c));
  return (c) => test(c) || (c < 0x80 && (test(foldAscii(c)) || test(upperAscii(c))));
}

function upperAscii(c: number): number {
  return c >= 0x61 && c <= 0x7a ? c - 0x20 : c;
}

/** Mappings to several code points (`ß`) are no simple mappings: the code point stays. */
function simpleCase(c: number, direction: 'upper' | 'lower'): number {
  const character = String.fromCodePoint(c);
  const mapped = direction === 'upper' ? character.toUpperCase() : character.toLowerCase();
  const first = mapped.codePointAt(0) ?? c;
  return mapped.length === String.fromCodePoint(first).length ? first : c;
}
