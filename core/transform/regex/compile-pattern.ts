import { ExpressionError } from '../expression-error.js';
import { lengthsOf } from './pattern-model.js';
import type { CodePointTest, ParsedPattern, Pattern, PositionTest } from './pattern-model.js';

/** One instruction of the matcher; `next` is always the instruction behind it unless it says another. */
export type Instruction =
  | { readonly op: 'character'; readonly codePoint: number }
  | { readonly op: 'class'; readonly test: CodePointTest }
  | { readonly op: 'position'; readonly test: PositionTest }
  /** Tries `first`, and `second` if that fails. `id` numbers the splits, for the memory of the linear mode. */
  | { op: 'split'; first: number; second: number; readonly id: number }
  | { op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Remembers where an iteration of a loop began. */
  | { readonly op: 'mark'; readonly slot: number }
  /** Leaves the loop if the iteration matched nothing: it would go on for ever. */
  | { op: 'progress'; readonly slot: number; exit: number }
  | { readonly op: 'reference'; readonly group: number; readonly fold: ((codePoint: number) => number) | undefined }
  /** Runs the instructions behind it up to `end` on their own, without coming back into them. */
  | { op: 'atomic'; exit: number }
  | {
      op: 'look';
      exit: number;
      readonly behind: { readonly min: number; readonly max: number } | undefined;
      readonly negative: boolean;
    }
  /** The end of a part that runs on its own, and of the whole. */
  | { readonly op: 'end' };

/** Instructions of a pattern. */
export interface RegexProgram {
  readonly instructions: readonly Instruction[];
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  /** Slots of groups and marks. */
  readonly slotCount: number;
  readonly splitCount: number;
  /** What matches from an instruction and position on depends on nothing else: each such state is tried only once. */
  readonly memoizable: 'always' | 'withoutGroups' | 'never';
}

/** Repetitions are written out; what gets longer than this is refused. */
const MAX_INSTRUCTIONS = 50_000;

/** Translates a parsed pattern. Throws {@link ExpressionError} if its repetitions make it too long. */
export function compilePattern(parsed: ParsedPattern): RegexProgram {
  const compiler = new PatternCompiler((parsed.groupCount + 1) * 2);
  compiler.emit(parsed.pattern);
  compiler.add({ op: 'end' });
  return {
    instructions: compiler.instructions,
    groupCount: parsed.groupCount,
    groupNames: parsed.groupNames,
    slotCount: compiler.slotCount,
    splitCount: compiler.splitCount,
    memoizable: compiler.hasContext ? 'never' : compiler.hasMarks ? 'withoutGroups' : 'always',
  };
}

class PatternCompiler {
  readonly instructions: Instruction[] = [];
  splitCount = 0;
  hasContext = false;
  hasMarks = false;

  constructor(public slotCount: number) {}

  add(instruction: Instruction): number {
    if (this.instructions.length >= MAX_INSTRUCTIONS)
      throw new ExpressionError('the regular expression is not valid: its repetitions make it too long');
    this.instructions.push(instruction);
    return this.instructions.length - 1;
  }

  emit(pattern: Pattern): void {
    switch (pattern.kind) {
      case 'character':
        this.add({ op: 'character', codePoint: pattern.codePoint });
        return;
      case 'class':
        this.add({ op: 'class', test: pattern.test });
        return;
      case 'position':
        this.add({ op: 'position', test: pattern.test });
        return;
      case 'sequence':
        for (const part of pattern.parts) this.emit(part);
        return;
      case 'choice':
        return this.emitChoice(pattern.options);
      case 'group':
        this.add({ op: 'save', slot: pattern.index * 2 });
        this.emit(pattern.part);
        this.add({ op: 'save', slot: pattern.index * 2 + 1 });
        return;
      case 'reference':
        this.hasContext = true;
        this.add({ op: 'reference', group: pattern.group, fold: pattern.fold });
        return;
      case 'atomic':
        return this.emitAtomic(() => this.emit(pattern.part));
      case 'look':
        return this.emitLook(pattern);
      case 'repeat':
        if (pattern.mode === 'possessive') return this.emitAtomic(() => this.emitRepeat(pattern));
        return this.emitRepeat(pattern);
    }
  }

  private emitChoice(options: readonly Pattern[]): void {
    const jumps: { op: 'jump'; to: number }[] = [];
    options.forEach((option, position) => {
      if (position === options.length - 1) return this.emit(option);
      const split = this.split(true);
      this.emit(option);
      const jump = { op: 'jump' as const, to: 0 };
      this.add(jump);
      jumps.push(jump);
      split.leave(this.here);
    });
    for (const jump of jumps) jump.to = this.here;
  }

  private emitAtomic(body: () => void): void {
    this.hasContext = true;
    const atomic = { op: 'atomic' as const, exit: 0 };
    this.add(atomic);
    body();
    this.add({ op: 'end' });
    atomic.exit = this.here;
  }

  private emitLook(pattern: Extract<Pattern, { kind: 'look' }>): void {
    this.hasContext = true;
    const behind = pattern.behind ? lengthsOf(pattern.part) : undefined;
    const look = { op: 'look' as const, exit: 0, behind, negative: pattern.negative };
    this.add(look);
    this.emit(pattern.part);
    this.add({ op: 'end' });
    look.exit = this.here;
  }

  private emitRepeat({ part, min, max, mode }: Extract<Pattern, { kind: 'repeat' }>): void {
    const greedy = mode !== 'lazy';
    // What matches nothing can be repeated as often as one likes.
    const times = lengthsOf(part).max === 0 ? Math.min(min, 1) : min;
    for (let count = 0; count < times; count += 1) this.emit(part);
    if (max === Number.POSITIVE_INFINITY) return this.emitLoop(part, greedy);
    const splits = [];
    const optional = lengthsOf(part).max === 0 ? Math.min(max - min, 1) : max - min;
    for (let count = 0; count < optional; count += 1) {
      splits.push(this.split(greedy));
      this.emit(part);
    }
    for (const split of splits) split.leave(this.here);
  }

  private emitLoop(part: Pattern, greedy: boolean): void {
    const start = this.here;
    const split = this.split(greedy);
    const nullable = lengthsOf(part).min === 0;
    const slot = this.slotCount;
    if (nullable) {
      this.hasMarks = true;
      this.slotCount += 1;
      this.add({ op: 'mark', slot });
    }
    this.emit(part);
    const progress = { op: 'progress' as const, slot, exit: 0 };
    if (nullable) this.add(progress);
    this.add({ op: 'jump', to: start });
    split.leave(this.here);
    progress.exit = this.here;
  }

  private get here(): number {
    return this.instructions.length;
  }

  /** A split into what follows and a place that is known later. */
  private split(preferBody: boolean): { leave: (to: number) => void } {
    const split = { op: 'split' as const, first: 0, second: 0, id: this.splitCount };
    this.splitCount += 1;
    const body = this.add(split) + 1;
    return {
      leave: (to) => {
        split.first = preferBody ? body : to;
        split.second = preferBody ? to : body;
      },
    };
  }
}
