import { isWordCharacter } from './character-classes.js';
import type { PositionTest } from './pattern-model.js';

const UNIX = /\n/;
const ANY = /[\n\r\u0085\u2028\u2029]/;

/** `^` and `\A` at the beginning of the text. */
export const atStart: PositionTest = (_text, position) => position === 0;

/** `\z`. */
export const atEnd: PositionTest = (text, position) => position === text.length;

/** `\G`. */
export const atSearchStart: PositionTest = (_text, position, searchStart) => position === searchStart;

/** `\b`. */
export const atWordBoundary: PositionTest = (text, position) =>
  isWordBefore(text, position) !== isWordAt(text, position);

/** `\B`. */
export const insideWord: PositionTest = (text, position) => !atWordBoundary(text, position, 0);

/** `$` without the flag `m`, and `\Z`: the end, or before a line terminator that ends the text. */
export function beforeFinalTerminator(unixLines: boolean): PositionTest {
  return (text, position) => {
    const rest = text.length - position;
    if (rest === 0) return true;
    if (unixLines) return rest === 1 && text[position] === '\n';
    if (rest === 2) return text[position] === '\r' && text[position + 1] === '\n';
    // Between \r and \n is no end.
    return rest === 1 && ANY.test(text.charAt(position)) && !(text[position] === '\n' && text[position - 1] === '\r');
  };
}

/** `^` with the flag `m`: the beginning, or behind a line terminator; never at the end, not even of an empty text. */
export function atLineStart(unixLines: boolean): PositionTest {
  const terminator = unixLines ? UNIX : ANY;
  return (text, position) => {
    if (position === text.length) return false;
    if (position === 0) return true;
    if (!terminator.test(text.charAt(position - 1))) return false;
    return unixLines || !(text[position - 1] === '\r' && text[position] === '\n');
  };
}

/** `$` with the flag `m`: the end, or before a line terminator. */
export function atLineEnd(unixLines: boolean): PositionTest {
  const terminator = unixLines ? UNIX : ANY;
  return (text, position) => {
    if (position === text.length) return true;
    if (!terminator.test(text.charAt(position))) return false;
    return unixLines || !(text[position] === '\n' && text[position - 1] === '\r');
  };
}

function isWordAt(text: string, position: number): boolean {
  const codePoint = text.codePointAt(position);
  return codePoint !== undefined && isWordCharacter(codePoint);
}

function isWordBefore(text: string, position: number): boolean {
  if (position === 0) return false;
  const low = text.charCodeAt(position - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && position > 1;
  return isWordAt(text, isPair ? position - 2 : position - 1);
}
