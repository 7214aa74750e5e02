import type { Budget } from '../budget.js';
import { compilePattern } from './compile-pattern.js';
import { Matcher } from './match.js';
import type { Slots } from './match.js';
import { parsePattern } from './parse-pattern.js';

/** One match: positions of the groups in the text. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** Text of a group, undefined if it took no part. */
  group(index: number): string | undefined;
}

/** A compiled regular expression. Every method throws `EvaluationError` when the budget of the entity ends (CND-22). */
export interface Regex {
  /** Capturing groups, not counting the whole match. */
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  /** The whole text matches. */
  matches(text: string, budget: Budget): boolean;
  /** The match of the whole text. */
  matchAll(text: string, budget: Budget): RegexMatch | undefined;
  /** All matches in the text that do not overlap, one after the other. */
  findAll(text: string, budget: Budget): Generator<RegexMatch, void>;
}

/** Compiles a pattern of Java's syntax with the flags `i m s u x d U` (CND-22). Throws `ExpressionError`. */
export function compileRegex(pattern: string, flags: string): Regex {
  const program = compilePattern(parsePattern(pattern, flags));
  const toMatch = (text: string, slots: Slots | undefined): RegexMatch | undefined =>
    slots === undefined
      ? undefined
      : { start: slots[0] ?? 0, end: slots[1] ?? 0, group: (index) => groupText(text, slots, index) };
  return {
    groupCount: program.groupCount,
    groupNames: program.groupNames,
    matches: (text, budget) => new Matcher(program, text, budget, false).matchAll() !== undefined,
    matchAll: (text, budget) => toMatch(text, new Matcher(program, text, budget, true).matchAll()),
    *findAll(text, budget) {
      const matcher = new Matcher(program, text, budget, true);
      let from = 0;
      while (from <= text.length) {
        const match = toMatch(text, matcher.find(from));
        if (match === undefined) return;
        yield match;
        from = match.end === match.start ? match.end + 1 : match.end;
      }
    },
  };
}

function groupText(text: string, slots: Slots, index: number): string | undefined {
  const start = slots[index * 2] ?? -1;
  const end = slots[index * 2 + 1] ?? -1;
  return start === -1 || end === -1 ? undefined : text.slice(start, end);
}
