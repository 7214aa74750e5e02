import { compileTransformation } from '../../../core/transform/index.js';
import type {
  EvaluationContext,
  TransformationIssue,
  TypeProgram,
  WriteContext,
  WriteOperation,
} from '../../../core/transform/index.js';
import type { JsonObject, JsonValue } from '../../../core/json.js';

/** 2026-07-05T09:04:03.120Z, the instant of the examples of DTP-3. */
export const NOW = new Date(Date.UTC(2026, 6, 5, 9, 4, 3, 120));

export const context: EvaluationContext = { now: NOW, randomInt: (max) => 7 % max };

export function writeContext(overrides: Partial<WriteContext> = {}): WriteContext {
  return { ...context, targetId: undefined, resolve: ({ sourceIds }) => sourceIds.map(() => []), ...overrides };
}

export type Properties = Readonly<Record<string, string>>;

/** Program of the type `user`; fails the test with the issues if the document is refused. */
export function compileUser(direction: 'read' | 'write', user: JsonValue, properties: Properties = {}): TypeProgram {
  const result = compileTransformation({ user }, { direction, properties });
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 1));
  const program = result.program.types.get('user');
  if (program === undefined) throw new Error('the type user was ignored');
  return program;
}

export function issuesOf(
  direction: 'read' | 'write',
  document: JsonValue,
  properties: Properties = {},
): readonly TransformationIssue[] {
  const result = compileTransformation(document, { direction, properties });
  return result.ok ? result.warnings : result.issues;
}

/** Issues of one mapping of a write transformation. */
export function mappingIssues(mapping: JsonValue, properties: Properties = {}): readonly TransformationIssue[] {
  return issuesOf('write', { user: { mappings: [ID, mapping] } }, properties);
}

/** A mapping that satisfies VAR-4 and writes nothing on create. */
export const ID: JsonObject = { sourceVariable: 'entityIdTargetSystem', targetPath: '$.id' };

/** Target JSON of the mappings, or the message of the failure. */
export function map(
  input: JsonValue,
  mappings: readonly JsonValue[],
  options: { properties?: Properties; operation?: WriteOperation; context?: Partial<WriteContext> } = {},
): JsonValue {
  const program = compileUser('write', { mappings: [...mappings] }, options.properties);
  const outcome = program.write(objectOf(input), options.operation ?? 'create', writeContext(options.context));
  return outcome.kind === 'mapped' ? outcome.target : `failed: ${outcome.message}`;
}

/** What one mapping writes to `$.v`: undefined if it writes nothing. */
export function valueOf(
  input: JsonValue,
  mapping: JsonObject,
  options: { properties?: Properties; context?: Partial<WriteContext> } = {},
): JsonValue | undefined {
  const target = map(input, [{ targetPath: '$.v', ...mapping }], options);
  return typeof target === 'string' ? target : objectOf(target)['v'];
}

/** Result of functions on a constant-like value that is read from the input. */
export function apply(
  value: JsonValue,
  functions: JsonValue[],
  options: { mapping?: JsonObject; input?: JsonObject; properties?: Properties; context?: Partial<WriteContext> } = {},
): JsonValue | undefined {
  const mapping = { sourcePath: '$.in', preserveArrayWithSingleElement: true, optional: true, functions };
  return valueOf({ ...options.input, in: value }, { ...mapping, ...options.mapping }, options);
}

export function objectOf(value: JsonValue): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  return value;
}
