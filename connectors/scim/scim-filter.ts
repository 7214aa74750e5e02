/** Deepest nesting of parentheses that is accepted; far beyond anything sensible. */
const MAX_DEPTH = 20;
const COMPARISONS = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
const RESERVED = new Set(['and', 'or', 'not']);

/** `attribute eq "value"` with the value escaped as JSON (CONN-SCIM-29, RFC 7644 §3.4.2.2). */
export function equalsFilter(attribute: string, value: string | number | boolean): string {
  return `${attribute} eq ${JSON.stringify(value)}`;
}

/** `attribute gt "instant"`, instant in UTC; fractions of a second only where the server wants them (CONN-SCIM-35). */
export function modifiedAfterFilter(instant: Date, milliseconds = false): string {
  const text = instant.toISOString();
  return `meta.lastModified gt "${milliseconds ? text : `${text.slice(0, 19)}Z`}"`;
}

/**
 * All parts joined with `and`; a part gets parentheses only if it holds `or` or `not`, because some servers refuse needless
 * ones (CONN-SCIM-26). Undefined if there is no part.
 */
export function allOf(parts: readonly (string | undefined)[]): string | undefined {
  const present = parts.filter((part): part is string => part !== undefined && part.trim() !== '');
  const [only] = present;
  if (present.length <= 1) return only;
  return present.map((part) => (needsParentheses(part) ? `(${part})` : part)).join(' and ');
}

/** Any of the parts. */
export function anyOf(parts: readonly string[]): string {
  return parts.join(' or ');
}

function needsParentheses(filter: string): boolean {
  const tokens = tokenize(filter);
  // What cannot be read goes to the server as it is, at least kept together.
  if (!Array.isArray(tokens)) return true;
  return tokens.some(({ kind, text }) => kind === 'word' && /^(or|not)$/i.test(text));
}

/** Finding of {@link checkFilter}. */
export interface FilterProblem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/**
 * Local syntax check of a filter property (CONN-SCIM-28). Attribute names are not checked. The documented shorthand
 * `displayName eq "A" or "B"` is not SCIM, yet some servers take it: a warning, and it is sent unchanged.
 */
export function checkFilter(filter: string): FilterProblem | undefined {
  const tokens = tokenize(filter);
  if (!Array.isArray(tokens)) return { severity: 'error', message: tokens.message };
  const parser = new FilterParser(tokens);
  return parser.check();
}

interface Token {
  readonly kind: 'word' | 'literal' | '(' | ')' | '[' | ']';
  readonly text: string;
  /** Position in the filter, from 1. */
  readonly at: number;
}

const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;

function tokenize(filter: string): Token[] | { message: string } {
  const tokens: Token[] = [];
  const end = filter.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(filter);
    if (match === null) return { message: `the text from position ${start + 1} on is not closed by a quotation mark` };
    const [whole, bracket, quoted, word] = match;
    const text = bracket ?? quoted ?? word ?? '';
    const at = start + whole.length - text.length + 1;
    if (quoted !== undefined && !isJson(quoted))
      return { message: `the text at position ${at} is not valid JSON text` };
    tokens.push({ kind: kindOf(bracket, quoted, text), text, at });
  }
  return tokens;
}

function kindOf(bracket: string | undefined, quoted: string | undefined, text: string): Token['kind'] {
  if (bracket === '(' || bracket === ')' || bracket === '[' || bracket === ']') return bracket;
  return quoted !== undefined || isJson(text) ? 'literal' : 'word';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class SyntaxProblem extends Error {}

/** Recursive descent over the grammar of RFC 7644 §3.4.2.2. */
class FilterParser {
  private position = 0;
  private shorthand: Token | undefined;

  constructor(private readonly tokens: readonly Token[]) {}

  check(): FilterProblem | undefined {
    try {
      this.disjunction(0);
      const rest = this.tokens[this.position];
      if (rest !== undefined) throw problem(rest, 'expected "and", "or" or the end');
    } catch (error) {
      if (error instanceof SyntaxProblem) return { severity: 'error', message: error.message };
      throw error;
    }
    if (this.shorthand === undefined) return undefined;
    const text = `"or" at position ${this.shorthand.at} is followed by a value instead of a comparison: not legal SCIM, sent unchanged`;
    return { severity: 'warning', message: text };
  }

  private disjunction(depth: number): void {
    do this.conjunction(depth);
    while (this.takeWord('or'));
  }

  private conjunction(depth: number): void {
    do this.term(depth);
    while (this.takeWord('and'));
  }

  private term(depth: number): void {
    if (depth > MAX_DEPTH) throw new SyntaxProblem(`more than ${MAX_DEPTH} nested parentheses`);
    if (this.takeWord('not') && this.peek()?.kind !== '(') throw this.expected('"(" after "not"');
    if (this.take('(')) {
      this.disjunction(depth + 1);
      if (!this.take(')')) throw this.expected('")"');
      return;
    }
    this.comparison(depth);
  }

  private comparison(depth: number): void {
    const attribute = this.tokens[this.position];
    if (attribute?.kind === 'literal' && this.tokens[this.position - 1]?.text.toLowerCase() === 'or') {
      this.shorthand ??= this.tokens[this.position - 1];
      this.position++;
      return;
    }
    if (attribute?.kind !== 'word' || RESERVED.has(attribute.text.toLowerCase())) throw this.expected('an attribute');
    this.position++;
    if (this.take('[')) return this.valuePath(depth);
    this.operator();
  }

  private valuePath(depth: number): void {
    this.disjunction(depth + 1);
    if (!this.take(']')) throw this.expected('"]"');
    const next = this.tokens[this.position];
    const subAttribute = next?.kind === 'word' && next.text.startsWith('.');
    if (!subAttribute) return;
    this.position++;
    this.operator();
  }

  private operator(): void {
    if (this.takeWord('pr')) return;
    const operator = this.tokens[this.position];
    if (operator?.kind !== 'word' || !COMPARISONS.has(operator.text.toLowerCase())) {
      throw this.expected(`one of ${[...COMPARISONS].join(', ')}, pr`);
    }
    this.position++;
    if (!this.take('literal'))
      throw this.expected('a value: text in double quotation marks, a number, true, false or null');
  }

  private peek(): Token | undefined {
    return this.tokens[this.position];
  }

  private take(kind: Token['kind']): boolean {
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

  private expected(what: string): SyntaxProblem {
    const token = this.peek();
    return token === undefined ? new SyntaxProblem(`expected ${what} at the end`) : problem(token, `expected ${what}`);
  }
}

function problem(token: Token, text: string): SyntaxProblem {
  return new SyntaxProblem(`${text} at position ${token.at}, found ${token.text.slice(0, 40)}`);
}
