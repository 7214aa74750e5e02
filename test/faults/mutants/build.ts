import type { Edit, Mutant } from './mutant-modules.js';

/** A broken engine with the sentence it breaks, the scenario that shows it and the rules under which the checker catches it. */
export interface CaughtMutant extends Mutant {
  /** What the engine must do, as engine.md says it. */
  readonly sentence: string;
  /** A name of the scenarios. */
  readonly scenario: string;
  /** One of these rules must be reported. */
  readonly caughtBy: readonly string[];
}

/** A broken engine in one sentence. */
export function mutant(
  name: string,
  sentence: string,
  scenario: string,
  caughtBy: readonly string[],
  ...edits: readonly Edit[]
): CaughtMutant {
  return { name, sentence, scenario, caughtBy, edits };
}

/** An expression is replaced. */
export function expression(file: string, find: string, broken: string): Edit {
  return { file, find, broken, as: 'expression' };
}

/** Statements are replaced. */
export function statements(file: string, find: string, broken: string): Edit {
  return { file, find, broken, as: 'statements' };
}

/** A part of a statement of SQL, in a template, is replaced. */
export function sql(file: string, find: string, broken: string): Edit {
  return { file, find, broken, as: 'sql' };
}
