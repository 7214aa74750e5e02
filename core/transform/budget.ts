import { EvaluationError } from './evaluation-error.js';

/** Limits of one evaluation of one entity. */
export interface BudgetLimits {
  /** Elementary operations: elements visited, members copied, comparisons. */
  readonly steps: number;
  /** Characters and members written to the output or to variables. */
  readonly outputUnits: number;
  /** Steps of the regular expression matcher (CND-22). */
  readonly regexSteps: number;
}

/** Each takes about a second on one core; an ordinary person needs a few hundred steps, a group some for each member. */
export const DEFAULT_LIMITS: BudgetLimits = { steps: 5_000_000, outputUnits: 33_554_432, regexSteps: 60_000_000 };

/** What one evaluation has left. Mutable, never shared between evaluations. */
export class Budget {
  private steps: number;
  private outputUnits: number;
  /** Read and written by the matcher itself, which counts in a local variable. */
  regexSteps: number;

  constructor(limits: BudgetLimits = DEFAULT_LIMITS) {
    this.steps = limits.steps;
    this.outputUnits = limits.outputUnits;
    this.regexSteps = limits.regexSteps;
  }

  /** Throws {@link EvaluationError} when the entity needs more work than one entity may. */
  spend(steps: number): void {
    this.steps -= steps;
    if (this.steps < 0) throw new EvaluationError('The evaluation takes more steps than one entity may take');
  }

  /** Throws {@link EvaluationError} when the result grows beyond the limit. Call it before building something large. */
  produce(units: number): void {
    this.outputUnits -= units;
    if (this.outputUnits < 0) throw new EvaluationError('The result is larger than one entity may be');
  }
}
