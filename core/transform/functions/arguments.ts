import type { JsonValue } from '../../json.js';
import { compileReader } from '../condition/compile-condition.js';
import { parseWholePath } from '../condition/parse-condition.js';
import { ExpressionError } from '../expression-error.js';
import { replacePlaceholders } from '../template.js';
import type { FunctionArguments, Operand, ParameterSpec } from './function-definition.js';

const INTEGER = /^[+-]?\d{1,9}$/;

/** Parameters with placeholders replaced and variables put in; `raw` has the texts as written (FNC-11). */
export interface ParameterValues {
  readonly values: Readonly<Record<string, JsonValue>>;
  readonly raw: Readonly<Record<string, JsonValue>>;
  readonly properties: Readonly<Record<string, string>>;
}

/** Says what is wrong with one parameter. */
export type ParameterReport = (parameter: string, message: string) => void;

/** Checks the parameters of one call; undefined if something was reported. */
export function readArguments(
  specs: Readonly<Record<string, ParameterSpec>>,
  parameters: ParameterValues,
  report: ParameterReport,
): FunctionArguments | undefined {
  const found = new Map<string, JsonValue | Operand | readonly string[]>();
  let complete = true;
  for (const [name, spec] of Object.entries(specs)) {
    const value = parameters.values[name];
    if (value === undefined) {
      if (spec.required) report(name, `the parameter "${name}" is missing`);
      complete &&= !spec.required;
      continue;
    }
    const checked = readParameter(spec, value, parameters.raw[name], parameters.properties);
    if (checked instanceof ExpressionError) {
      report(name, `the parameter "${name}" ${checked.message}`);
      complete = false;
    } else {
      found.set(name, checked);
    }
  }
  return complete ? argumentsOf(found, parameters.properties) : undefined;
}

function readParameter(
  spec: ParameterSpec,
  value: JsonValue,
  raw: JsonValue | undefined,
  properties: Readonly<Record<string, string>>,
): JsonValue | Operand | readonly string[] | ExpressionError {
  switch (spec.kind) {
    case 'text':
      return isScalar(value) ? allowed(spec, String(value)) : new ExpressionError('must be a string');
    case 'operand':
      if (!isScalar(value)) return new ExpressionError('must be a string, a number or a boolean');
      return isPathText(raw) ? readPath(raw, properties) : String(value);
    case 'integer':
      return readInteger(spec, value);
    case 'boolean':
      if (value === true || value === 'true') return true;
      return value === false || value === 'false' ? false : new ExpressionError('must be true or false');
    case 'texts': {
      const list = Array.isArray(value) ? value : [value];
      if (list.length === 0 || !list.every(isScalar))
        return new ExpressionError('must be a string or a list of strings');
      const refused = list.map((each) => allowed(spec, String(each))).find((each) => each instanceof ExpressionError);
      return refused ?? list.map(String);
    }
    case 'value':
      return value;
  }
}

function readInteger(spec: ParameterSpec, value: JsonValue): number | ExpressionError {
  const text = isScalar(value) ? String(value).trim() : '';
  if (!INTEGER.test(text)) return new ExpressionError('must be an integer');
  const integer = Number(text) + 0;
  return spec.min !== undefined && integer < spec.min ? new ExpressionError(`must be at least ${spec.min}`) : integer;
}

function allowed(spec: ParameterSpec, text: string): string | ExpressionError {
  return spec.oneOf === undefined || spec.oneOf.includes(text)
    ? text
    : new ExpressionError(`must be one of ${spec.oneOf.join(', ')}`);
}

function isScalar(value: JsonValue): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** What counts is the text as written, so that values of properties stay literal (FNC-11). `${name}` is no path. */
export function isPathText(raw: JsonValue | undefined): raw is string {
  return typeof raw === 'string' && (raw.startsWith('$.') || raw.startsWith('$['));
}

function readPath(raw: string, properties: Readonly<Record<string, string>>): Operand | ExpressionError {
  try {
    return { read: compileReader(parseWholePath(replacePlaceholders(raw, properties)), properties), text: raw };
  } catch (error) {
    if (error instanceof ExpressionError) return new ExpressionError(`is no valid path: ${error.message}`);
    throw error;
  }
}

function argumentsOf(
  found: ReadonlyMap<string, JsonValue | Operand | readonly string[]>,
  properties: Readonly<Record<string, string>>,
): FunctionArguments {
  return {
    properties,
    has: (name) => found.has(name),
    text: (name) => {
      const value = found.get(name);
      return typeof value === 'string' ? value : '';
    },
    texts: (name) => {
      const value = found.get(name);
      return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
    },
    integer: (name) => {
      const value = found.get(name);
      return typeof value === 'number' ? value : undefined;
    },
    boolean: (name) => found.get(name) === true,
    operand: (name) => {
      const value = found.get(name);
      return isPathOperand(value) ? value : typeof value === 'string' ? value : '';
    },
    value: (name) => {
      const value = found.get(name);
      return value === undefined || isPathOperand(value) ? undefined : cloneList(value);
    },
  };
}

function isPathOperand(value: JsonValue | Operand | readonly string[] | undefined): value is Exclude<Operand, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'read' in value &&
    typeof value.read === 'function'
  );
}

function cloneList(value: JsonValue | readonly string[]): JsonValue {
  return isReadonlyList(value) ? [...value] : value;
}

function isReadonlyList(value: JsonValue | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}
