import type { JsonValue } from '../../json.js';
import type { CompileContext } from '../compile-context.js';
import { EvaluationError } from '../evaluation-error.js';
import { ExpressionError } from '../expression-error.js';
import type { Run } from '../run.js';
import { NO_VARIABLES, referencesOf } from '../template.js';
import type { Value } from '../value.js';
import { compileCondition } from './compile-condition.js';
import type { Properties } from './compile-condition.js';
import type { Condition, Test } from './condition-model.js';
import { fillCondition, parseConditionTemplate } from './condition-template.js';
import type { ConditionTemplate } from './condition-template.js';
import { parseCondition } from './parse-condition.js';
import { printCondition } from './print-condition.js';

/** A condition of the document, compiled; with variables it is parsed when they are known (CND-4). */
export interface DynamicCondition {
  /** As written, placeholders not replaced: the only form that may be shown (SKP-9). */
  readonly raw: string;
  readonly variables: readonly string[];
  /** For the fingerprint. */
  readonly canonical: JsonValue;
  /** The single tests of the condition as they stand; undefined if they contain placeholders or cannot be parsed. */
  readonly tests: (run: Run) => readonly SingleTest[] | undefined;
  /** Throws `EvaluationError` if the condition cannot be parsed after its variables are put in (CND-19). */
  readonly test: (root: Value, current: Value, run: Run) => boolean;
}

/** One comparison, function or path of a condition. */
export interface SingleTest {
  readonly text: string;
  readonly test: (root: Value, current: Value, run: Run) => boolean;
}

/** Conditions with variables are kept by their text; more texts than this are not worth keeping. */
const MAX_KEPT = 256;

/** Compiles a condition; reports what is wrong and then gives undefined. */
export function compileDynamicCondition(
  raw: JsonValue,
  pointer: string,
  context: CompileContext,
): DynamicCondition | undefined {
  if (typeof raw !== 'string') {
    context.issues.error('wrongType', pointer, 'A condition must be a string.');
    return undefined;
  }
  context.checkPlaceholders(raw, pointer);
  const template = parseConditionTemplate(raw, context.properties);
  if (template.variables.length > 0) return compileOpen(raw, template, context.properties);
  return compileClosed(raw, fillCondition(template, NO_VARIABLES), pointer, context);
}

function compileClosed(
  raw: string,
  text: string,
  pointer: string,
  context: CompileContext,
): DynamicCondition | undefined {
  try {
    const condition = parseCondition(text);
    const test = compileCondition(condition, context.properties);
    const canonical = ['condition', printCondition(condition), ...propertiesUsed([condition], context.properties)];
    const tests = (): readonly SingleTest[] | undefined =>
      context.hasPlaceholders(raw) ? undefined : singleTests(condition, context.properties);
    return { raw, variables: [], canonical, tests, test: (root, current, run) => test(root, current, run.budget) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    if (!context.hasPlaceholders(raw)) {
      context.issues.error('conditionSyntax', pointer, `The condition cannot be parsed: ${error.message}.`, raw);
      return undefined;
    }
    // CND-19: the property may be mended before the next run, so saving is not refused.
    const message =
      'The condition cannot be parsed with the present values of its properties; every entity would fail.';
    context.issues.warning('conditionSyntax', pointer, message, raw);
    return { raw, variables: [], canonical: ['invalid', text], tests: () => undefined, test: () => unparsable(raw) };
  }
}

function compileOpen(raw: string, template: ConditionTemplate, properties: Properties): DynamicCondition {
  const kept = new Map<string, Test | undefined>();
  const parsed = (text: string): Test | undefined => {
    if (kept.has(text)) return kept.get(text);
    const test = tryCompile(text, properties);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(text, test);
    return test;
  };
  const pieces = template.pieces.map((piece) => ('text' in piece ? piece.text : [piece.variable, piece.quoted]));
  const mayUseProperties = /\bisA/.test(raw) || template.pieces.some((piece) => 'variable' in piece && !piece.quoted);
  return {
    raw,
    variables: template.variables,
    tests: (run) =>
      referencesOf(raw).placeholders.length > 0 ? undefined : testsOfText(fillCondition(template, run), properties),
    canonical: ['template', pieces, mayUseProperties ? { ...properties } : null],
    test: (root, current, run) => {
      const text = fillCondition(template, run);
      run.budget.spend(text.length);
      const test = parsed(text) ?? unparsable(raw);
      return test(root, current, run.budget);
    },
  };
}

function tryCompile(text: string, properties: Properties): Test | undefined {
  try {
    return compileCondition(parseCondition(text), properties);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function testsOfText(text: string, properties: Properties): readonly SingleTest[] | undefined {
  try {
    return singleTests(parseCondition(text), properties);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function singleTests(condition: Condition, properties: Properties): SingleTest[] {
  if (condition.kind === 'and' || condition.kind === 'or')
    return condition.parts.flatMap((part) => singleTests(part, properties));
  if (condition.kind === 'not') return singleTests(condition.part, properties);
  const test = compileCondition(condition, properties);
  return [{ text: printCondition(condition), test: (root, current, run) => test(root, current, run.budget) }];
}

function unparsable(raw: string): never {
  throw new EvaluationError(`Condition [${raw}] cannot be parsed after its placeholders and variables are replaced`);
}

/** Values of the properties that functions of the condition read; a path may contain such functions in its filters. */
export function propertiesUsed(conditions: readonly Condition[], properties: Properties): JsonValue[] {
  const text = conditions.map(printCondition).join(' ');
  const keys = [...text.matchAll(/isAttributeWith(?:Optional|Mandatory)Prefix\(.*?, ([A-Za-z0-9_.<>-]+)\)/g)].map(
    ([, key]) => key ?? '',
  );
  if (text.includes('isApplicationSpecificGroup(')) keys.push('ips.application.id');
  return [...new Set(keys)].sort().map((key) => [key, properties[key] ?? null]);
}
