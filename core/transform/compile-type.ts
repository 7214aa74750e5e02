import type { EntityType } from '../entity-type.js';
import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { CompileContext } from './compile-context.js';
import { compileMapping } from './compile-mapping.js';
import { compileDynamicCondition } from './condition/dynamic-condition.js';
import { currentDatePattern, DATE_PATTERN_PROPERTY } from './current-date.js';
import { checkGroupVariables } from './group-assignment.js';
import { below } from './issues.js';
import { reachedBy } from './mapping-analysis.js';
import type { CompiledMapping } from './mapping-model.js';
import type { WriteOperation } from './program.js';
import { didYouMean } from './suggest.js';
import { CompiledTypeProgram } from './type-program.js';

/** Expressions of an entity type (TRF-5). */
const TYPE_KEYS = ['mappings', 'condition', 'ignore', 'skipOperations', 'scimEntityEndpoint'] as const;
const OPERATIONS = ['create', 'update', 'delete'] as const satisfies readonly WriteOperation[];

/** Compiles the value of one entity type; undefined if it is ignored (EXP-2) or has mistakes, which are reported. */
export function compileType(
  raw: JsonValue,
  type: EntityType,
  pointer: string,
  context: CompileContext,
): CompiledTypeProgram | undefined {
  if (!isJsonObject(raw)) {
    context.issues.error('wrongType', pointer, 'An entity type must be an object with "mappings".');
    return undefined;
  }
  const ignored = context.flag(raw, 'ignore', pointer);
  const program = context.issues.lenient(ignored, () => compileParts(raw, type, pointer, ignored, context));
  return ignored ? undefined : program;
}

function compileParts(
  raw: JsonObject,
  type: EntityType,
  pointer: string,
  ignored: boolean,
  context: CompileContext,
): CompiledTypeProgram {
  for (const key of Object.keys(raw)) {
    if (TYPE_KEYS.some((known) => known === key)) continue;
    const message = `"${key}" is no expression of an entity type.${didYouMean(key, TYPE_KEYS)}`;
    context.issues.error('unknownExpression', below(pointer, key), message, key);
  }
  const condition = raw['condition'];
  const compiledCondition =
    condition === undefined
      ? undefined
      : compileDynamicCondition(condition, below(pointer, 'condition'), context.guardedBy(condition));
  const skipOperations = readSkipOperations(raw['skipOperations'], below(pointer, 'skipOperations'), context);
  checkEndpoint(raw['scimEntityEndpoint'], below(pointer, 'scimEntityEndpoint'), context);
  const mappings = compileMappings(raw['mappings'], type, below(pointer, 'mappings'), context);
  if (!ignored) checkIds(raw['mappings'], mappings, below(pointer, 'mappings'), context);
  const parts = {
    type,
    direction: context.direction,
    condition: compiledCondition,
    mappings,
    skipOperations,
    properties: context.properties,
  };
  if (!ignored)
    checkGroupVariables(
      parts,
      reachedBy(mappings, ({ usesCredential }) => usesCredential, []),
      context,
    );
  const program = new CompiledTypeProgram(parts);
  if (program.timeDependent) checkDateFormat(pointer, context);
  return program;
}

function compileMappings(
  raw: JsonValue | undefined,
  type: EntityType,
  pointer: string,
  context: CompileContext,
): CompiledMapping[] {
  if (!Array.isArray(raw)) {
    const message = raw === undefined ? 'The list "mappings" is missing.' : '"mappings" must be a list.';
    context.issues.error(raw === undefined ? 'missingKey' : 'wrongType', pointer, message);
    return [];
  }
  return raw
    .map((mapping, position) => compileMapping(mapping, below(pointer, position), context))
    .filter((mapping) => mapping !== undefined)
    .map((mapping) => (mapping.correlation && !correlates(type, context) ? withoutCorrelation(mapping) : mapping));
}

/** EXP-9: effective only in read transformations of users. */
function correlates(type: EntityType, context: CompileContext): boolean {
  return type === 'user' && context.direction === 'read';
}

function withoutCorrelation(mapping: CompiledMapping): CompiledMapping {
  const canonical = isJsonObject(mapping.canonical) ? { ...mapping.canonical, correlation: false } : mapping.canonical;
  return { ...mapping, correlation: false, canonical };
}

/** VAR-3 refuses, VAR-4 warns. */
function checkIds(
  raw: JsonValue | undefined,
  mappings: readonly CompiledMapping[],
  pointer: string,
  context: CompileContext,
): void {
  const wanted = context.direction === 'read' ? 'entityIdSourceSystem' : 'entityIdTargetSystem';
  // A mapping with mistakes counts too: one mistake should not be reported as two.
  const written = mappings.some((mapping) => mapping.targetVariable === wanted);
  const read = mappings.some((mapping) => mapping.origin?.variable === wanted);
  const attempted =
    Array.isArray(raw) &&
    raw.some((mapping) => isJsonObject(mapping) && !mapping['ignore'] && mapping['targetVariable'] === wanted);
  if (context.direction === 'write') refuseCredentialAsId(mappings, context);
  if (written || attempted) return;
  if (context.direction === 'read') {
    const message =
      'No mapping writes the variable entityIdSourceSystem; add one such as {"sourcePath": "$.id", "targetVariable": "entityIdSourceSystem"}.';
    context.issues.error('noSourceId', pointer, message);
  } else if (!read) {
    const message = 'No mapping uses the variable entityIdTargetSystem; the id is taken from the response or the link.';
    context.issues.warning('noTargetId', pointer, message);
  }
}

/** Ids are stored, logged and shown as they are. */
function refuseCredentialAsId(mappings: readonly CompiledMapping[], context: CompileContext): void {
  for (const mapping of reachedBy(mappings, ({ usesCredential }) => usesCredential, [])) {
    if (mapping.targetVariable !== 'entityIdTargetSystem') continue;
    const message =
      'The id of an entity must not come from a credential property: ids are stored and logged as they are.';
    context.issues.error('credentialAsId', mapping.pointer, message);
  }
}

function readSkipOperations(
  raw: JsonValue | undefined,
  pointer: string,
  context: CompileContext,
): ReadonlySet<WriteOperation> {
  const operations = new Set<WriteOperation>();
  if (raw === undefined) return operations;
  if (!Array.isArray(raw)) {
    context.issues.error('wrongType', pointer, '"skipOperations" must be a list of create, update and delete.');
    return operations;
  }
  raw.forEach((value, position) => {
    const place = below(pointer, position);
    const text = typeof value === 'string' ? context.text(value, place) : '';
    const operation = OPERATIONS.find((candidate) => candidate === text);
    if (operation !== undefined) operations.add(operation);
    else {
      const message = `An operation to skip must be create, update or delete.${didYouMean(text, OPERATIONS)}`;
      context.issues.error('unknownOperation', place, message, typeof value === 'string' ? value : undefined);
    }
  });
  if (context.direction === 'write') return operations;
  context.issues.warning(
    'skipOperationsWithoutEffect',
    pointer,
    '"skipOperations" has an effect in write transformations only.',
  );
  return new Set();
}

function checkEndpoint(raw: JsonValue | undefined, pointer: string, context: CompileContext): void {
  if (raw === undefined || typeof raw === 'string') return;
  context.issues.error('wrongType', pointer, '"scimEntityEndpoint" must be a string such as "Users".');
}

function checkDateFormat(pointer: string, context: CompileContext): void {
  const pattern = context.properties[DATE_PATTERN_PROPERTY];
  if (pattern === undefined || pattern === '' || currentDatePattern(context.properties) !== undefined) return;
  const message = `The property "${DATE_PATTERN_PROPERTY}" is no date pattern; the variable currentDate has its default format.`;
  context.issues.warning('dateFormat', pointer, message);
}
