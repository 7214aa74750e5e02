import type { JsonValue } from '../json.js';
import type { DynamicCondition } from './condition/dynamic-condition.js';
import type { CompiledFunction } from './functions/compile-function.js';
import type { PathEditor } from './path/edit-path.js';
import type { PathWriter } from './path/write-path.js';
import type { Run } from './run.js';
import type { ValueTemplate } from './template.js';
import type { Value } from './value.js';

/** Keys of a mapping (EXP-5 to EXP-21, EXP-31). */
export const MAPPING_KEYS = [
  'sourcePath',
  'sourcePaths',
  'sourceVariable',
  'variablePath',
  'constant',
  'targetPath',
  'targetVariable',
  'correlationAttribute',
  'optional',
  'defaultValue',
  'preserveArrayWithSingleElement',
  'condition',
  'ignore',
  'scope',
  'type',
  'functions',
  'valueMappings',
  'hashing',
] as const;

/** Values of `scope` (EXP-18). */
export const SCOPES = ['createEntity', 'patchEntity', 'deleteEntity'] as const;

/** See {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** Values of `type` (EXP-19). */
export const MAPPING_TYPES = ['set', 'remove', 'rename', 'valueMapping'] as const;

/** See {@link MAPPING_TYPES}. */
export type MappingType = (typeof MAPPING_TYPES)[number];

/** Where the value of a mapping comes from. */
export interface Origin {
  /** Path, variable or constant as written, for messages and traces. */
  readonly text: string;
  /** Undefined is *missing* (EXP-22). */
  readonly read: (run: Run) => Value | undefined;
  /** The variable it reads, if it reads one. */
  readonly variable: string | undefined;
  /** Variables in a constant. */
  readonly variables: readonly string[];
  readonly canonical: JsonValue;
}

/** One mapping, compiled. */
export interface CompiledMapping {
  /** JSON pointer of the mapping in the document. */
  readonly pointer: string;
  readonly type: MappingType;
  readonly scope: Scope | undefined;
  readonly condition: DynamicCondition | undefined;
  readonly origin: Origin | undefined;
  readonly functions: readonly CompiledFunction[];
  /** Undefined if the key is absent. */
  readonly defaultValue: ValueTemplate | undefined;
  readonly optional: boolean;
  readonly correlation: boolean;
  readonly targetVariable: string | undefined;
  /** As written. */
  readonly targetPath: string | undefined;
  /** First attribute of the target path, undefined for `$`. */
  readonly targetAttribute: string | undefined;
  readonly write: PathWriter | undefined;
  /** Of `remove` and `rename`. */
  readonly edit: PathEditor | undefined;
  /** `rename` of a definite path: no match is a failure (EXP-27). */
  readonly mustMatch: boolean;
  /** Of `rename`: the new name. */
  readonly newName: string | undefined;
  /** Its value, or the place it is written to, comes from a credential property. */
  readonly usesCredential: boolean;
  /** Properties it refers to, so that secret ones can be masked. */
  readonly placeholders: readonly string[];
  readonly canonical: JsonValue;
}

/** Names of variables that a mapping reads for its value, not for its conditions. */
export function valueVariables(mapping: CompiledMapping): readonly string[] {
  return [
    ...(mapping.origin?.variable === undefined ? [] : [mapping.origin.variable]),
    ...(mapping.origin?.variables ?? []),
    ...mapping.functions.flatMap((fn) => fn.parameterVariables),
  ];
}

/** Names of variables that decide whether a mapping or one of its functions runs. */
export function conditionVariables(mapping: CompiledMapping): readonly string[] {
  return [...(mapping.condition?.variables ?? []), ...mapping.functions.flatMap((fn) => fn.conditionVariables)];
}
