import { ScimProblem } from './scim-model.js';
import { parseAttributePath, type AttributePath } from './attributes.js';

export type ComparisonOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/** A parsed filter (RFC 7644 §3.4.2.2). */
export type FilterNode =
  | {
      readonly kind: 'compare';
      readonly path: AttributePath;
      readonly operator: ComparisonOperator;
      readonly value: FilterValue;
    }
  | { readonly kind: 'present'; readonly path: AttributePath }
  | { readonly kind: 'and' | 'or'; readonly left: FilterNode; readonly right: FilterNode }
  | { readonly kind: 'not'; readonly inner: FilterNode }
  | { readonly kind: 'valuePath'; readonly path: AttributePath; readonly inner: FilterNode };

export type FilterValue = string | number | boolean | null;

const OPERATORS: readonly string[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'];
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;
const MAX_LENGTH_CHARS = 10_000;
const MAX_DEPTH = 50;

function isOperator(word: string): word is ComparisonOperator {
  return OPERATORS.includes(word);
}

/** Parses a filter; throws 400 invalidFilter that names the place. `and` binds tighter than `or`, `not` tightest. */
export function parseFilter(text: string): FilterNode {
  if (text.length > MAX_LENGTH_CHARS) throw problem('is too long');
  return new FilterParser(tokenize(text)).parse();
}

/** `attr[filter].sub` taken apart; `filter` is undefined where the path has no brackets (RFC 7644 §3.5.2). */
export function parsePatchPath(text: string): { path: AttributePath; filter?: FilterNode; sub?: string } {
  const open = text.indexOf('[');
  if (open < 0) return { path: parseAttributePath(text) };
  const close = text.lastIndexOf(']');
  const tail = text.slice(close + 1);
  if (close < open || (tail !== '' && !/^\.[A-Za-z$][\w$-]*$/.test(tail))) {
    throw new ScimProblem(400, `"${text}" is not a PATCH path`, 'invalidPath');
  }
  const path = parseAttributePath(text.slice(0, open));
  const filter = parseFilter(text.slice(open + 1, close));
  return tail === '' ? { path, filter } : { path, filter, sub: tail.slice(1) };
}

function problem(what: string): ScimProblem {
  return new ScimProblem(400, `the filter ${what}`, 'invalidFilter');
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      if (text.slice(start).trim() === '') break;
      throw problem(`cannot be read at position ${start}`);
    }
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

class FilterParser {
  readonly #tokens: readonly string[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): FilterNode {
    const node = this.#or();
    if (this.#next < this.#tokens.length) throw problem(`has "${this.#peek()}" where it should end`);
    return node;
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? '';
  }

  #takeWord(word: string): boolean {
    if (this.#peek().toLowerCase() !== word) return false;
    this.#next += 1;
    return true;
  }

  #or(): FilterNode {
    let left = this.#and();
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): FilterNode {
    let left = this.#term();
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#term() };
    return left;
  }

  #term(): FilterNode {
    if (this.#takeWord('not')) {
      if (this.#peek() !== '(') throw problem('needs parentheses after "not"');
      return { kind: 'not', inner: this.#enclosed('(', ')') };
    }
    if (this.#peek() === '(') return this.#enclosed('(', ')');
    return this.#comparison();
  }

  #enclosed(open: string, close: string): FilterNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw problem('is nested too deeply');
    if (!this.#takeWord(open)) throw problem(`needs "${open}"`);
    const inner = this.#or();
    if (!this.#takeWord(close)) throw problem(`lacks "${close}"`);
    this.#depth -= 1;
    return inner;
  }

  #comparison(): FilterNode {
    const name = this.#peek();
    if (!/^[A-Za-z]/.test(name))
      throw problem(name === '' ? 'ends too early' : `has "${name}" in place of an attribute`);
    this.#next += 1;
    const path = parseAttributePath(name);
    if (this.#peek() === '[') return { kind: 'valuePath', path, inner: this.#enclosed('[', ']') };
    const operator = this.#peek().toLowerCase();
    this.#next += 1;
    if (operator === 'pr') return { kind: 'present', path };
    if (!isOperator(operator)) throw problem(`has "${operator}" in place of an operator after "${name}"`);
    return { kind: 'compare', path, operator, value: this.#value() };
  }

  #value(): FilterValue {
    const token = this.#peek();
    this.#next += 1;
    try {
      const value: unknown = JSON.parse(token);
      if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        return value;
    } catch {
      // Falls through to the one message for everything that is no JSON scalar.
    }
    throw problem(`has ${token === '' ? 'nothing' : token} in place of a value; strings need double quotes`);
  }
}
