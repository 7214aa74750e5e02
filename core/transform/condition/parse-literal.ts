import type { JsonObject, JsonValue } from '../../json.js';
import type { Cursor } from '../cursor.js';
import { isForbiddenName } from '../value.js';

const NUMBER = /[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /[\p{L}\p{N}_.-]+/uy;

/** Parses a literal of a condition: text, number, true, false, null, list or object (CND-1). Throws `ExpressionError`. */
export function parseLiteral(cursor: Cursor): JsonValue {
  const character = cursor.current;
  if (character === "'" || character === '"') return cursor.takeQuoted();
  if (character === '[') return cursor.nested(() => parseList(cursor));
  if (character === '{') return cursor.nested(() => parseObject(cursor));
  const number = cursor.takePattern(NUMBER);
  if (number !== '') return finite(cursor, Number(number));
  const start = cursor.position;
  switch (cursor.takePattern(WORD)) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'null':
      return null;
    default:
      cursor.position = start;
      throw cursor.problem('a path, a number, true, false, null, or a text in quotes is expected');
  }
}

function finite(cursor: Cursor, number: number): number {
  if (!Number.isFinite(number)) throw cursor.problem('the number is too large');
  return number === 0 ? 0 : number;
}

function parseList(cursor: Cursor): JsonValue[] {
  const list: JsonValue[] = [];
  cursor.expect('[', 'here');
  cursor.skipWhitespace();
  if (cursor.take(']')) return list;
  do {
    cursor.skipWhitespace();
    list.push(parseLiteral(cursor));
    cursor.skipWhitespace();
  } while (cursor.take(','));
  cursor.expect(']', 'at the end of the list');
  return list;
}

function parseObject(cursor: Cursor): JsonObject {
  const object: JsonObject = {};
  cursor.expect('{', 'here');
  cursor.skipWhitespace();
  if (cursor.take('}')) return object;
  do {
    cursor.skipWhitespace();
    if (cursor.current !== "'" && cursor.current !== '"') throw cursor.problem('a name in quotes is expected');
    const name = cursor.takeQuoted();
    if (isForbiddenName(name)) throw cursor.problem(`an object must not have a member "${name}"`);
    cursor.expect(':', 'after the name');
    cursor.skipWhitespace();
    object[name] = parseLiteral(cursor);
    cursor.skipWhitespace();
  } while (cursor.take(','));
  cursor.expect('}', 'at the end of the object');
  return object;
}
