import type { EntityType } from '../entity-type.js';
import { Budget } from './budget.js';
import { Output } from './path/output.js';
import type { EvaluationContext, WriteContext, WriteOperation } from './program.js';
import type { Value } from './value.js';

/** Is told what a mapping does, see `explain.ts`. */
export interface RunObserver {
  condition(met: boolean): void;
  origin(value: Value | undefined): void;
  function(name: string, result: Value | undefined): void;
  defaultValue(): void;
  /** Undefined: the mapping has no value and writes nothing. */
  delivered(value: Value | undefined): void;
  /** `remove` and `rename`: number of matches. */
  edited(matches: number): void;
}

/** State of one evaluation of one entity. */
export class Run {
  readonly output = new Output();
  readonly budget = new Budget();
  /** Values of correlation attributes (EXP-9). */
  readonly correlation: string[] = [];
  /** Top-level attributes that received a generated secret (LNK-5). */
  readonly secretAttributes = new Set<string>();
  /** Ids that could not be resolved (WRT-7), by type and id. */
  readonly unresolved = new Map<string, { readonly type: EntityType; readonly sourceId: string }>();
  /** Only while an entity is explained. */
  observer: RunObserver | undefined;
  private readonly variables = new Map<string, Value>();

  constructor(
    /** The input document; `$` of every condition and source path (TRF-8). */
    readonly root: Value,
    readonly context: EvaluationContext,
    /** Only while a write transformation runs. */
    readonly write: { readonly operation: WriteOperation; readonly context: WriteContext } | undefined,
  ) {}

  /** An arrow function, because templates take it as it is. */
  readonly variable = (name: string): Value | undefined => this.variables.get(name);

  /** The same evaluation with a budget of its own, for what is only looked at. */
  withFreshBudget(): Run {
    const copy = new Run(this.root, this.context, this.write);
    for (const [name, value] of this.variables) copy.setVariable(name, value);
    return copy;
  }

  setVariable(name: string, value: Value): void {
    this.variables.set(name, value);
  }
}
