import type { JsonValue } from '../../json.js';
import type { Budget } from '../budget.js';
import type { Path } from '../path/path-model.js';
import type { Value } from '../value.js';

/** Operators that are written with symbols (CND-6 to CND-10). */
export const SYMBOL_OPERATORS = ['===', '!==', '==', '!=', '<=', '>=', '<', '>', '=~'] as const;

/** Operators that are words, in any case (CND-11 to CND-16). */
export const WORD_OPERATORS = ['empty', 'in', 'nin', 'contains', 'size', 'subsetof', 'anyof', 'noneof', 'all'] as const;

/** Conditional functions with the kinds of their arguments (CND-23 to CND-27). */
export const CONDITION_FUNCTIONS = {
  isValidEmail: ['path'],
  isApplicationSpecificGroup: [],
  isRegularGroup: [],
  isAttributeWithOptionalPrefix: ['path', 'property'],
  isAttributeWithMandatoryPrefix: ['path', 'property'],
} as const satisfies Readonly<Record<string, readonly ('path' | 'property')[]>>;

/** See {@link SYMBOL_OPERATORS}. */
export type SymbolOperator = (typeof SYMBOL_OPERATORS)[number];
/** See {@link WORD_OPERATORS}. */
export type WordOperator = (typeof WORD_OPERATORS)[number];
/** See {@link CONDITION_FUNCTIONS}. */
export type ConditionFunctionName = keyof typeof CONDITION_FUNCTIONS;

/** One side of a comparison. */
export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'regex'; readonly pattern: string; readonly flags: string };

/** A parsed condition (CND-1). */
export type Condition =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'exists'; readonly path: Path }
  | {
      readonly kind: 'compare';
      readonly operator: SymbolOperator | WordOperator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'call';
      readonly name: ConditionFunctionName;
      readonly path: Path | undefined;
      readonly property: string | undefined;
    };

/** A compiled condition: `root` is what `$` stands for, `current` what `@` stands for (CND-3). */
export type Test = (root: Value, current: Value, budget: Budget) => boolean;
