import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { CompileContext } from './compile-context.js';
import { compileReader } from './condition/compile-condition.js';
import { propertiesUsed } from './condition/dynamic-condition.js';
import { parseWholePath } from './condition/parse-condition.js';
import { printWholePath } from './condition/print-condition.js';
import { ExpressionError } from './expression-error.js';
import { below } from './issues.js';
import type { Origin } from './mapping-model.js';
import { isDefinitePath } from './path/path-model.js';
import type { Path } from './path/path-model.js';
import type { PathReader } from './path/read-path.js';
import { compileValue } from './template.js';
import { textOf } from './value.js';
import type { Value } from './value.js';

/** A path of the document, compiled for reading. */
export interface SourcePath {
  readonly raw: string;
  readonly read: PathReader;
  readonly definite: boolean;
  readonly canonical: JsonValue;
}

/** Compiles the value origin of a mapping (EXP-5): undefined if it has none or a wrong one, which is reported. */
export function compileOrigin(raw: JsonObject, pointer: string, context: CompileContext): Origin | undefined {
  if (raw['type'] === 'valueMapping') return compileValueMapping(raw, pointer, context);
  const preserve = context.flag(raw, 'preserveArrayWithSingleElement', pointer);
  const { sourcePath, sourceVariable, constant } = raw;
  if (constant !== undefined) return compileConstant(constant, below(pointer, 'constant'), context);
  if (sourceVariable !== undefined) return compileVariable(raw, sourceVariable, preserve, pointer, context);
  if (sourcePath !== undefined) return compilePathOrigin(sourcePath, preserve, pointer, context);
  return undefined;
}

function compilePathOrigin(
  raw: JsonValue,
  preserve: boolean,
  pointer: string,
  context: CompileContext,
): Origin | undefined {
  const path = compileSourcePath(raw, below(pointer, 'sourcePath'), context);
  if (path === undefined) return undefined;
  const { read, definite } = path;
  return {
    text: path.raw,
    read: (run) => found(read(run.root, run.root, run.budget), definite, preserve),
    variable: undefined,
    variables: [],
    canonical: ['path', path.canonical, preserve],
  };
}

/** EXP-22, EXP-24: an empty list of an indefinite path is missing; a list of one element is replaced by it. */
function found(value: Value | undefined, definite: boolean, preserve: boolean): Value | undefined {
  if (!Array.isArray(value)) return value;
  if (value.length === 0 && !definite) return undefined;
  return value.length === 1 && !preserve ? value[0] : value;
}

/** Parses and compiles a path that is read; reports what is wrong. */
export function compileSourcePath(raw: JsonValue, pointer: string, context: CompileContext): SourcePath | undefined {
  const parsed = parseDocumentPath(raw, pointer, context, (path) => compileReader(path, context.properties));
  if (parsed === undefined) return undefined;
  const { path, compiled } = parsed;
  return { raw: parsed.raw, read: compiled, definite: isDefinitePath(path), canonical: canonicalPath(path, context) };
}

/** Parses a path of the document and prepares it; a mistake is reported without the values of properties. */
export function parseDocumentPath<T>(
  raw: JsonValue,
  pointer: string,
  context: CompileContext,
  compile: (path: Path) => T,
): { readonly raw: string; readonly path: Path; readonly compiled: T } | undefined {
  if (typeof raw !== 'string') {
    context.issues.error('wrongType', pointer, 'A path must be a string such as "$.userName".');
    return undefined;
  }
  try {
    const path = parseWholePath(context.text(raw, pointer));
    return { raw, path, compiled: compile(path) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const reason = context.hasPlaceholders(raw) ? 'not after its placeholders are replaced' : error.message;
    context.issues.error('pathSyntax', pointer, `The path cannot be used: ${reason}.`, raw);
    return undefined;
  }
}

/** Canonical text of a path with the properties its filters read, for the fingerprint. */
export function canonicalPath(path: Path, context: CompileContext): JsonValue {
  return [printWholePath(path), ...propertiesUsed([{ kind: 'exists', path }], context.properties)];
}

function compileVariable(
  raw: JsonObject,
  name: JsonValue,
  preserve: boolean,
  pointer: string,
  context: CompileContext,
): Origin | undefined {
  if (typeof name !== 'string' || name === '') {
    context.issues.error(
      'wrongType',
      below(pointer, 'sourceVariable'),
      '"sourceVariable" must be the name of a variable.',
    );
    return undefined;
  }
  const variable = context.text(name, below(pointer, 'sourceVariable'));
  const variablePath = raw['variablePath'];
  const common = { variable, variables: [] };
  if (variablePath === undefined) {
    return { ...common, text: name, read: (run) => run.variable(variable), canonical: ['variable', variable] };
  }
  const path = compileSourcePath(variablePath, below(pointer, 'variablePath'), context);
  if (path === undefined) return undefined;
  return {
    ...common,
    text: `${name} ${path.raw}`,
    read: (run) => {
      const value = run.variable(variable);
      return value === undefined ? undefined : found(path.read(value, value, run.budget), path.definite, preserve);
    },
    canonical: ['variable', variable, path.canonical, preserve],
  };
}

const PROPERTY_LIST = /^%([A-Za-z0-9_.<>-]+)%\[\]$/;

function compileConstant(constant: JsonValue, pointer: string, context: CompileContext): Origin | undefined {
  if (constant === null) {
    context.issues.error('wrongType', pointer, 'A constant must not be null; use "defaultValue": null.');
    return undefined;
  }
  if (hasForbiddenName(constant)) {
    context.issues.error(
      'forbiddenName',
      pointer,
      'An attribute must not be called "__proto__", "constructor" or "prototype".',
    );
    return undefined;
  }
  context.checkPlaceholders(constant, pointer);
  const text = typeof constant === 'string' ? `"${constant}"` : 'constant';
  const list = typeof constant === 'string' ? propertyList(constant, context) : undefined;
  if (list !== undefined)
    return { text, read: () => list, variable: undefined, variables: [], canonical: ['constant', list] };
  const template = compileValue(constant, context.properties);
  const fixed = template.constant;
  return {
    text,
    read: fixed === undefined ? (run) => template.fill(run) : () => fixed,
    variable: undefined,
    variables: [...context.variablesIn(constant)],
    canonical: ['constant', template.canonical],
  };
}

/** True if an object in the value has a member that must not be written. */
export function hasForbiddenName(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasForbiddenName);
  if (!isJsonObject(value)) return false;
  return Object.keys(value).some(
    (name) => ['__proto__', 'constructor', 'prototype'].includes(name) || hasForbiddenName(value[name] ?? null),
  );
}

/** PHL-7: `%key%[]` is the list of the parts of the property. */
function propertyList(constant: string, context: CompileContext): string[] | undefined {
  const key = PROPERTY_LIST.exec(constant)?.[1];
  if (key === undefined) return undefined;
  const property = Object.hasOwn(context.properties, key) ? context.properties[key] : undefined;
  if (property === undefined) return ['null'];
  return property
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** VMP-1 to VMP-4: a table from the texts of all paths to the mapped value. */
function compileValueMapping(raw: JsonObject, pointer: string, context: CompileContext): Origin | undefined {
  const paths = compileSourcePaths(raw['sourcePaths'], below(pointer, 'sourcePaths'), context);
  if (paths === undefined) return undefined;
  const table = compileTable(raw['valueMappings'], paths.length, below(pointer, 'valueMappings'), context);
  if (table === undefined) return undefined;
  const complete = paths.every((path) => path !== undefined) ? paths : undefined;
  if (complete === undefined) return undefined;
  return {
    text: complete.map((path) => path.raw).join(', '),
    read: (run) => {
      const key: string[] = [];
      for (const path of complete) {
        const value = found(path.read(run.root, run.root, run.budget), path.definite, true);
        if (value === undefined || value === null) return undefined;
        key.push(textOf(value));
      }
      return table.get(JSON.stringify(key))?.fill(run);
    },
    variable: undefined,
    variables: [...table.values()].length === 0 ? [] : [...context.variablesIn(raw['valueMappings'] ?? null)],
    canonical: [
      'table',
      complete.map((path) => path.canonical),
      [...table].map(([key, value]) => [key, value.canonical]),
    ],
  };
}

function compileSourcePaths(
  raw: JsonValue | undefined,
  pointer: string,
  context: CompileContext,
): (SourcePath | undefined)[] | undefined {
  if (!Array.isArray(raw) || raw.length === 0) {
    context.issues.error('wrongType', pointer, 'A value mapping needs "sourcePaths", a list of paths.');
    return undefined;
  }
  return raw.map((path, position) => compileSourcePath(path, below(pointer, position), context));
}

function compileTable(
  raw: JsonValue | undefined,
  width: number,
  pointer: string,
  context: CompileContext,
): ReadonlyMap<string, ReturnType<typeof compileValue>> | undefined {
  if (!Array.isArray(raw)) {
    context.issues.error(
      'wrongType',
      pointer,
      'A value mapping needs "valueMappings", a list of {"key": [...], "mappedValue": ...}.',
    );
    return undefined;
  }
  const table = new Map<string, ReturnType<typeof compileValue>>();
  raw.forEach((entry, position) => {
    const place = below(pointer, position);
    const key = isJsonObject(entry) ? entry['key'] : undefined;
    const mapped = isJsonObject(entry) ? entry['mappedValue'] : undefined;
    if (!Array.isArray(key) || key.length !== width) {
      context.issues.error('wrongKey', place, `"key" must be a list of ${width} values, one for each source path.`);
    } else if (mapped === undefined || hasForbiddenName(mapped)) {
      context.issues.error('missingKey', place, 'An entry of a value mapping needs a "mappedValue".');
    } else {
      context.checkPlaceholders([...key, mapped], place);
      const text = JSON.stringify(
        key.map((part) => (typeof part === 'string' ? context.text(part, place) : textOf(part))),
      );
      // The first entry wins (VMP-3).
      if (!table.has(text)) table.set(text, compileValue(mapped, context.properties));
    }
  });
  return table;
}
