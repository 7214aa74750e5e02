import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { CompileContext } from './compile-context.js';
import { refuseGeneratedSecrets, usesCredential } from './credential-use.js';
import { canonicalPath, compileOrigin, hasForbiddenName, parseDocumentPath } from './compile-origin.js';
import { compileCondition } from './condition/compile-condition.js';
import { compileDynamicCondition } from './condition/dynamic-condition.js';
import type { Condition, Test } from './condition/condition-model.js';
import { compileFunction } from './functions/compile-function.js';
import { below } from './issues.js';
import { MAPPING_KEYS, MAPPING_TYPES, SCOPES } from './mapping-model.js';
import type { CompiledMapping, MappingType, Scope } from './mapping-model.js';
import { compileRemover, compileRenamer } from './path/edit-path.js';
import { isDefinitePath } from './path/path-model.js';
import { compileTargetSegments } from './path/target-path.js';
import { compilePathWriter } from './path/write-path.js';
import { didYouMean } from './suggest.js';
import { compileValue } from './template.js';
import { isForbiddenName } from './value.js';

const ORIGINS = ['sourcePath', 'sourcePaths', 'sourceVariable', 'constant'] as const;

/** Compiles one mapping; reports everything that is wrong with it. Undefined if it is ignored or cannot be used. */
export function compileMapping(raw: JsonValue, pointer: string, context: CompileContext): CompiledMapping | undefined {
  if (!isJsonObject(raw)) {
    context.issues.error('wrongType', pointer, 'A mapping must be an object.');
    return undefined;
  }
  const ignored = context.flag(raw, 'ignore', pointer);
  const mapping = context.issues.lenient(ignored, () => compileParts(raw, pointer, context));
  return ignored ? undefined : mapping;
}

function compileParts(raw: JsonObject, pointer: string, given: CompileContext): CompiledMapping {
  const context = given.guardedBy(raw['condition']);
  const type = readType(raw, pointer, context);
  checkKeys(raw, type, pointer, context);
  const scope = readScope(raw, pointer, context);
  const condition = raw['condition'];
  const target = compileTarget(raw, type, pointer, context);
  const parts = {
    pointer,
    type,
    scope,
    condition:
      condition === undefined ? undefined : compileDynamicCondition(condition, below(pointer, 'condition'), context),
    origin: type === 'set' || type === 'valueMapping' ? compileOrigin(raw, pointer, context) : undefined,
    functions: compileFunctions(raw['functions'], below(pointer, 'functions'), context),
    defaultValue: compileDefault(raw['defaultValue'], below(pointer, 'defaultValue'), context),
    optional: context.flag(raw, 'optional', pointer),
    correlation: context.flag(raw, 'correlationAttribute', pointer),
    targetVariable: readTargetVariable(raw, pointer, context),
    usesCredential: usesCredential(raw, pointer, context),
    placeholders: [...context.placeholdersIn(raw)],
  };
  refuseGeneratedSecrets(parts.functions, pointer, context);
  // Every key by its name: spreading two objects would give nearly every mapping a hidden class of its own, and V8 remembers few.
  return {
    pointer: parts.pointer,
    type: parts.type,
    scope: parts.scope,
    condition: parts.condition,
    origin: parts.origin,
    functions: parts.functions,
    defaultValue: parts.defaultValue,
    optional: parts.optional,
    correlation: parts.correlation,
    targetVariable: parts.targetVariable,
    usesCredential: parts.usesCredential,
    placeholders: parts.placeholders,
    targetPath: target.targetPath,
    targetAttribute: target.targetAttribute,
    write: target.write,
    edit: target.edit,
    newName: target.newName,
    mustMatch: target.mustMatch,
    canonical: canonicalMapping(parts, target.canonicalTarget),
  };
}

function readType(raw: JsonObject, pointer: string, context: CompileContext): MappingType {
  const value = raw['type'];
  if (value === undefined) return 'set';
  const text = typeof value === 'string' ? context.text(value, below(pointer, 'type')) : '';
  const type = MAPPING_TYPES.find((candidate) => candidate === text);
  if (type === undefined) {
    const message = `The type of a mapping must be one of ${MAPPING_TYPES.join(', ')}.${didYouMean(text, MAPPING_TYPES)}`;
    context.issues.error(
      'unknownMappingType',
      below(pointer, 'type'),
      message,
      typeof value === 'string' ? value : undefined,
    );
  }
  return type ?? 'set';
}

function readScope(raw: JsonObject, pointer: string, context: CompileContext): Scope | undefined {
  const value = raw['scope'];
  if (value === undefined) return undefined;
  const place = below(pointer, 'scope');
  const text = typeof value === 'string' ? context.text(value, place) : '';
  const scope = SCOPES.find((candidate) => candidate === text);
  const shown = typeof value === 'string' ? value : undefined;
  if (scope === undefined) {
    context.issues.error(
      'unknownScope',
      place,
      `The scope must be one of ${SCOPES.join(', ')}.${didYouMean(text, SCOPES)}`,
      shown,
    );
  } else if (context.direction === 'read') {
    context.issues.warning('scopeWithoutEffect', place, 'Scopes have an effect in write transformations only.', shown);
    return undefined;
  }
  return scope;
}

function readTargetVariable(raw: JsonObject, pointer: string, context: CompileContext): string | undefined {
  const value = raw['targetVariable'];
  if (value === undefined) return undefined;
  const place = below(pointer, 'targetVariable');
  if (typeof value === 'string' && value !== '') return context.text(value, place);
  context.issues.error('wrongType', place, '"targetVariable" must be the name of a variable.');
  return undefined;
}

function checkKeys(raw: JsonObject, type: MappingType, pointer: string, context: CompileContext): void {
  for (const key of Object.keys(raw)) {
    if (MAPPING_KEYS.some((known) => known === key)) continue;
    const message = `"${key}" is no key of a mapping and has no effect.${didYouMean(key, MAPPING_KEYS)}`;
    context.issues.warning('unknownKey', below(pointer, key), message, key);
  }
  const origins = ORIGINS.filter((key) => raw[key] !== undefined);
  if (origins.length > 1) {
    const message = `A mapping has one value origin, this one has ${origins.join(', ')}; keep one of them.`;
    context.issues.error('severalOrigins', pointer, message, origins.join(', '));
  }
  if (context.flag(raw, 'hashing', pointer)) {
    context.issues.error(
      'hashing',
      below(pointer, 'hashing'),
      'Values cannot be hashed; remove "hashing" or set it to false.',
    );
  }
  if (type === 'remove' || type === 'rename') return;
  if (raw['sourcePaths'] !== undefined && type !== 'valueMapping') {
    context.issues.error('wrongKey', below(pointer, 'sourcePaths'), '"sourcePaths" needs "type": "valueMapping".');
  }
  const hasTarget =
    raw['targetPath'] !== undefined || raw['targetVariable'] !== undefined || isTrue(raw['correlationAttribute']);
  if (!hasTarget) {
    context.issues.error(
      'noTarget',
      pointer,
      'A mapping needs "targetPath", "targetVariable" or "correlationAttribute": true.',
    );
  }
}

function isTrue(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== false && value !== 'false';
}

/** What a mapping does with the output. */
interface Target extends Pick<
  CompiledMapping,
  'targetPath' | 'targetAttribute' | 'write' | 'edit' | 'newName' | 'mustMatch'
> {
  readonly canonicalTarget: JsonValue;
}

const NO_TARGET: Target = {
  targetPath: undefined,
  targetAttribute: undefined,
  write: undefined,
  edit: undefined,
  newName: undefined,
  mustMatch: false,
  canonicalTarget: null,
};

function compileTarget(raw: JsonObject, type: MappingType, pointer: string, context: CompileContext): Target {
  const value = raw['targetPath'];
  if (value === undefined) {
    if (type === 'remove' || type === 'rename')
      context.issues.error('noTarget', pointer, `"${type}" needs a "targetPath".`);
    return NO_TARGET;
  }
  const use = type === 'valueMapping' ? 'set' : type;
  const filter = (condition: Condition): Test => compileCondition(condition, context.properties);
  const parsed = parseDocumentPath(value, below(pointer, 'targetPath'), context, (path) =>
    compileTargetSegments(path, use, filter),
  );
  const newName = type === 'rename' ? readNewName(raw['constant'], below(pointer, 'constant'), context) : undefined;
  if (parsed === undefined) return NO_TARGET;
  const { path, compiled: segments } = parsed;
  const [first] = segments;
  const text = parsed.raw;
  return {
    targetPath: text,
    targetAttribute: first?.kind === 'member' ? first.name : undefined,
    write: use === 'set' ? compilePathWriter(segments, text) : undefined,
    edit:
      use === 'remove'
        ? compileRemover(segments)
        : newName === undefined
          ? undefined
          : compileRenamer(segments, newName),
    newName,
    mustMatch: use === 'rename' && isDefinitePath(path),
    canonicalTarget: [canonicalPath(path, context), newName ?? null],
  };
}

function readNewName(constant: JsonValue | undefined, pointer: string, context: CompileContext): string | undefined {
  if (typeof constant !== 'string' || constant === '') {
    context.issues.error('missingKey', pointer, '"rename" needs the new name as a string under the key "constant".');
    return undefined;
  }
  const name = context.text(constant, pointer);
  if (isForbiddenName(name)) {
    context.issues.error('forbiddenName', pointer, `An attribute must not be called "${constant}".`, constant);
    return undefined;
  }
  return name;
}

function compileFunctions(
  raw: JsonValue | undefined,
  pointer: string,
  context: CompileContext,
): CompiledMapping['functions'] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) {
    context.issues.error('wrongType', pointer, '"functions" must be a list of functions.');
    return [];
  }
  return raw
    .map((fn, position) => compileFunction(fn, below(pointer, position), context))
    .filter((fn) => fn !== undefined);
}

function compileDefault(
  raw: JsonValue | undefined,
  pointer: string,
  context: CompileContext,
): CompiledMapping['defaultValue'] {
  if (raw === undefined) return undefined;
  if (hasForbiddenName(raw)) {
    context.issues.error(
      'forbiddenName',
      pointer,
      'An attribute must not be called "__proto__", "constructor" or "prototype".',
    );
    return undefined;
  }
  context.checkPlaceholders(raw, pointer);
  return compileValue(raw, context.properties);
}

function canonicalMapping(parts: Omit<CompiledMapping, keyof Target | 'canonical'>, target: JsonValue): JsonValue {
  return {
    type: parts.type,
    scope: parts.scope ?? null,
    condition: parts.condition?.canonical ?? null,
    origin: parts.origin?.canonical ?? null,
    functions: parts.functions.map((fn) => fn.canonical),
    // A default is put into a list, so that an explicit null differs from none.
    defaultValue: parts.defaultValue === undefined ? null : [parts.defaultValue.canonical],
    optional: parts.optional,
    correlation: parts.correlation,
    // What is secret is not compared, so it decides about results as well.
    ...(parts.usesCredential ? { usesCredential: true } : {}),
    targetVariable: parts.targetVariable ?? null,
    target,
  };
}
