import type { JsonValue } from '../../json.js';
import { Cursor } from '../cursor.js';
import { ExpressionError } from '../expression-error.js';
import { parsePath, parsePathText } from '../path/parse-path.js';
import type { Path } from '../path/path-model.js';
import { didYouMean } from '../suggest.js';
import { CONDITION_FUNCTIONS, SYMBOL_OPERATORS, WORD_OPERATORS } from './condition-model.js';
import type { Condition, ConditionFunctionName, Operand, SymbolOperator, WordOperator } from './condition-model.js';
import { parseLiteral } from './parse-literal.js';

const WORD = /[A-Za-z]+/y;
const PROPERTY_KEY = /[A-Za-z0-9_.<>-]+/y;

/** Parses a whole condition (CND-1). Throws {@link ExpressionError}. */
export function parseCondition(text: string): Condition {
  const cursor = new Cursor(text);
  const condition = parseOr(cursor);
  cursor.skipWhitespace();
  if (!cursor.atEnd) throw cursor.problem('"&&", "||" or the end of the condition is expected');
  return condition;
}

/** Parses a whole path, with filters (PTH-1). Throws {@link ExpressionError}. */
export function parseWholePath(text: string): Path {
  return parsePathText(text, parseOr);
}

function parseOr(cursor: Cursor): Condition {
  return parseChain(cursor, '||', 'or', () => parseChain(cursor, '&&', 'and', () => parseUnary(cursor)));
}

function parseChain(cursor: Cursor, symbol: string, kind: 'or' | 'and', parsePart: () => Condition): Condition {
  const first = parsePart();
  const parts = [first];
  for (;;) {
    const before = cursor.position;
    cursor.skipWhitespace();
    if (!cursor.take(symbol)) {
      cursor.position = before;
      return parts.length === 1 ? first : { kind, parts };
    }
    parts.push(parsePart());
  }
}

function parseUnary(cursor: Cursor): Condition {
  cursor.skipWhitespace();
  if (cursor.take('!')) return { kind: 'not', part: cursor.nested(() => parseUnary(cursor)) };
  if (!cursor.take('(')) return parseTest(cursor);
  const inner = cursor.nested(() => parseOr(cursor));
  cursor.expect(')', 'to close the parenthesis');
  return inner;
}

function parseTest(cursor: Cursor): Condition {
  const call = parseCall(cursor);
  if (call !== undefined) return call;
  const left = parseOperand(cursor);
  const afterLeft = cursor.position;
  cursor.skipWhitespace();
  const symbol = SYMBOL_OPERATORS.find((candidate) => cursor.take(candidate));
  if (symbol !== undefined) return compare(cursor, symbol, left);
  const word = cursor.position > afterLeft ? takeWordOperator(cursor) : undefined;
  if (word !== undefined) return compare(cursor, word, left);
  cursor.position = afterLeft;
  if (left.kind === 'path') return { kind: 'exists', path: left.path };
  cursor.skipWhitespace();
  throw cursor.problem('an operator such as "==" is expected after the value');
}

function compare(cursor: Cursor, operator: SymbolOperator | WordOperator, left: Operand): Condition {
  const right = parseOperand(cursor);
  checkOperands(cursor, operator, left, right);
  return { kind: 'compare', operator, left, right };
}

function takeWordOperator(cursor: Cursor): WordOperator | undefined {
  const start = cursor.position;
  const word = cursor.takePattern(WORD);
  if (word === '') return undefined;
  const known = WORD_OPERATORS.find((candidate) => candidate === word.toLowerCase());
  if (known === undefined) throw unknownWord(word, start);
  if (/\S/.test(cursor.current)) throw cursor.problem(`a blank is expected after "${word}"`);
  return known;
}

function unknownWord(word: string, position: number): ExpressionError {
  return new ExpressionError(
    `"${word}" at character ${position + 1} is no operator.${didYouMean(word, WORD_OPERATORS)}`,
    position,
  );
}

function parseOperand(cursor: Cursor): Operand {
  cursor.skipWhitespace();
  if (cursor.current === '$' || cursor.current === '@') return { kind: 'path', path: parsePath(cursor, parseOr) };
  if (cursor.current === '/') return parseRegex(cursor);
  return { kind: 'literal', value: parseLiteral(cursor) };
}

function parseRegex(cursor: Cursor): Operand {
  const start = cursor.position;
  cursor.position += 1;
  let pattern = '';
  while (cursor.current !== '/') {
    if (cursor.atEnd) throw new ExpressionError('the regular expression is not closed with "/"', start);
    if (cursor.startsWith('\\/')) cursor.position += 1;
    else if (cursor.current === '\\') pattern += takeOne(cursor);
    pattern += takeOne(cursor);
  }
  cursor.position += 1;
  const flags = [...cursor.takePattern(/[A-Za-z]*/y)];
  const unknown = flags.find((flag) => !'imsuxdU'.includes(flag));
  if (unknown !== undefined)
    throw new ExpressionError(`"${unknown}" is no flag of a regular expression; known are i, m, s, u, x, d, U`);
  return { kind: 'regex', pattern, flags: [...new Set(flags)].sort().join('') };
}

function takeOne(cursor: Cursor): string {
  const character = cursor.current;
  cursor.position += 1;
  return character;
}

function parseCall(cursor: Cursor): Condition | undefined {
  const start = cursor.position;
  const name = cursor.takePattern(WORD);
  if (name === '' || !cursor.take('(')) {
    cursor.position = start;
    return undefined;
  }
  if (!isConditionFunction(name)) {
    throw new ExpressionError(
      `${name}() is no conditional function.${didYouMean(name, Object.keys(CONDITION_FUNCTIONS))}`,
      start,
    );
  }
  let path: Path | undefined;
  let property: string | undefined;
  CONDITION_FUNCTIONS[name].forEach((kind, position) => {
    if (position > 0) cursor.expect(',', `between the arguments of ${name}()`);
    cursor.skipWhitespace();
    if (kind === 'path') path = parseArgumentPath(cursor, name);
    else property = takePropertyKey(cursor, name);
  });
  cursor.expect(')', `at the end of ${name}()`);
  return { kind: 'call', name, path, property };
}

function isConditionFunction(name: string): name is ConditionFunctionName {
  return Object.hasOwn(CONDITION_FUNCTIONS, name);
}

function parseArgumentPath(cursor: Cursor, name: string): Path {
  if (cursor.current !== '$' && cursor.current !== '@') throw cursor.problem(`${name}() needs a path`);
  return parsePath(cursor, parseOr);
}

function takePropertyKey(cursor: Cursor, name: string): string {
  const key = cursor.takePattern(PROPERTY_KEY);
  if (key === '') throw cursor.problem(`${name}() needs the key of a property without quotes and percent signs`);
  return key;
}

/** What an operator can never do with its operands is a mistake of the author, not "false" at run time. */
function checkOperands(cursor: Cursor, operator: SymbolOperator | WordOperator, left: Operand, right: Operand): void {
  const regexes = [left, right].filter((operand) => operand.kind === 'regex').length;
  if (operator === '=~') {
    if (regexes !== 1)
      throw cursor.problem('"=~" needs one regular expression between slashes: $.mail =~ /.*@example.org/');
    return;
  }
  if (regexes > 0) throw cursor.problem(`a regular expression needs the operator "=~" instead of "${operator}"`);
  if (
    operator === 'empty' &&
    (right.kind !== 'literal' || ![true, false, 'true', 'false'].some((allowed) => allowed === right.value))
  ) {
    throw cursor.problem('"empty" needs true or false on its right side');
  }
  if (operator === 'size' && right.kind === 'literal' && !isCount(right.value)) {
    throw cursor.problem('"size" needs a number on its right side');
  }
  const needsList = operator !== 'empty' && operator !== 'size' && operator !== 'contains' && /^[a-z]/.test(operator);
  if (needsList && right.kind === 'literal' && !Array.isArray(right.value)) {
    throw cursor.problem(`"${operator}" needs a list on its right side: ['a', 'b']`);
  }
}

/** A length: a number, also as text (TRF-10). */
function isCount(value: JsonValue): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^\d+$/.test(String(value));
}
