import type { EntityType } from '../entity-type.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { DynamicCondition } from './condition/dynamic-condition.js';
import { dateFormatter } from './current-date.js';
import { EvaluationError } from './evaluation-error.js';
import { executeMapping } from './execute-mapping.js';
import { assignsGroups, leadingToUnassignment, membershipsOf } from './group-assignment.js';
import { analyse } from './mapping-analysis.js';
import type { MappingAnalysis } from './mapping-analysis.js';
import type { CompiledMapping } from './mapping-model.js';
import type {
  ConditionOutcome,
  EvaluationContext,
  Memberships,
  ReadOutcome,
  TypeProgram,
  UnassignOutcome,
  WriteContext,
  WriteOperation,
  WriteOutcome,
} from './program.js';
import { Run } from './run.js';
import { canonicalText, textOf } from './value.js';
import type { Value } from './value.js';

/** Revision of the engine: raised when the same document begins to give other results. */
const ENGINE_REVISION = 1;

const NONE: readonly never[] = Object.freeze([]);

/** What the compiler found in one entity type of a document. */
export interface TypeParts {
  readonly type: EntityType;
  readonly direction: 'read' | 'write';
  readonly condition: DynamicCondition | undefined;
  readonly mappings: readonly CompiledMapping[];
  readonly skipOperations: ReadonlySet<WriteOperation>;
  readonly properties: Readonly<Record<string, string>>;
}

/** The program of one entity type, see {@link TypeProgram}. */
export class CompiledTypeProgram implements TypeProgram {
  readonly type: EntityType;
  readonly skipOperations: ReadonlySet<WriteOperation>;
  readonly timeDependentCondition: boolean;
  readonly timeDependent: boolean;
  readonly linkDependent: boolean;
  readonly hasDeleteScope: boolean;
  readonly assignsGroups: boolean;
  readonly fingerprint: string;
  /** For `explain.ts`. */
  readonly analysis: MappingAnalysis;
  private readonly toSourceId: readonly CompiledMapping[];
  private readonly toUnassignment: readonly CompiledMapping[];
  private readonly currentDate: (now: Date) => string;

  constructor(readonly parts: TypeParts) {
    this.type = parts.type;
    this.skipOperations = parts.skipOperations;
    this.currentDate = dateFormatter(parts.properties);
    this.analysis = analyse(parts);
    this.toSourceId = this.analysis.toSourceId.map((mapping) => ({ ...mapping, write: undefined }));
    this.timeDependentCondition = parts.condition?.variables.includes('currentDate') === true;
    this.timeDependent = this.timeDependentCondition || this.analysis.usesCurrentDate;
    this.linkDependent = parts.mappings.some((mapping) =>
      mapping.functions.some((fn) => fn.definition.linkDependent === true),
    );
    this.hasDeleteScope = parts.mappings.some((mapping) => mapping.scope === 'deleteEntity');
    this.assignsGroups = assignsGroups(parts, this.analysis.effective);
    this.toUnassignment = this.assignsGroups ? leadingToUnassignment(this.analysis.executed.delete) : NONE;
    this.fingerprint = this.computeFingerprint();
  }

  read(input: JsonObject, context: EvaluationContext): ReadOutcome {
    const run = this.start(input, context, undefined);
    try {
      if (!this.isMet(run))
        return { kind: 'skipped', sourceId: this.sourceIdOf(input, context), reason: this.skipReason };
      for (const mapping of this.analysis.executed.read) executeMapping(mapping, run);
      const sourceId = idText(run.variable('entityIdSourceSystem'), 'entityIdSourceSystem');
      if (sourceId === undefined)
        throw new EvaluationError('The variable entityIdSourceSystem is mandatory but missing');
      return { kind: 'mapped', sourceId, common: run.output.finish(), correlation: run.correlation };
    } catch (error) {
      return { kind: 'failed', sourceId: this.sourceIdOf(input, context), message: failureMessage(error) };
    }
  }

  /** Only the mappings that lead to the id run, and they write nothing. A mapping that fails sets no variable. */
  sourceIdOf(input: JsonObject, context: EvaluationContext): string | undefined {
    const run = this.start(input, context, undefined);
    for (const mapping of this.toSourceId) tryMapping(mapping, run);
    try {
      return idText(run.variable('entityIdSourceSystem'), 'entityIdSourceSystem');
    } catch {
      return undefined;
    }
  }

  accepts(common: JsonObject, context: EvaluationContext): ConditionOutcome {
    try {
      if (this.isMet(this.start(common, context, undefined))) return { kind: 'accepted' };
      return { kind: 'skipped', reason: this.skipReason };
    } catch (error) {
      return { kind: 'failed', message: failureMessage(error) };
    }
  }

  write(common: JsonObject, operation: WriteOperation, context: WriteContext): WriteOutcome {
    const run = this.start(common, context, { operation, context });
    try {
      for (const mapping of this.analysis.executed[operation]) {
        executeMapping(mapping, run);
        if (this.analysis.secret.has(mapping)) noteSecret(mapping, run);
      }
      const target = run.output.finish();
      const memberships = this.assignsGroups ? membershipsOf(run) : undefined;
      return {
        kind: 'mapped',
        target,
        comparable: this.comparableOf(target, memberships, common, operation, context),
        memberships,
        secretAttributes: run.secretAttributes.size === 0 ? NONE : [...run.secretAttributes],
        targetId: this.analysis.setsTargetId
          ? idText(run.variable('entityIdTargetSystem'), 'entityIdTargetSystem')
          : undefined,
        unresolved: run.unresolved.size === 0 ? NONE : [...run.unresolved.values()],
      };
    } catch (error) {
      return { kind: 'failed', message: failureMessage(error) };
    }
  }

  /** CHG-4: what the mappings give whose values are neither generated, nor of today, nor only for creation. */
  private comparableOf(
    target: JsonObject,
    memberships: Memberships | undefined,
    common: JsonObject,
    operation: WriteOperation,
    context: WriteContext,
  ): JsonObject {
    const comparable = this.analysis.comparable[operation];
    if (comparable === this.analysis.executed[operation]) return withGroups(target, memberships);
    const run = this.start(common, context, { operation, context });
    try {
      for (const mapping of comparable) executeMapping(mapping, run);
      return withGroups(run.output.finish(), this.assignsGroups ? membershipsOf(run) : undefined);
    } catch {
      // Without the excluded mappings another one has no value: what is left are the attributes that none of them writes.
      const excluded = this.analysis.executed[operation].filter((mapping) => !comparable.includes(mapping));
      const names = new Set(excluded.flatMap((mapping) => [mapping.targetAttribute, mapping.newName]));
      return Object.fromEntries(Object.entries(target).filter(([name]) => !names.has(name)));
    }
  }

  unassignments(common: JsonObject, context: WriteContext): UnassignOutcome {
    if (this.toUnassignment.length === 0) return { kind: 'mapped', groups: NONE };
    const run = this.start(common, context, { operation: 'delete', context });
    try {
      for (const mapping of this.toUnassignment) executeMapping(mapping, run);
      return { kind: 'mapped', groups: membershipsOf(run)?.unassign ?? NONE };
    } catch (error) {
      return { kind: 'failed', message: failureMessage(error) };
    }
  }

  /** A new evaluation with its predefined variables. */
  start(root: Value, context: EvaluationContext, write: Run['write']): Run {
    const run = new Run(root, context, write);
    if (this.timeDependent) run.setVariable('currentDate', this.currentDate(context.now));
    const targetId = write?.context.targetId;
    if (targetId !== undefined) run.setVariable('entityIdTargetSystem', targetId);
    return run;
  }

  private isMet(run: Run): boolean {
    const { condition } = this.parts;
    return condition === undefined || condition.test(run.root, run.root, run);
  }

  /** SKP-9: the condition as written, so that no property value gets into a log. */
  get skipReason(): string {
    return `Entity condition [${this.parts.condition?.raw ?? ''}] is not fulfilled`;
  }

  private computeFingerprint(): string {
    const { type, direction, condition, properties } = this.parts;
    return canonicalText([
      ENGINE_REVISION,
      type,
      direction,
      condition?.canonical ?? null,
      this.analysis.effective.map((mapping): JsonValue => mapping.canonical),
      [...this.skipOperations].sort(),
      this.timeDependent ? (properties['ips.date.variable.format'] ?? null) : null,
    ]);
  }
}

/** Apart from the attributes, none of which may be taken for a group. */
function withGroups(target: JsonObject, memberships: Memberships | undefined): JsonObject {
  if (memberships === undefined) return target;
  return { target, assignGroup: [...memberships.assign], unassignGroup: [...memberships.unassign] };
}

function tryMapping(mapping: CompiledMapping, run: Run): void {
  try {
    executeMapping(mapping, run);
  } catch {
    // The evaluation as a whole reports it; here another mapping may still give the id.
  }
}

const HALF = /\p{Surrogate}/u;

/** An id is stored as text (VAR-3); undefined if it is unset. Throws for lists, objects, empty text and what no database takes. */
export function idText(value: Value | undefined, variable: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object') throw new EvaluationError(`The variable ${variable} must be a text or a number`);
  const text = textOf(value);
  if (text === '') throw new EvaluationError(`The variable ${variable} must not be empty`);
  if (text.includes('\0') || HALF.test(text))
    throw new EvaluationError(`The variable ${variable} must not hold NUL or half of a surrogate pair`);
  return text;
}

function noteSecret(mapping: CompiledMapping, run: Run): void {
  if (mapping.newName !== undefined) run.secretAttributes.add(mapping.newName);
  if (mapping.targetAttribute !== undefined) run.secretAttributes.add(mapping.targetAttribute);
  else if (mapping.write !== undefined)
    for (const name of Object.keys(run.output.document)) run.secretAttributes.add(name);
}

/** Evaluation returns, it does not throw: an unexpected error fails this entity, not the job. */
export function failureMessage(error: unknown): string {
  if (error instanceof EvaluationError) return error.message;
  if (error instanceof RangeError) return 'The entity is nested too deeply or too large to be transformed';
  return 'The transformation failed unexpectedly';
}
