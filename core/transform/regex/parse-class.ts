import { ignoringCase, foldAscii, foldUnicode } from './case-folding.js';
import { not } from './character-classes.js';
import { parseEscape } from './parse-escape.js';
import type { CodePointTest } from './pattern-model.js';
import type { PatternReader } from './pattern-reader.js';

const MAX_NESTING = 50;

/** Parses a class in brackets, with unions and intersections; the reader stands behind the opening bracket. */
export function parseClass(reader: PatternReader, depth = 0): CodePointTest {
  if (depth > MAX_NESTING) throw reader.problem('classes are nested too deeply');
  const negative = reader.at(reader.position) === '^';
  if (negative) reader.position += 1;
  const test = parseUnion(reader, depth);
  if (reader.next() !== ']') throw reader.problem('a class is not closed with "]"');
  return negative ? not(test) : test;
}

/** Reads up to the closing bracket, which is not consumed. */
function parseUnion(reader: PatternReader, depth: number): CodePointTest {
  let test: CodePointTest | undefined;
  for (;;) {
    const character = reader.current;
    if (character === '') throw reader.problem('a class is not closed with "]"');
    // A bracket that closes nothing is itself a member.
    if (character === ']' && test !== undefined) return test;
    if (character === '&' && reader.at(reader.position + 1) === '&') {
      reader.position += 2;
      test = intersect(test, parseRight(reader, depth), reader);
      continue;
    }
    test = union(test, parseItem(reader, depth));
  }
}

/** The right side of `&&`: everything up to the next `&&` or the closing bracket. */
function parseRight(reader: PatternReader, depth: number): CodePointTest | undefined {
  let right: CodePointTest | undefined;
  while (reader.current !== ']' && !(reader.current === '&' && reader.at(reader.position + 1) === '&')) {
    if (reader.current === '') throw reader.problem('a class is not closed with "]"');
    right = union(right, parseItem(reader, depth));
  }
  return right;
}

function intersect(
  left: CodePointTest | undefined,
  right: CodePointTest | undefined,
  reader: PatternReader,
): CodePointTest {
  if (left !== undefined && right !== undefined) return (c) => left(c) && right(c);
  const only = left ?? right;
  if (only === undefined) throw reader.problem('"&&" needs a class on both sides');
  return only;
}

function union(left: CodePointTest | undefined, right: CodePointTest): CodePointTest {
  return left === undefined ? right : (c) => left(c) || right(c);
}

function parseItem(reader: PatternReader, depth: number): CodePointTest {
  if (reader.current === '[') {
    reader.position += 1;
    return parseClass(reader, depth + 1);
  }
  const from = parseMember(reader);
  if (typeof from !== 'number') return from;
  if (reader.current !== '-') return member(from, from, reader);
  const afterDash = reader.at(reader.position + 1);
  if (afterDash === ']' || afterDash === '[') return member(from, from, reader);
  reader.position += 1;
  const to = parseMember(reader);
  if (typeof to !== 'number' || to < from) throw reader.problem('a range of a class is upside down');
  return member(from, to, reader);
}

function parseMember(reader: PatternReader): number | CodePointTest {
  const character = reader.next();
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  const escape = parseEscape(reader);
  if (escape === undefined) throw reader.problem(`"\\${reader.at(reader.position)}" has no meaning in a class`);
  return 'codePoint' in escape ? escape.codePoint : escape.test;
}

function member(from: number, to: number, reader: PatternReader): CodePointTest {
  const test: CodePointTest = from === to ? (c) => c === from : (c) => c >= from && c <= to;
  if (!reader.flags.has('i')) return test;
  const unicode = reader.flags.has('u') || reader.flags.has('U');
  if (from !== to) return ignoringCase(test, unicode);
  const fold = unicode ? foldUnicode : foldAscii;
  const folded = fold(from);
  return (c) => fold(c) === folded;
}
