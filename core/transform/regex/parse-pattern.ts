import { foldAscii, foldUnicode } from './case-folding.js';
import { parseClass } from './parse-class.js';
import { parseEscape } from './parse-escape.js';
import type { ParsedPattern, Pattern, PositionTest } from './pattern-model.js';
import { PatternReader } from './pattern-reader.js';
import {
  atEnd,
  atLineEnd,
  atLineStart,
  atSearchStart,
  atStart,
  atWordBoundary,
  beforeFinalTerminator,
  insideWord,
} from './positions.js';

const MAX_NESTING = 100;

/** Parses a pattern of Java's syntax with flags `i m s u x d U`. Throws `ExpressionError`. */
export function parsePattern(text: string, flags: string): ParsedPattern {
  const parser = new PatternParser(new PatternReader(text, new Set(flags)));
  return parser.parse();
}

class PatternParser {
  private groupCount = 0;
  private readonly groupNames = new Map<string, number>();
  private depth = 0;

  constructor(private readonly reader: PatternReader) {}

  parse(): ParsedPattern {
    const pattern = this.parseChoice();
    if (this.reader.current !== '') throw this.reader.problem('a closing parenthesis without an opening one');
    return { pattern, groupCount: this.groupCount, groupNames: this.groupNames };
  }

  private parseChoice(): Pattern {
    this.depth += 1;
    if (this.depth > MAX_NESTING) throw this.reader.problem('groups are nested too deeply');
    const options = [this.parseSequence()];
    while (this.reader.take('|')) options.push(this.parseSequence());
    this.depth -= 1;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  private parseSequence(): Pattern {
    const parts: Pattern[] = [];
    while (this.reader.current !== '' && this.reader.current !== '|' && this.reader.current !== ')') {
      const atom = this.parseAtom();
      if (atom !== undefined) parts.push(this.parseQuantifier(atom));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'sequence', parts };
  }

  /** Undefined for what only changes the flags. */
  private parseAtom(): Pattern | undefined {
    const character = this.reader.next();
    switch (character) {
      case '(':
        return this.parseGroup();
      case '[':
        return { kind: 'class', test: parseClass(this.reader) };
      case '.':
        return { kind: 'class', test: this.dot() };
      case '^':
        return position(this.has('m') ? atLineStart(this.has('d')) : atStart);
      case '$':
        return position(this.has('m') ? atLineEnd(this.has('d')) : beforeFinalTerminator(this.has('d')));
      case '\\':
        return this.parseBackslash();
      case '*':
      case '+':
      case '?':
      case '{':
        this.reader.position -= 1;
        throw this.reader.problem(`"${character}" repeats nothing`);
      default:
        return this.literal(character.codePointAt(0) ?? 0);
    }
  }

  private has(flag: string): boolean {
    return this.reader.flags.has(flag);
  }

  private get fold(): ((codePoint: number) => number) | undefined {
    if (!this.has('i')) return undefined;
    return this.has('u') || this.has('U') ? foldUnicode : foldAscii;
  }

  private literal(codePoint: number): Pattern {
    const { fold } = this;
    if (fold === undefined) return { kind: 'character', codePoint };
    const folded = fold(codePoint);
    return { kind: 'class', test: (c) => fold(c) === folded };
  }

  private dot(): (codePoint: number) => boolean {
    if (this.has('s')) return () => true;
    if (this.has('d')) return (c) => c !== 10;
    return (c) => c !== 10 && c !== 13 && c !== 0x85 && c !== 0x2028 && c !== 0x2029;
  }

  private parseBackslash(): Pattern {
    const escape = parseEscape(this.reader);
    if (escape !== undefined)
      return 'codePoint' in escape ? this.literal(escape.codePoint) : { kind: 'class', test: escape.test };
    const letter = this.reader.at(this.reader.position);
    this.reader.position += 1;
    switch (letter) {
      case 'A':
        return position(atStart);
      case 'z':
        return position(atEnd);
      case 'Z':
        return position(beforeFinalTerminator(this.has('d')));
      case 'G':
        return position(atSearchStart);
      case 'b':
        return position(atWordBoundary);
      case 'B':
        return position(insideWord);
      case 'R':
        return lineBreak();
      case 'k':
        return this.parseNamedReference();
      default:
        if (/^[1-9]$/.test(letter)) return this.parseReference(Number(letter));
        this.reader.position -= 1;
        throw this.reader.problem(`"\\${letter}" has no meaning`);
    }
  }

  /** More digits belong to the number as long as there are so many groups. */
  private parseReference(first: number): Pattern {
    let group = first;
    for (;;) {
      const digit = this.reader.at(this.reader.position);
      if (!/^[0-9]$/.test(digit) || group * 10 + Number(digit) > this.groupCount) break;
      group = group * 10 + Number(digit);
      this.reader.position += 1;
    }
    return { kind: 'reference', group, fold: this.fold };
  }

  private parseNamedReference(): Pattern {
    if (!this.reader.take('<')) throw this.reader.problem('"\\k" needs a name: \\k<name>');
    const name = this.reader.takeUntil('>', 'the name of the group');
    const group = this.groupNames.get(name);
    if (group === undefined) throw this.reader.problem(`there is no group "${name}" before this place`);
    return { kind: 'reference', group, fold: this.fold };
  }

  private parseGroup(): Pattern | undefined {
    const { flags } = this.reader;
    if (!this.reader.take('?')) return this.capturing();
    if (this.reader.take('<=')) return this.look(true, false);
    if (this.reader.take('<!')) return this.look(true, true);
    if (this.reader.take('<')) return this.named();
    if (this.reader.take('=')) return this.look(false, false);
    if (this.reader.take('!')) return this.look(false, true);
    if (this.reader.take('>')) return { kind: 'atomic', part: this.closed() };
    this.reader.flags = this.parseFlags(flags);
    if (this.reader.take(')')) return undefined;
    if (!this.reader.take(':')) throw this.reader.problem('this kind of group is not known');
    const part = this.parseChoice();
    return this.close(part, flags);
  }

  private parseFlags(before: ReadonlySet<string>): ReadonlySet<string> {
    const flags = new Set(before);
    let on = true;
    while (/^[idmsuxU-]$/.test(this.reader.at(this.reader.position))) {
      const flag = this.reader.at(this.reader.position);
      this.reader.position += 1;
      if (flag === '-') on = false;
      else if (on) flags.add(flag);
      else flags.delete(flag);
    }
    return flags;
  }

  private capturing(): Pattern {
    this.groupCount += 1;
    const index = this.groupCount;
    return { kind: 'group', index, part: this.closed() };
  }

  private named(): Pattern {
    const name = this.reader.takeUntil('>', 'the name of the group');
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name))
      throw this.reader.problem('the name of a group has letters and digits only');
    if (this.groupNames.has(name)) throw this.reader.problem(`there are two groups "${name}"`);
    this.groupNames.set(name, this.groupCount + 1);
    return this.capturing();
  }

  private look(behind: boolean, negative: boolean): Pattern {
    return { kind: 'look', part: this.closed(), behind, negative };
  }

  /** Flags that are set in a group end with it. */
  private closed(): Pattern {
    const { flags } = this.reader;
    return this.close(this.parseChoice(), flags);
  }

  private close(part: Pattern, flags: ReadonlySet<string>): Pattern {
    const closed = this.reader.take(')');
    this.reader.flags = flags;
    if (!closed) throw this.reader.problem('a group is not closed with ")"');
    return part;
  }

  private parseQuantifier(part: Pattern): Pattern {
    const bounds = this.parseBounds();
    if (bounds === undefined) return part;
    const mode = this.reader.take('?') ? 'lazy' : this.reader.take('+') ? 'possessive' : 'greedy';
    return { kind: 'repeat', part, ...bounds, mode };
  }

  private parseBounds(): { readonly min: number; readonly max: number } | undefined {
    if (this.reader.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.reader.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.reader.take('?')) return { min: 0, max: 1 };
    if (!this.reader.take('{')) return undefined;
    const min = this.parseCount();
    if (!this.reader.take(',')) return this.closeBounds(min, min);
    return this.closeBounds(min, this.reader.current === '}' ? Number.POSITIVE_INFINITY : this.parseCount());
  }

  private parseCount(): number {
    const digits = this.reader.takeDigits(10, /^[0-9]$/);
    const count = Number.parseInt(digits, 10);
    if (digits === '' || count > 0x7fffffff)
      throw this.reader.problem('a repetition needs a number: {n}, {n,} or {n,m}');
    return count;
  }

  private closeBounds(min: number, max: number): { readonly min: number; readonly max: number } {
    if (!this.reader.take('}')) throw this.reader.problem('a repetition is not closed with "}"');
    if (max < min) throw this.reader.problem('a repetition has a maximum below its minimum');
    return { min, max };
  }
}

function position(test: PositionTest): Pattern {
  return { kind: 'position', test };
}

function lineBreak(): Pattern {
  const pair: Pattern = {
    kind: 'sequence',
    parts: [
      { kind: 'character', codePoint: 13 },
      { kind: 'character', codePoint: 10 },
    ],
  };
  const single: Pattern = {
    kind: 'class',
    test: (c) => (c >= 10 && c <= 13) || c === 0x85 || c === 0x2028 || c === 0x2029,
  };
  return { kind: 'choice', options: [pair, single] };
}
