import type { JsonValue } from '../json.js';
import { Budget } from './budget.js';
import type { CompiledMapping } from './mapping-model.js';
import type { RunObserver } from './run.js';
import { copyValue } from './value.js';
import type { Value } from './value.js';

/** What one mapping did to one entity. */
export interface MappingExplanation {
  /** JSON pointer of the mapping in the transformation. */
  readonly pointer: string;
  /**
   * `notExecuted`: another scope, or a mapping without effect. `conditionNotMet`, `missing` (no value, nothing written), `written`,
   * `edited` (`remove`, `rename`), `failed`.
   */
  readonly status: 'notExecuted' | 'conditionNotMet' | 'missing' | 'written' | 'edited' | 'failed';
  readonly condition?: {
    readonly text: string;
    readonly met: boolean;
    readonly tests?: readonly { readonly text: string; readonly met: boolean }[];
  };
  /** Path, variable or constant the value comes from, as written. */
  readonly origin?: string;
  /** The value found there; absent if it is missing. */
  readonly originValue?: JsonValue;
  /** Results of the functions in their order; absent where a function gave nothing. */
  readonly functions: readonly { readonly name: string; readonly result?: JsonValue }[];
  /** The value is the default. */
  readonly usedDefault?: true;
  readonly targetPath?: string;
  readonly targetVariable?: string;
  /** What was written. */
  readonly value?: JsonValue;
  /** Matches of `remove` and `rename`. */
  readonly matches?: number;
  /** Why the entity failed here. */
  readonly message?: string;
}

/** Stands for a secret value in an explanation. */
export const MASK = '••••••••';

/** Listens to one mapping while it is executed. */
export class MappingObserver implements RunObserver {
  private readonly functions: { name: string; result?: JsonValue }[] = [];
  private readonly seen: { -readonly [Key in keyof MappingExplanation]?: MappingExplanation[Key] } = {};
  private conditionMet: boolean | undefined;

  constructor(
    private readonly mapping: CompiledMapping,
    private readonly isSecret: boolean,
  ) {}

  condition(met: boolean): void {
    this.conditionMet = met;
    if (!met) this.seen.status = 'conditionNotMet';
  }

  origin(value: Value | undefined): void {
    if (value !== undefined) this.seen.originValue = this.shown(value);
  }

  function(name: string, result: Value | undefined): void {
    this.functions.push(result === undefined ? { name } : { name, result: this.shown(result) });
  }

  defaultValue(): void {
    this.seen.usedDefault = true;
  }

  delivered(value: Value | undefined): void {
    this.seen.status = value === undefined ? 'missing' : 'written';
    if (value !== undefined) this.seen.value = this.shown(value);
  }

  edited(matches: number): void {
    this.seen.status = 'edited';
    this.seen.matches = matches;
  }

  failed(message: string): void {
    this.seen.status = 'failed';
    this.seen.message = message;
  }

  /** The description; `tests` are the single tests of the condition. */
  explanation(tests: readonly { readonly text: string; readonly met: boolean }[] | undefined): MappingExplanation {
    const { mapping, conditionMet } = this;
    return {
      pointer: mapping.pointer,
      ...this.seen,
      status: this.seen.status ?? 'missing',
      functions: this.functions,
      ...(mapping.condition === undefined || conditionMet === undefined
        ? {}
        : { condition: { text: mapping.condition.raw, met: conditionMet, ...(tests === undefined ? {} : { tests }) } }),
      ...(mapping.origin === undefined ? {} : { origin: mapping.origin.text }),
      ...(mapping.targetPath === undefined ? {} : { targetPath: mapping.targetPath }),
      ...(mapping.targetVariable === undefined ? {} : { targetVariable: mapping.targetVariable }),
    };
  }

  private shown(value: Value): JsonValue {
    return this.isSecret ? MASK : copyValue(value, new Budget());
  }
}
