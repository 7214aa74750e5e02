import { ExpressionError } from '../expression-error.js';

/** What the flag `x` skips. */
const WHITESPACE = ' \t\n\v\f\r';

/** Flags of a pattern: `i m s u x d U`. */
export type Flags = ReadonlySet<string>;

/** Reading position in a Java pattern. Code points, so that characters beyond U+FFFF are one character. */
export class PatternReader {
  private readonly codePoints: readonly number[];
  position = 0;
  flags: Flags;

  constructor(pattern: string, flags: Flags) {
    this.codePoints = Array.from(unquote(pattern), (character) => character.codePointAt(0) ?? 0);
    this.flags = flags;
  }

  /** The character at the position, '' at the end; with the flag `x` behind white space and comments. */
  get current(): string {
    if (this.flags.has('x')) this.skipComments();
    return this.at(this.position);
  }

  /** A character as it stands, without regard to the flag `x`. */
  at(position: number): string {
    const codePoint = this.codePoints[position];
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
  }

  /** The current character; moves on. */
  next(): string {
    const character = this.current;
    this.position += 1;
    return character;
  }

  take(text: string): boolean {
    if (this.flags.has('x')) this.skipComments();
    if (![...text].every((character, offset) => this.at(this.position + offset) === character)) return false;
    this.position += text.length;
    return true;
  }

  /** Characters up to a closing one, which is skipped. Throws if there is none. */
  takeUntil(close: string, what: string): string {
    let text = '';
    while (this.at(this.position) !== close) {
      if (this.at(this.position) === '') throw this.problem(`${what} is not closed with "${close}"`);
      text += this.at(this.position);
      this.position += 1;
    }
    this.position += 1;
    return text;
  }

  takeDigits(maxDigits: number, digits: RegExp): string {
    let text = '';
    while (text.length < maxDigits && digits.test(this.at(this.position))) {
      text += this.at(this.position);
      this.position += 1;
    }
    return text;
  }

  problem(message: string): ExpressionError {
    return new ExpressionError(
      `the regular expression is not valid: ${message} (at character ${Math.min(this.position, this.codePoints.length) + 1})`,
    );
  }

  private skipComments(): void {
    for (;;) {
      const character = this.at(this.position);
      if (character !== '' && WHITESPACE.includes(character)) this.position += 1;
      else if (character === '#')
        while (this.at(this.position) !== '' && !/^[\n\r\u0085\u2028\u2029]$/.test(this.at(this.position)))
          this.position += 1;
      else return;
    }
  }
}

/** Replaces `\Q...\E` by escaped characters, as Java does before anything else. */
function unquote(pattern: string): string {
  let result = '';
  let position = 0;
  while (position < pattern.length) {
    if (pattern.startsWith('\\Q', position)) {
      const end = pattern.indexOf('\\E', position + 2);
      const quoted = pattern.slice(position + 2, end === -1 ? undefined : end);
      result += quoted.replace(/[^A-Za-z0-9\u0080-\u{10ffff}]/gu, '\\$&');
      position = end === -1 ? pattern.length : end + 2;
    } else {
      const length = pattern[position] === '\\' ? 2 : 1;
      result += pattern.slice(position, position + length);
      position += length;
    }
  }
  return result;
}
