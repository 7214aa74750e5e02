import { COMPARISONS } from './filter-model.js';
import type { Comparison, FilterValue, ScimFilter } from './filter-model.js';

/** Deepest nesting of parentheses that is accepted; far beyond anything sensible. */
const MAX_DEPTH = 20;
const RESERVED = new Set(['and', 'or', 'not']);

/** A word, a value or a bracket of a filter. */
export interface FilterToken {
  readonly kind: 'word' | 'literal' | '(' | ')' | '[' | ']';
  readonly text: string;
  /** Position in the filter, from 1. */
  readonly at: number;
}

/** Text that is no filter; the message names the place. */
export class FilterSyntaxProblem extends Error {
  override readonly name = 'FilterSyntaxProblem';
}

const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;

/** Throws {@link FilterSyntaxProblem} for text that is not closed, or no JSON. */
export function tokenizeFilter(filter: string): FilterToken[] {
  const tokens: FilterToken[] = [];
  const end = filter.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(filter);
    if (match === null)
      throw new FilterSyntaxProblem(`the text from position ${start + 1} on is not closed by a quotation mark`);
    const [whole, bracket, quoted, word] = match;
    const text = bracket ?? quoted ?? word ?? '';
    const at = start + whole.length - text.length + 1;
    if (quoted !== undefined && valueOf(quoted) === undefined)
      throw new FilterSyntaxProblem(`the text at position ${at} is not valid JSON text`);
    tokens.push({ kind: kindOf(bracket, quoted, text), text, at });
  }
  return tokens;
}

function kindOf(bracket: string | undefined, quoted: string | undefined, text: string): FilterToken['kind'] {
  if (bracket === '(' || bracket === ')' || bracket === '[' || bracket === ']') return bracket;
  return quoted !== undefined || valueOf(text) !== undefined ? 'literal' : 'word';
}

/** The value of a literal; undefined where the text is none. */
function valueOf(text: string): FilterValue | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isScalar = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    return isScalar ? (value as FilterValue) : undefined;
  } catch {
    return undefined;
  }
}

/** A filter, and where it uses the shorthand `displayName eq "A" or "B"`, which is not SCIM though some servers take it (CONN-SCIM-28). */
export interface ParsedFilter {
  readonly filter: ScimFilter;
  /** Position of the first `or` that is followed by a value. */
  readonly shorthandAt?: number;
}

/** Parses a filter (RFC 7644 §3.4.2.2); attribute names are not checked. Throws {@link FilterSyntaxProblem}. */
export function parseScimFilter(text: string): ParsedFilter {
  return new FilterParser(tokenizeFilter(text)).parse();
}

/** Recursive descent: `and` binds tighter than `or`, `not` tightest. */
class FilterParser {
  private position = 0;
  private shorthand: FilterToken | undefined;
  /** The last comparison, which a shorthand repeats with another value. */
  private last: Extract<ScimFilter, { kind: 'compare' }> | undefined;

  constructor(private readonly tokens: readonly FilterToken[]) {}

  parse(): ParsedFilter {
    const filter = this.disjunction(0);
    const rest = this.tokens[this.position];
    if (rest !== undefined) throw problem(rest, 'expected "and", "or" or the end');
    return { filter, ...(this.shorthand !== undefined && { shorthandAt: this.shorthand.at }) };
  }

  private disjunction(depth: number): ScimFilter {
    const parts: ScimFilter[] = [];
    do parts.push(this.conjunction(depth));
    while (this.takeWord('or'));
    return joined('or', parts);
  }

  private conjunction(depth: number): ScimFilter {
    const parts: ScimFilter[] = [];
    do parts.push(this.term(depth));
    while (this.takeWord('and'));
    return joined('and', parts);
  }

  private term(depth: number): ScimFilter {
    if (depth > MAX_DEPTH) throw new FilterSyntaxProblem(`more than ${MAX_DEPTH} nested parentheses`);
    const negated = this.takeWord('not');
    if (negated && this.peek()?.kind !== '(') throw this.expected('"(" after "not"');
    if (!this.take('(')) return this.comparison(depth);
    const part = this.disjunction(depth + 1);
    if (!this.take(')')) throw this.expected('")"');
    return negated ? { kind: 'not', part } : part;
  }

  private comparison(depth: number): ScimFilter {
    const attribute = this.tokens[this.position];
    const before = this.tokens[this.position - 1];
    if (attribute?.kind === 'literal' && before?.text.toLowerCase() === 'or' && this.last !== undefined) {
      this.shorthand ??= before;
      this.position++;
      return { ...this.last, value: valueOf(attribute.text) ?? null };
    }
    if (attribute?.kind !== 'word' || RESERVED.has(attribute.text.toLowerCase())) throw this.expected('an attribute');
    this.position++;
    if (this.take('[')) return this.valuePath(attribute.text, depth);
    return this.operator(attribute.text);
  }

  private valuePath(attribute: string, depth: number): ScimFilter {
    const inner = this.disjunction(depth + 1);
    if (!this.take(']')) throw this.expected('"]"');
    const next = this.tokens[this.position];
    if (next?.kind !== 'word' || !next.text.startsWith('.')) return { kind: 'element', attribute, part: inner };
    this.position++;
    return { kind: 'element', attribute, part: joined('and', [inner, this.operator(next.text.slice(1))]) };
  }

  private operator(attribute: string): ScimFilter {
    if (this.takeWord('pr')) return { kind: 'present', attribute };
    const found = this.tokens[this.position];
    const operator = COMPARISONS.find((known) => found?.kind === 'word' && known === found.text.toLowerCase());
    if (operator === undefined) throw this.expected(`one of ${COMPARISONS.join(', ')}, pr`);
    this.position++;
    return this.compared(attribute, operator);
  }

  private compared(attribute: string, operator: Comparison): ScimFilter {
    const literal = this.peek();
    if (!this.take('literal'))
      throw this.expected('a value: text in double quotation marks, a number, true, false or null');
    this.last = { kind: 'compare', attribute, operator, value: valueOf(literal?.text ?? '') ?? null };
    return this.last;
  }

  private peek(): FilterToken | undefined {
    return this.tokens[this.position];
  }

  private take(kind: FilterToken['kind']): boolean {
    if (this.peek()?.kind !== kind) return false;
    this.position++;
    return true;
  }

  private takeWord(word: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.position++;
    return true;
  }

  private expected(what: string): FilterSyntaxProblem {
    const token = this.peek();
    return token === undefined
      ? new FilterSyntaxProblem(`expected ${what} at the end`)
      : problem(token, `expected ${what}`);
  }
}

function joined(kind: 'and' | 'or', parts: readonly ScimFilter[]): ScimFilter {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}

function problem(token: FilterToken, text: string): FilterSyntaxProblem {
  return new FilterSyntaxProblem(`${text} at position ${token.at}, found ${token.text.slice(0, 40)}`);
}
