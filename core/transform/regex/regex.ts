import type { Budget } from '../budget.js';
import { ExpressionError } from '../expression-error.js';

/** A compiled regular expression. */
export interface Regex {
  /** The whole text matches. */
  matches(text: string, budget: Budget): boolean;
}

/** Compiles a pattern of Java's syntax (CND-22). Throws {@link ExpressionError}. */
export function compileRegex(_pattern: string, _flags: string): Regex {
  throw new ExpressionError('regular expressions are not available in this version; compare with == or use "in"');
}
