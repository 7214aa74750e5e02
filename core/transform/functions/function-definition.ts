import type { JsonValue } from '../../json.js';
import type { PathReader } from '../path/read-path.js';
import type { Run } from '../run.js';
import type { Value } from '../value.js';

/** What a parameter of a function may be (FNC-9, TRF-10). */
export interface ParameterSpec {
  /**
   * `text`: a string, or a number or boolean that counts as its text. `operand`: a text or a path that is read from the input
   * document (FNC-11, FNC-23). `integer`: also as text, with or without sign. `boolean`: also as text. `texts`: one text or a
   * list of texts. `value`: any JSON.
   */
  readonly kind: 'text' | 'operand' | 'integer' | 'boolean' | 'texts' | 'value';
  readonly required: boolean;
  /** The only texts allowed. */
  readonly oneOf?: readonly string[];
  /** Least integer allowed. */
  readonly min?: number;
}

/** A path or a text, see {@link ParameterSpec.kind}. */
export type Operand = string | { readonly read: PathReader; readonly text: string };

/** Checked parameters of one function call in the document. */
export interface FunctionArguments {
  /** '' if the parameter is absent; ask {@link has} first where that matters. */
  text(name: string): string;
  texts(name: string): readonly string[];
  integer(name: string): number | undefined;
  boolean(name: string): boolean;
  operand(name: string): Operand;
  value(name: string): JsonValue | undefined;
  has(name: string): boolean;
  /** Properties of the system, for defaults that depend on them. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Texts that `resolveEntityIds` has resolved: positions in the list it returned, or the single value. */
export interface ResolvedTexts {
  list: readonly Value[] | undefined;
  positions: ReadonlySet<number>;
  scalar: string | undefined;
}

/** What a function body may use while it runs. */
export interface FunctionCall {
  readonly run: Run;
  /** Results of `resolveEntityIds` in this chain, which are not resolved again (FNC-38). */
  readonly resolved: WeakSet<object>;
  readonly resolvedTexts: ResolvedTexts;
}

/** Turns a value into another; undefined is *missing* (EXP-22). Throws `EvaluationError` if it cannot process the value. */
export type FunctionBody = (value: Value, call: FunctionCall) => Value | undefined;

/** Applies to a whole value with its elements; `unchanged` says which elements the condition of the call excludes (FNC-4). */
export type WholeBody = (value: Value, call: FunctionCall, unchanged: (element: Value) => boolean) => Value | undefined;

interface CommonDefinition {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Runs although there is no value, with null in its place (EXP-23). */
  readonly runsOnMissing?: true;
  /** Refused in read transformations (FNC-36). */
  readonly writeOnly?: true;
  /** Looks up links of other entities (CHG-4). */
  readonly linkDependent?: true;
  /** Gives a generated secret (FNC-30). */
  readonly generatesSecret?: true;
}

/** A function of the language: one module of this folder each. */
export type FunctionDefinition =
  | (CommonDefinition & {
      /** `always`: lists are processed element by element; `onRequest`: only with `applyOnElements` (FNC-5). */
      readonly elements: 'always' | 'onRequest';
      /** Checks what the parameters mean together and prepares the body. Throws `ExpressionError`. */
      readonly prepare: (args: FunctionArguments) => FunctionBody;
    })
  | (CommonDefinition & {
      /** The function deals with lists, `applyOnAttribute` and conditions itself. */
      readonly elements: 'own';
      readonly prepareWhole: (args: FunctionArguments, attribute: AttributeUse) => WholeBody;
    });

/** FNC-6, FNC-7. */
export interface AttributeUse {
  readonly applyOn: string | undefined;
  readonly assignTo: string | undefined;
}
