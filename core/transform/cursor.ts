import { ExpressionError } from './expression-error.js';

const WHITESPACE = /\s/;

/** Deepest nesting of brackets, filters and literals in one expression. */
export const MAX_NESTING = 100;

/** Reading position in the text of a path or condition. */
export class Cursor {
  position = 0;
  private depth = 0;

  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  /** The character at the position, '' at the end. */
  get current(): string {
    return this.text.charAt(this.position);
  }

  skipWhitespace(): void {
    while (!this.atEnd && WHITESPACE.test(this.current)) this.position += 1;
  }

  startsWith(token: string): boolean {
    return this.text.startsWith(token, this.position);
  }

  /** Moves over the token if it is next. */
  take(token: string): boolean {
    if (!this.startsWith(token)) return false;
    this.position += token.length;
    return true;
  }

  /** Moves over white space and the token, or throws. */
  expect(token: string, where: string): void {
    this.skipWhitespace();
    if (!this.take(token)) throw this.problem(`"${token}" is expected ${where}`);
  }

  /** Characters as long as the expression (sticky) matches here, '' if it does not. */
  takePattern(sticky: RegExp): string {
    sticky.lastIndex = this.position;
    const match = sticky.exec(this.text);
    const found = match?.[0] ?? '';
    this.position += found.length;
    return found;
  }

  /** A text in single or double quotes. A backslash before a quote or a backslash makes it literal, elsewhere it stands for itself. */
  takeQuoted(): string {
    const quote = this.current;
    const start = this.position;
    let value = '';
    this.position += 1;
    while (this.current !== quote) {
      if (this.atEnd) throw new ExpressionError('the text in quotes is not closed', start);
      value += this.current === '\\' ? this.takeEscape() : this.takeCharacter();
    }
    this.position += 1;
    return value;
  }

  /** Runs the parser of a nested part; a text nested deeper than {@link MAX_NESTING} is refused. */
  nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_NESTING) throw this.problem(`it is nested deeper than ${MAX_NESTING} levels`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  /** An error at the current position. */
  problem(message: string): ExpressionError {
    const found = this.atEnd ? 'the end' : `"${this.current}"`;
    return new ExpressionError(`${message}, found ${found} at character ${this.position + 1}`, this.position);
  }

  private takeCharacter(): string {
    const character = this.current;
    this.position += 1;
    return character;
  }

  private takeEscape(): string {
    const next = this.text.charAt(this.position + 1);
    if (next !== '' && '\\\'"'.includes(next)) this.position += 1;
    return this.takeCharacter();
  }
}

/** The text in single quotes such that {@link Cursor.takeQuoted} gives it back. */
export function quote(text: string): string {
  return `'${escapeForQuotes(text)}'`;
}

/** Escapes what would end or change a text in quotes (PHL-6). */
export function escapeForQuotes(text: string): string {
  return text.replace(/[\\'"]/g, '\\$&');
}
