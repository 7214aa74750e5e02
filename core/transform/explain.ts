import type { JsonObject, JsonValue } from '../json.js';
import { Budget } from './budget.js';
import type { DynamicCondition } from './condition/dynamic-condition.js';
import { executeMapping } from './execute-mapping.js';
import { AttributeTracker } from './explain-attributes.js';
import type { AttributeSource } from './explain-attributes.js';
import { MappingObserver, MASK } from './explain-mapping.js';
import type { MappingExplanation } from './explain-mapping.js';
import { membershipsOf } from './group-assignment.js';
import { below } from './issues.js';
import { reachedBy } from './mapping-analysis.js';
import type { CompiledMapping } from './mapping-model.js';
import type { EvaluationContext, Memberships, TypeProgram, WriteContext, WriteOperation } from './program.js';
import type { Run } from './run.js';
import { CompiledTypeProgram, failureMessage, idText } from './type-program.js';
import { copyValue } from './value.js';

/** A condition with its outcome and the outcome of its single comparisons. */
export interface ConditionExplanation {
  /** As written, placeholders not replaced. */
  readonly text: string;
  readonly met: boolean;
  /** Absent where a placeholder stands in the condition: its value may be secret. */
  readonly tests?: readonly { readonly text: string; readonly met: boolean }[];
}

/** Why an entity got the result it got. Values of secrets are replaced by {@link MASK}. */
export interface EntityExplanation {
  readonly outcome: 'mapped' | 'skipped' | 'failed';
  /** Why it was skipped or failed. */
  readonly reason?: string;
  /** The entity condition, where there is one and it is evaluated. */
  readonly condition?: ConditionExplanation;
  /** Source id of a read transformation, target id of a write transformation that sets one. */
  readonly id?: string;
  /** Common or target JSON; with an outcome `failed` what was written until then. */
  readonly result?: JsonObject;
  /** Groups that the user joins and leaves (VAR-10, VAR-11); not their names but their ids in the target. */
  readonly memberships?: Memberships;
  /** All mappings in document order, also those that were not executed. */
  readonly mappings: readonly MappingExplanation[];
  /** Which mapping gave which attribute of the result. */
  readonly attributes: readonly AttributeSource[];
}

/** What an explanation has to hide. */
export interface ExplainOptions {
  /** Names of credential properties: values that mappings take from them are masked (PHL-5). */
  readonly secretProperties?: ReadonlySet<string>;
}

/** Runs a read transformation and explains it. Returns, does not throw, for any entity. */
export function explainRead(
  program: TypeProgram,
  input: JsonObject,
  context: EvaluationContext,
  options: ExplainOptions = {},
): EntityExplanation {
  const compiled = compiledProgram(program);
  const run = compiled.start(input, context, undefined);
  return explainRun(
    compiled,
    run,
    { executed: compiled.analysis.executed.read, idVariable: 'entityIdSourceSystem', withCondition: true },
    options,
  );
}

/** Runs a write transformation and explains it; the entity condition is evaluated except for `delete` (SCP-4). */
export function explainWrite(
  program: TypeProgram,
  common: JsonObject,
  operation: WriteOperation,
  context: WriteContext,
  options: ExplainOptions = {},
): EntityExplanation {
  const compiled = compiledProgram(program);
  const run = compiled.start(common, context, { operation, context });
  if (compiled.skipOperations.has(operation)) {
    const reason = `Operation [${operation}] is skipped in target transformation`;
    return { outcome: 'skipped', reason, mappings: [], attributes: [] };
  }
  const plan = {
    executed: compiled.analysis.executed[operation],
    idVariable: compiled.analysis.setsTargetId ? 'entityIdTargetSystem' : undefined,
    withCondition: operation !== 'delete',
  };
  return explainRun(compiled, run, plan, options);
}

interface Plan {
  readonly executed: readonly CompiledMapping[];
  readonly idVariable: string | undefined;
  readonly withCondition: boolean;
}

function compiledProgram(program: TypeProgram): CompiledTypeProgram {
  if (program instanceof CompiledTypeProgram) return program;
  throw new TypeError('only programs of compileTransformation can be explained');
}

function explainRun(program: CompiledTypeProgram, run: Run, plan: Plan, options: ExplainOptions): EntityExplanation {
  const mappings: MappingExplanation[] = [];
  const tracker = new AttributeTracker();
  const secret = secretMappings(program, options);
  let condition: ConditionExplanation | undefined;
  const described = (): Pick<EntityExplanation, 'mappings' | 'attributes' | 'condition'> => ({
    ...(condition === undefined ? {} : { condition }),
    mappings,
    attributes: tracker.sources,
  });
  try {
    condition = plan.withCondition ? explainCondition(program.parts.condition, run) : undefined;
    if (condition?.met === false) {
      return { outcome: 'skipped', reason: `Entity condition [${condition.text}] is not fulfilled`, ...described() };
    }
    for (const mapping of program.parts.mappings) {
      if (!plan.executed.includes(mapping)) {
        mappings.push({ pointer: mapping.pointer, status: 'notExecuted', functions: [] });
        continue;
      }
      explainMapping(mapping, run, secret.has(mapping), mappings);
      tracker.update(run.output, mapping.pointer);
    }
    const id = plan.idVariable === undefined ? undefined : idText(run.variable(plan.idVariable), plan.idVariable);
    if (id === undefined && plan.idVariable === 'entityIdSourceSystem') {
      return {
        outcome: 'failed',
        reason: 'The variable entityIdSourceSystem is mandatory but missing',
        ...described(),
      };
    }
    const memberships = program.assignsGroups ? membershipsOf(run) : undefined;
    const result = masked(run.output.finish(), secret, tracker);
    return {
      outcome: 'mapped',
      ...(id === undefined ? {} : { id }),
      result,
      ...(memberships === undefined ? {} : { memberships }),
      ...described(),
    };
  } catch (error) {
    return {
      outcome: 'failed',
      reason: failureMessage(error),
      result: masked(run.output.finish(), secret, tracker),
      ...described(),
    };
  }
}

/** The description is kept also when the mapping fails the entity. */
function explainMapping(mapping: CompiledMapping, run: Run, isSecret: boolean, explained: MappingExplanation[]): void {
  const observer = new MappingObserver(mapping, isSecret);
  run.observer = observer;
  try {
    executeMapping(mapping, run);
  } catch (error) {
    observer.failed(failureMessage(error));
    throw error;
  } finally {
    run.observer = undefined;
    explained.push(observer.explanation(singleTests(mapping.condition, run)));
  }
}

function explainCondition(condition: DynamicCondition | undefined, run: Run): ConditionExplanation | undefined {
  if (condition === undefined) return undefined;
  const met = condition.test(run.root, run.root, run);
  const tests = singleTests(condition, run);
  return { text: condition.raw, met, ...(tests === undefined ? {} : { tests }) };
}

/** The single tests run on their own, so that an expensive one does not use up what the entity has left. */
function singleTests(condition: DynamicCondition | undefined, run: Run): ConditionExplanation['tests'] {
  const probe = run.withFreshBudget();
  try {
    return condition?.tests(run)?.map(({ text, test }) => ({ text, met: test(run.root, run.root, probe) }));
  } catch {
    return undefined;
  }
}

function secretMappings(
  program: CompiledTypeProgram,
  { secretProperties }: ExplainOptions,
): ReadonlySet<CompiledMapping> {
  const { mappings } = program.parts;
  const isSecret = (mapping: CompiledMapping): boolean =>
    program.analysis.secret.has(mapping) || mapping.placeholders.some((key) => secretProperties?.has(key) === true);
  return reachedBy(mappings, isSecret, []);
}

/** Attributes that a mapping with a secret wrote are masked, all others stay. */
function masked(document: JsonObject, secret: ReadonlySet<CompiledMapping>, tracker: AttributeTracker): JsonObject {
  const pointers = new Set([...secret].map((mapping) => mapping.pointer));
  const hidden = new Set(
    tracker.sources.filter((source) => pointers.has(source.mapping)).map((source) => source.pointer),
  );
  const copy = copyValue(document, new Budget());
  const result = hidden.size === 0 ? copy : maskAt(copy, '', hidden);
  return typeof result === 'object' && result !== null && !Array.isArray(result) ? result : {};
}

function maskAt(value: JsonValue, pointer: string, hidden: ReadonlySet<string>): JsonValue {
  if (hidden.has(pointer)) return MASK;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element, index) => maskAt(element, `${pointer}/${index}`, hidden));
  const copy: JsonObject = {};
  for (const [name, member] of Object.entries(value)) copy[name] = maskAt(member, below(pointer, name), hidden);
  return copy;
}
