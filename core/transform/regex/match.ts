import type { Budget } from '../budget.js';
import { EvaluationError } from '../evaluation-error.js';
import type { RegexProgram } from './compile-pattern.js';

/** Where groups begin and end: slots `2n` and `2n + 1`, -1 where a group took no part. */
export type Slots = Int32Array;

/** Steps after which a match begins to remember the states that failed. */
const PATIENCE_STEPS = 2_000;

/** Greatest memory of failed states, in bits. */
const MAX_MEMORY_BITS = 64 * 1024 * 1024;

/**
 * Runs a program on a text with its own stack. Backtracking like Java's, so that groups are the same; after
 * {@link PATIENCE_STEPS} each state is tried only once where the pattern allows it, which makes the rest linear. Every step is
 * taken from the budget.
 */
export class Matcher {
  private readonly slots: Slots;
  /** Slot and old value, so that a failed attempt leaves no trace. */
  private readonly trail: number[] = [];
  private readonly stack: number[] = [];
  private memory: Uint32Array | undefined;
  private steps = 0;
  private searchStart = 0;
  private readonly mayRemember: boolean;

  constructor(
    private readonly program: RegexProgram,
    private readonly text: string,
    private readonly budget: Budget,
    needsGroups: boolean,
  ) {
    this.slots = new Int32Array(program.slotCount).fill(-1);
    const allowed = program.memoizable === 'always' || (program.memoizable === 'withoutGroups' && !needsGroups);
    this.mayRemember = allowed && program.splitCount * (text.length + 1) <= MAX_MEMORY_BITS;
  }

  /** The slots if the whole text matches. Throws {@link EvaluationError} when the budget ends. */
  matchAll(): Slots | undefined {
    return this.attempt(0, true);
  }

  /** The slots of the first match at or behind a position. */
  find(from: number): Slots | undefined {
    this.searchStart = from;
    // States of an earlier match did not all fail.
    this.memory = undefined;
    for (let start = from; start <= this.text.length; start += 1) {
      if (isInsidePair(this.text, start)) continue;
      const slots = this.attempt(start, false);
      if (slots !== undefined) return slots;
    }
    return undefined;
  }

  private attempt(start: number, whole: boolean): Slots | undefined {
    this.slots.fill(-1);
    this.trail.length = 0;
    this.stack.length = 0;
    const end = this.run(0, start, whole ? this.text.length : -1);
    this.charge();
    if (end === -1) return undefined;
    this.slots[0] = start;
    this.slots[1] = end;
    return this.slots.slice();
  }

  /** Runs up to an `end` and gives its position, -1 if there is no match; `mustEndAt` is -1 where any end will do. */
  private run(startAt: number, startPosition: number, mustEndAt: number): number {
    const { instructions } = this.program;
    const { text } = this;
    const base = this.stack.length;
    let at = startAt;
    let position = startPosition;
    for (;;) {
      this.steps += 1;
      if (this.steps >= PATIENCE_STEPS) this.settle();
      const instruction = instructions[at];
      let matches = true;
      at += 1;
      switch (instruction?.op) {
        case 'character':
        case 'class': {
          const codePoint = text.codePointAt(position);
          matches =
            codePoint !== undefined &&
            (instruction.op === 'class' ? instruction.test(codePoint) : instruction.codePoint === codePoint);
          position += codePoint !== undefined && codePoint > 0xffff ? 2 : 1;
          break;
        }
        case 'split':
          matches = !this.wasTried(instruction.id, position);
          if (matches) this.stack.push(instruction.second, position, this.trail.length);
          at = instruction.first;
          break;
        case 'jump':
          at = instruction.to;
          break;
        case 'save':
        case 'mark':
          this.set(instruction.slot, position);
          break;
        case 'progress':
          if (this.slots[instruction.slot] === position) at = instruction.exit;
          break;
        case 'position':
          matches = instruction.test(text, position, this.searchStart);
          break;
        case 'reference': {
          const end = this.matchReference(instruction.group, instruction.fold, position);
          matches = end !== -1;
          position = end;
          break;
        }
        case 'atomic': {
          const end = this.run(at, position, -1);
          matches = end !== -1;
          position = end;
          at = instruction.exit;
          break;
        }
        case 'look':
          matches = this.look(at, position, instruction.behind, instruction.negative);
          at = instruction.exit;
          break;
        default:
          if (mustEndAt === -1 || position === mustEndAt) {
            this.stack.length = base;
            return position;
          }
          matches = false;
      }
      if (matches) continue;
      if (this.stack.length === base) return -1;
      this.undo(this.stack.pop() ?? 0);
      position = this.stack.pop() ?? 0;
      at = this.stack.pop() ?? 0;
    }
  }

  private look(
    at: number,
    position: number,
    behind: { min: number; max: number } | undefined,
    negative: boolean,
  ): boolean {
    const before = this.trail.length;
    let found = false;
    if (behind === undefined) {
      found = this.run(at, position, -1) !== -1;
    } else {
      const last = Math.max(0, position - behind.max);
      for (let start = position - behind.min; start >= last && !found; start -= 1)
        found = this.run(at, start, position) !== -1;
    }
    if (!found || negative) this.undo(before);
    return found !== negative;
  }

  /** The end of what a group matched, repeated here; -1 if it is not, or if the group took no part. */
  private matchReference(group: number, fold: ((codePoint: number) => number) | undefined, position: number): number {
    const start = this.slots[group * 2] ?? -1;
    const end = this.slots[group * 2 + 1] ?? -1;
    if (group > this.program.groupCount || start === -1 || end === -1) return -1;
    this.steps += end - start;
    const wanted = this.text.slice(start, end);
    const present = this.text.slice(position, position + wanted.length);
    if (present === wanted) return position + wanted.length;
    if (fold === undefined || present.length !== wanted.length) return -1;
    const folded = (text: string): string => Array.from(text, (c) => fold(c.codePointAt(0) ?? 0)).join();
    return folded(present) === folded(wanted) ? position + wanted.length : -1;
  }

  private set(slot: number, value: number): void {
    this.trail.push(slot, this.slots[slot] ?? -1);
    this.slots[slot] = value;
  }

  private undo(length: number): void {
    while (this.trail.length > length) {
      const value = this.trail.pop() ?? -1;
      const slot = this.trail.pop() ?? 0;
      this.slots[slot] = value;
    }
  }

  /** True if the state failed before; states are remembered once there is a memory. */
  private wasTried(splitId: number, position: number): boolean {
    const { memory } = this;
    if (memory === undefined) return false;
    const bit = splitId * (this.text.length + 1) + position;
    const word = memory[bit >>> 5] ?? 0;
    const mask = 1 << (bit & 31);
    if ((word & mask) !== 0) return true;
    memory[bit >>> 5] = word | mask;
    return false;
  }

  private charge(): void {
    this.budget.regexSteps -= this.steps;
    this.steps = 0;
    if (this.budget.regexSteps < 0) throw new EvaluationError('A regular expression takes more steps than it may take');
  }

  /** Now and then: takes the steps from the budget, and starts the memory. */
  private settle(): void {
    this.charge();
    if (this.mayRemember && this.memory === undefined) {
      this.memory = new Uint32Array(((this.program.splitCount * (this.text.length + 1)) >>> 5) + 1);
    }
  }
}

function isInsidePair(text: string, position: number): boolean {
  const unit = text.charCodeAt(position);
  const before = text.charCodeAt(position - 1);
  return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
}
