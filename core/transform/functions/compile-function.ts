import { isJsonObject } from '../../json.js';
import type { JsonObject, JsonValue } from '../../json.js';
import type { CompileContext } from '../compile-context.js';
import { compileDynamicCondition } from '../condition/dynamic-condition.js';
import { EvaluationError } from '../evaluation-error.js';
import { ExpressionError } from '../expression-error.js';
import { below } from '../issues.js';
import type { Run } from '../run.js';
import { didYouMean } from '../suggest.js';
import { compileValue, NO_VARIABLES } from '../template.js';
import type { ValueTemplate, VariableSource } from '../template.js';
import { isForbiddenName } from '../value.js';
import type { Value } from '../value.js';
import { applyPrepared } from './apply-function.js';
import type { ChainState, PreparedFunction } from './apply-function.js';
import { isPathText, readArguments } from './arguments.js';
import type { FunctionDefinition } from './function-definition.js';
import { canonicalCall } from './function-call.js';
import type { CompiledParameters, FunctionFrame } from './function-call.js';
import { FUNCTIONS } from './registry.js';

/** One entry of `functions`, compiled. */
export interface CompiledFunction {
  readonly name: string;
  readonly definition: FunctionDefinition;
  /** Variables in its parameters; those of its condition do not make its result depend on them (CHG-4). */
  readonly parameterVariables: readonly string[];
  readonly conditionVariables: readonly string[];
  readonly canonical: JsonValue;
  /** Undefined is *missing*. Throws `EvaluationError`. */
  readonly apply: (value: Value, run: Run, chain: ChainState) => Value | undefined;
}

const COMMON_KEYS = [
  'function',
  'type',
  'condition',
  'applyOnElements',
  'applyOnAttribute',
  'applyOnJsonAttribute',
  'assignToAttribute',
];

/** Programs of parameters that contain variables, kept by their text. */
const MAX_PREPARED = 64;

/** Compiles one entry of `functions` (FNC-1 to FNC-10); reports what is wrong and then gives undefined. */
export function compileFunction(
  raw: JsonValue,
  pointer: string,
  context: CompileContext,
): CompiledFunction | undefined {
  if (!isJsonObject(raw)) {
    context.issues.error(
      'wrongType',
      pointer,
      'A function must be an object such as {"function": "toUpperCaseString"}.',
    );
    return undefined;
  }
  const definition = findDefinition(raw, pointer, context);
  if (definition === undefined) return undefined;
  if (definition.writeOnly === true && context.direction === 'read') {
    context.issues.error(
      'functionNotAllowed',
      pointer,
      `${definition.name} works in write transformations only; move it there.`,
      definition.name,
    );
    return undefined;
  }
  return compileCall(raw, definition, pointer, context);
}

function findDefinition(raw: JsonObject, pointer: string, context: CompileContext): FunctionDefinition | undefined {
  const key = raw['function'] === undefined ? 'type' : 'function';
  const name = raw[key];
  if (typeof name !== 'string') {
    context.issues.error('missingKey', pointer, 'A function needs its name under the key "function".');
    return undefined;
  }
  const definition = FUNCTIONS.get(context.text(name, below(pointer, key)));
  if (definition === undefined) {
    context.issues.error(
      'unknownFunction',
      below(pointer, key),
      `There is no function "${name}".${didYouMean(name, FUNCTIONS.keys())}`,
      name,
    );
  }
  return definition;
}

function compileCall(
  raw: JsonObject,
  definition: FunctionDefinition,
  pointer: string,
  context: CompileContext,
): CompiledFunction | undefined {
  const before = context.issues.all.length;
  checkKeys(raw, definition, pointer, context);
  const frame = compileFrame(raw, pointer, context);
  const parameters = compileParameters(raw, definition, pointer, context);
  const prepared =
    parameters.variables.length > 0 ? undefined : prepareNow(definition, parameters, frame, pointer, context);
  if (prepared === undefined && parameters.variables.length === 0) return undefined;
  if (context.issues.all.slice(before).some((issue) => issue.code === 'unknownParameter')) return undefined;
  return {
    name: definition.name,
    definition,
    parameterVariables: parameters.variables,
    conditionVariables: frame.condition?.variables ?? [],
    canonical: canonicalCall(definition, frame, parameters),
    apply:
      prepared === undefined
        ? prepareLater(definition, parameters, frame)
        : (value, run, chain) => applyPrepared(prepared, value, run, chain),
  };
}

function checkKeys(raw: JsonObject, definition: FunctionDefinition, pointer: string, context: CompileContext): void {
  const known = [...Object.keys(definition.parameters), ...COMMON_KEYS];
  for (const key of Object.keys(raw)) {
    if (known.includes(key)) continue;
    const message = `${definition.name} has no parameter "${key}".${didYouMean(key, known)}`;
    context.issues.error('unknownParameter', below(pointer, key), message, key);
  }
}

function compileFrame(raw: JsonObject, pointer: string, context: CompileContext): FunctionFrame {
  const condition = raw['condition'];
  const attributeKey = raw['applyOnAttribute'] === undefined ? 'applyOnJsonAttribute' : 'applyOnAttribute';
  return {
    condition:
      condition === undefined ? undefined : compileDynamicCondition(condition, below(pointer, 'condition'), context),
    applyOnElements: context.flag(raw, 'applyOnElements', pointer),
    applyOn: attributeName(raw, attributeKey, pointer, context),
    assignTo: attributeName(raw, 'assignToAttribute', pointer, context),
  };
}

function attributeName(raw: JsonObject, key: string, pointer: string, context: CompileContext): string | undefined {
  const value = raw[key];
  if (value === undefined) return undefined;
  const name = typeof value === 'string' ? context.text(value, below(pointer, key)) : undefined;
  if (name === undefined || name === '') {
    context.issues.error('wrongType', below(pointer, key), `"${key}" must be the name of an attribute.`);
    return undefined;
  }
  if (isForbiddenName(name)) {
    context.issues.error('forbiddenName', below(pointer, key), `An attribute must not be called "${name}".`, name);
    return undefined;
  }
  return name;
}

function compileParameters(
  raw: JsonObject,
  definition: FunctionDefinition,
  pointer: string,
  context: CompileContext,
): CompiledParameters {
  const own: Record<string, JsonValue> = {};
  const templates: Record<string, ValueTemplate> = {};
  const variables = new Set<string>();
  for (const [name, spec] of Object.entries(definition.parameters)) {
    const value = raw[name];
    if (value === undefined) continue;
    own[name] = value;
    templates[name] = compileValue(value, context.properties);
    context.checkPlaceholders(value, below(pointer, name));
    // A path is taken as it stands: variables are not replaced in paths.
    if (spec.kind !== 'operand' || !isPathText(value))
      for (const variable of context.variablesIn(value)) variables.add(variable);
  }
  return { raw: own, templates, variables: [...variables], properties: context.properties };
}

function prepareNow(
  definition: FunctionDefinition,
  parameters: CompiledParameters,
  frame: FunctionFrame,
  pointer: string,
  context: CompileContext,
): PreparedFunction | undefined {
  const values = valuesOf(parameters, NO_VARIABLES);
  let reported: string | undefined;
  try {
    return prepare(definition, parameters, values, frame, (name, message) => {
      reported = name;
      const raw = parameters.raw[name];
      const place = raw === undefined ? pointer : below(pointer, name);
      const spoken = context.hasPlaceholders(raw)
        ? `the parameter "${name}" is not valid after its placeholders are replaced`
        : message;
      context.issues.error(
        'wrongParameter',
        place,
        `${definition.name}: ${spoken}.`,
        typeof raw === 'string' ? raw : undefined,
      );
    });
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const secret = Object.values(parameters.raw).some((raw) => context.hasPlaceholders(raw));
    const spoken = secret ? 'the parameters are not valid after their placeholders are replaced' : error.message;
    if (reported === undefined) context.issues.error('wrongParameter', pointer, `${definition.name}: ${spoken}.`);
    return undefined;
  }
}

function prepare(
  definition: FunctionDefinition,
  parameters: CompiledParameters,
  values: Readonly<Record<string, JsonValue>>,
  frame: FunctionFrame,
  report: (parameter: string, message: string) => void,
): PreparedFunction | undefined {
  const args = readArguments(
    definition.parameters,
    { values, raw: parameters.raw, properties: parameters.properties },
    report,
  );
  if (args === undefined) return undefined;
  const common = {
    name: definition.name,
    condition: frame.condition?.test,
    applyOn: frame.applyOn,
    assignTo: frame.assignTo,
  };
  if (definition.elements === 'own')
    return { ...common, whole: definition.prepareWhole(args, frame), body: undefined, perElement: false };
  const perElement = definition.elements === 'always' || frame.applyOnElements;
  return { ...common, whole: undefined, body: definition.prepare(args), perElement };
}

/** Parameters with variables are checked when the variables are known (VAR-2). */
function prepareLater(
  definition: FunctionDefinition,
  parameters: CompiledParameters,
  frame: FunctionFrame,
): CompiledFunction['apply'] {
  const kept = new Map<string, PreparedFunction>();
  return (value, run, chain) => {
    const values = valuesOf(parameters, run);
    const key = JSON.stringify(values);
    run.budget.spend(key.length);
    let prepared = kept.get(key);
    if (prepared === undefined) {
      prepared = prepareWithVariables(definition, parameters, values, frame);
      if (kept.size >= MAX_PREPARED) kept.clear();
      kept.set(key, prepared);
    }
    return applyPrepared(prepared, value, run, chain);
  };
}

function prepareWithVariables(
  definition: FunctionDefinition,
  parameters: CompiledParameters,
  values: Readonly<Record<string, JsonValue>>,
  frame: FunctionFrame,
): PreparedFunction {
  try {
    const prepared = prepare(definition, parameters, values, frame, (name) => {
      throw new EvaluationError(
        `${definition.name}: the parameter "${name}" is not valid after its variables are replaced`,
      );
    });
    if (prepared !== undefined) return prepared;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
  }
  throw new EvaluationError(`${definition.name}: the parameters are not valid after their variables are replaced`);
}

function valuesOf(parameters: CompiledParameters, source: VariableSource): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(parameters.templates).map(([name, template]) => [name, template.fill(source)]),
  );
}
