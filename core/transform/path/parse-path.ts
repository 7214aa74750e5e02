import type { Condition } from '../condition/condition-model.js';
import { Cursor } from '../cursor.js';
import { ExpressionError } from '../expression-error.js';
import { didYouMean } from '../suggest.js';
import { isDefiniteSegment, PATH_FUNCTIONS } from './path-model.js';
import type { Path, PathFunctionName, Segment } from './path-model.js';

/** Reads the condition of a filter up to its closing bracket; given from outside because conditions contain paths. */
export type FilterParser = (cursor: Cursor) => Condition;

const NAME = /[\p{L}\p{N}_$-]+/uy;
const INTEGER = /-?\d{1,9}/y;

/** A segment as written: whether `['a','b']` selects or projects is only known when the path is complete. */
type RawSegment = Segment | { readonly kind: 'names'; readonly names: readonly string[]; readonly dotted: boolean };

/** Parses a whole text as a path; a leading `$.` may be omitted (PTH-5). Throws {@link ExpressionError}. */
export function parsePathText(text: string, parseFilter: FilterParser): Path {
  const cursor = new Cursor(text);
  cursor.skipWhitespace();
  if (cursor.atEnd) throw new ExpressionError('the path is empty');
  const path =
    cursor.current === '$' || cursor.current === '@' ? parsePath(cursor, parseFilter) : parseBare(cursor, parseFilter);
  cursor.skipWhitespace();
  if (!cursor.atEnd)
    throw cursor.problem(
      'the path should end here; names with other characters than letters, digits, "_", "-" and "$" need brackets: [\'name\']',
    );
  return path;
}

/** Parses the path at the position, which stands on `$` or `@`. Throws {@link ExpressionError}. */
export function parsePath(cursor: Cursor, parseFilter: FilterParser): Path {
  const root = cursor.take('@') ? '@' : '$';
  if (root === '$') cursor.take('$');
  return parseSegments(cursor, root, [], parseFilter);
}

function parseBare(cursor: Cursor, parseFilter: FilterParser): Path {
  if (cursor.current === '[') return parseSegments(cursor, '$', [], parseFilter);
  const name = cursor.takePattern(NAME);
  if (name === '') throw cursor.problem('a path starts with "$", for example $.userName');
  return parseSegments(cursor, '$', [{ kind: 'member', name }], parseFilter);
}

function parseSegments(cursor: Cursor, root: '$' | '@', start: readonly RawSegment[], parseFilter: FilterParser): Path {
  const segments: RawSegment[] = [...start];
  for (;;) {
    const before = cursor.position;
    cursor.skipWhitespace();
    if (cursor.take('..')) {
      segments.push({ kind: 'descend', inner: settle(parseAfterDots(cursor, parseFilter)) });
    } else if (cursor.take('.')) {
      cursor.skipWhitespace();
      const name = cursor.takePattern(NAME);
      if (name !== '' && cursor.take('(')) {
        return { root, segments: resolveNames(segments), function: parseFunction(cursor, name) };
      }
      segments.push(name === '' ? parseAfterDot(cursor, parseFilter) : { kind: 'member', name });
    } else if (cursor.current === '[') {
      segments.push(parseBracket(cursor, parseFilter, false));
    } else {
      cursor.position = before;
      return { root, segments: resolveNames(segments), function: undefined };
    }
  }
}

function parseAfterDot(cursor: Cursor, parseFilter: FilterParser): RawSegment {
  if (cursor.take('*')) return { kind: 'wildcard' };
  if (cursor.current === '[') return parseBracket(cursor, parseFilter, true);
  throw cursor.problem('a name, "*" or "[" is expected after the dot');
}

function parseAfterDots(cursor: Cursor, parseFilter: FilterParser): RawSegment {
  cursor.skipWhitespace();
  const name = cursor.takePattern(NAME);
  return name === '' ? parseAfterDot(cursor, parseFilter) : { kind: 'member', name };
}

function parseFunction(cursor: Cursor, name: string): Path['function'] {
  const known = PATH_FUNCTIONS.find((candidate) => candidate === name);
  if (known === undefined)
    throw cursor.problem(
      `${name}() is no path function.${didYouMean(name, PATH_FUNCTIONS)} Known are ${PATH_FUNCTIONS.join(', ')}`,
    );
  cursor.skipWhitespace();
  const index = known === 'index' ? takeInteger(cursor) : 0;
  cursor.expect(')', `after ${name}(`);
  const end = cursor.position;
  cursor.skipWhitespace();
  if (cursor.current === '.' || cursor.current === '[') throw cursor.problem(`${name}() must be the end of the path`);
  cursor.position = end;
  return { name: known satisfies PathFunctionName, index };
}

function parseBracket(cursor: Cursor, parseFilter: FilterParser, dotted: boolean): RawSegment {
  cursor.expect('[', 'here');
  cursor.skipWhitespace();
  if (cursor.take('*')) return closed(cursor, { kind: 'wildcard' });
  if (cursor.take('?'))
    return closed(
      cursor,
      cursor.nested(() => parseFilterSegment(cursor, parseFilter)),
    );
  if (cursor.current === "'" || cursor.current === '"')
    return closed(cursor, { kind: 'names', names: parseNames(cursor), dotted });
  return closed(cursor, parseNumbers(cursor));
}

function parseFilterSegment(cursor: Cursor, parseFilter: FilterParser): Segment {
  cursor.expect('(', 'after "[?"');
  const condition = parseFilter(cursor);
  cursor.expect(')', 'at the end of the filter');
  return { kind: 'filter', condition };
}

function parseNames(cursor: Cursor): string[] {
  const names: string[] = [];
  do {
    cursor.skipWhitespace();
    if (cursor.current !== "'" && cursor.current !== '"') throw cursor.problem('a name in quotes is expected');
    names.push(cursor.takeQuoted());
    cursor.skipWhitespace();
  } while (cursor.take(','));
  return names;
}

function parseNumbers(cursor: Cursor): Segment {
  const from = cursor.current === ':' ? undefined : takeInteger(cursor);
  cursor.skipWhitespace();
  if (cursor.take(':')) {
    cursor.skipWhitespace();
    const to = cursor.current === ']' ? undefined : takeInteger(cursor);
    if (from === undefined && to === undefined) throw cursor.problem('a slice needs at least one number');
    return { kind: 'slice', from, to };
  }
  const indexes = [from ?? 0];
  while (cursor.take(',')) {
    cursor.skipWhitespace();
    indexes.push(takeInteger(cursor));
    cursor.skipWhitespace();
  }
  return indexes.length === 1 ? { kind: 'index', index: indexes[0] ?? 0 } : { kind: 'indexes', indexes };
}

function takeInteger(cursor: Cursor): number {
  const digits = cursor.takePattern(INTEGER);
  if (digits === '') throw cursor.problem('a number, a name in quotes, "*" or "?(" is expected in the brackets');
  // `-0` would be a different key of the fingerprint than `0`.
  return Number.parseInt(digits, 10) + 0;
}

function closed<T>(cursor: Cursor, segment: T): T {
  cursor.expect(']', 'at the end of the brackets');
  return segment;
}

function settle(segment: RawSegment): Segment {
  if (segment.kind !== 'names') return segment;
  return segment.names.length === 1
    ? { kind: 'member', name: segment.names[0] ?? '' }
    : { kind: 'members', names: segment.names };
}

/**
 * `['a','b']` at the end of a path is an object of these members, and so is `.['a']` behind an indefinite path (PTH-8).
 * Behind a definite path `.['a']` is the member itself: that is how names with colons are written.
 */
function resolveNames(raw: readonly RawSegment[]): Segment[] {
  const segments: Segment[] = [];
  raw.forEach((segment, position) => {
    if (segment.kind === 'names' && position === raw.length - 1) {
      const indefinite = !segments.every(isDefiniteSegment);
      if (segment.names.length > 1 || (segment.dotted && indefinite)) {
        segments.push({ kind: 'project', names: segment.names });
        return;
      }
    }
    segments.push(settle(segment));
  });
  return segments;
}
