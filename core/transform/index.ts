import { ENTITY_TYPES } from '../entity-type.js';
import type { EntityType } from '../entity-type.js';
import { isJsonObject } from '../json.js';
import type { JsonValue } from '../json.js';
import { CompileContext } from './compile-context.js';
import { compileType } from './compile-type.js';
import { below, IssueCollector } from './issues.js';
import type { CompileOptions, CompileResult, TypeProgram } from './program.js';
import { didYouMean } from './suggest.js';

export { changedIds } from './changed-ids.js';
export { explainRead, explainWrite } from './explain.js';
export type { ConditionExplanation, EntityExplanation, ExplainOptions } from './explain.js';
export type { AttributeSource } from './explain-attributes.js';
export { MASK } from './explain-mapping.js';
export type { MappingExplanation } from './explain-mapping.js';
export type {
  CompileOptions,
  CompileResult,
  ConditionOutcome,
  EvaluationContext,
  Memberships,
  ReadOutcome,
  ResolveRequest,
  TransformationIssue,
  TransformationProgram,
  TypeProgram,
  WriteContext,
  WriteOperation,
  WriteOutcome,
} from './program.js';

/**
 * Parses and checks a transformation once, so that it can run many times. Never throws: all mistakes of the document come back
 * together (ERR-3). No message contains the value of a property.
 */
export function compileTransformation(document: JsonValue, options: CompileOptions): CompileResult {
  const issues = new IssueCollector();
  try {
    const types = compileDocument(document, options, issues);
    if (issues.hasErrors) return { ok: false, issues: issues.all };
    return { ok: true, program: { direction: options.direction, types }, warnings: issues.warnings };
  } catch (error) {
    // The stack ends before any other limit where JSON is nested some thousand levels deep.
    if (!(error instanceof RangeError)) throw error;
    issues.error('tooDeep', '', 'The transformation is nested too deeply.');
    return { ok: false, issues: issues.all };
  }
}

function compileDocument(
  document: JsonValue,
  options: CompileOptions,
  issues: IssueCollector,
): ReadonlyMap<EntityType, TypeProgram> {
  const types = new Map<EntityType, TypeProgram>();
  if (!isJsonObject(document)) {
    issues.error(
      'wrongType',
      '',
      'A transformation must be an object with a key for each entity type, for example "user".',
    );
    return types;
  }
  const context = new CompileContext(options.direction, options.properties, issues, options.secretNames);
  for (const [key, value] of Object.entries(document)) {
    const type = ENTITY_TYPES.find((known) => known === key);
    if (type !== undefined) {
      const program = compileType(value, type, below('', key), context);
      if (program !== undefined) types.set(type, program);
    } else if (key === 'event') {
      // Checked like a user, but no connector delivers events yet.
      compileType(value, 'user', below('', key), context);
    } else {
      const known = [...ENTITY_TYPES, 'event'];
      const message = `"${key}" is no entity type and has no effect; known are ${known.join(', ')}.${didYouMean(key, known)}`;
      issues.warning('unknownEntityType', below('', key), message, key);
    }
  }
  return types;
}
