import { EvaluationError } from './evaluation-error.js';
import { plainChain, startChain } from './functions/apply-function.js';
import type { ChainState } from './functions/apply-function.js';
import type { CompiledFunction } from './functions/compile-function.js';
import type { CompiledMapping } from './mapping-model.js';
import type { Run } from './run.js';
import { isObjectValue, textOf } from './value.js';
import type { Value } from './value.js';

/** Executes one mapping whose scope fits (TRF-7). Throws `EvaluationError`: the entity fails. */
export function executeMapping(mapping: CompiledMapping, run: Run): void {
  run.budget.spend(1);
  if (mapping.condition !== undefined) {
    const met = mapping.condition.test(run.root, run.root, run);
    run.observer?.condition(met);
    if (!met) return;
  }
  if (mapping.type === 'remove' || mapping.type === 'rename') {
    editOutput(mapping, run);
    return;
  }
  const value = valueOf(mapping, run);
  run.observer?.delivered(value);
  if (value !== undefined) deliver(mapping, value, run);
}

/** EXP-26, EXP-27. */
function editOutput(mapping: CompiledMapping, run: Run): void {
  const matches = mapping.edit?.(run.output, run.root, run.budget) ?? 0;
  run.observer?.edited(matches);
  if (matches === 0 && mapping.mustMatch && !mapping.optional) throw missing(mapping.targetPath ?? '', mapping);
}

/** EXP-23: origin, functions, default. Undefined if nothing is to be written. */
function valueOf(mapping: CompiledMapping, run: Run): Value | undefined {
  const origin = mapping.origin?.read(run);
  run.observer?.origin(origin);
  const value = applyFunctions(mapping, origin, run);
  if (value !== undefined && value !== null) return value;
  if (value === null && mapping.type === 'valueMapping') return null;
  if (mapping.defaultValue !== undefined) {
    run.observer?.defaultValue();
    return mapping.defaultValue.constant ?? mapping.defaultValue.fill(run);
  }
  if (mapping.optional || !isMandatory(mapping, run)) return undefined;
  throw missing(placeOf(mapping), mapping);
}

/** Functions do not run on a missing value, except those that are made for it (EXP-23). */
export function applyFunctions(mapping: CompiledMapping, origin: Value | undefined, run: Run): Value | undefined {
  let value = origin;
  if (mapping.functions.length === 0) return value;
  const resolves = mapping.functions.some((fn) => fn.definition.linkDependent === true);
  const chain = resolves ? startChain() : plainChain();
  for (const fn of mapping.functions) {
    const isMissing = value === undefined || value === null;
    if (isMissing && fn.definition.runsOnMissing !== true) continue;
    value = applyNamed(mapping, fn, value ?? null, run, chain);
    run.observer?.function(fn.name, value);
  }
  return value;
}

/** FNC-9: a failure names the function, which the message begins with, and the path. */
function applyNamed(
  mapping: CompiledMapping,
  fn: CompiledFunction,
  value: Value,
  run: Run,
  chain: ChainState,
): Value | undefined {
  try {
    return fn.apply(value, run, chain);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw new EvaluationError(`${error.message}, at path ${placeOf(mapping)}`);
  }
}

function placeOf(mapping: CompiledMapping): string {
  return mapping.origin?.text ?? mapping.targetPath ?? mapping.targetVariable ?? '';
}

/** Nothing is missing where there is no origin (EXP-25), nor the id of an entity that is being created (EXP-28). */
function isMandatory(mapping: CompiledMapping, run: Run): boolean {
  if (mapping.origin === undefined) return false;
  return !(mapping.origin.variable === 'entityIdTargetSystem' && run.write?.operation === 'create');
}

/** ERR-1, SCP-4. */
function missing(path: string, mapping: CompiledMapping): EvaluationError {
  const scope = mapping.scope === 'deleteEntity' ? ' in scope deleteEntity' : '';
  return new EvaluationError(`Attribute at path ${path} is mandatory but missing${scope}`);
}

function deliver(mapping: CompiledMapping, value: Value, run: Run): void {
  if (mapping.targetVariable !== undefined) run.setVariable(mapping.targetVariable, value);
  if (mapping.correlation) addCorrelation(value, run);
  mapping.write?.(run.output, value, run.root, run.budget);
}

/** EXP-9: every value of a list counts. */
function addCorrelation(value: Value, run: Run): void {
  for (const each of Array.isArray(value) ? value : [value]) {
    if (each === null || each === '') continue;
    const text = isObjectValue(each) ? JSON.stringify(each) : textOf(each);
    if (!run.correlation.includes(text)) run.correlation.push(text);
  }
}
