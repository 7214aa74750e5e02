import { EvaluationError } from '../evaluation-error.js';
import type { Run } from '../run.js';
import { isObjectValue, memberOf } from '../value.js';
import type { Value, ValueObject } from '../value.js';
import type { FunctionBody, FunctionCall, WholeBody } from './function-definition.js';

/** A function with checked parameters. */
export interface PreparedFunction {
  readonly name: string;
  readonly condition: ((root: Value, current: Value, run: Run) => boolean) | undefined;
  readonly applyOn: string | undefined;
  readonly assignTo: string | undefined;
  readonly perElement: boolean;
  readonly body: FunctionBody | undefined;
  readonly whole: WholeBody | undefined;
}

/** What the functions of one mapping share while they run one after the other. */
export type ChainState = Omit<FunctionCall, 'run'>;

/** For chains in which nothing is resolved: nobody writes to it. */
const NOTHING_RESOLVED: ChainState = startChain();

/** The chain of functions that resolve nothing; making a new one for each entity would cost more than the functions. */
export function plainChain(): ChainState {
  return NOTHING_RESOLVED;
}

/** A new chain, for one mapping of one entity. */
export function startChain(): ChainState {
  return { resolved: new WeakSet(), resolvedTexts: { list: undefined, positions: new Set(), scalar: undefined } };
}

/** The path of a parameter is missing in the input: the mapping has no value (FNC-11). */
export class MissingOperand extends Error {
  override readonly name = 'MissingOperand';
}

/** Applies a function to a value (FNC-4 to FNC-7). Undefined is *missing*. Throws `EvaluationError`. */
export function applyPrepared(fn: PreparedFunction, value: Value, run: Run, chain: ChainState): Value | undefined {
  const call: FunctionCall = { run, resolved: chain.resolved, resolvedTexts: chain.resolvedTexts };
  run.budget.spend(1);
  try {
    if (fn.whole !== undefined) return fn.whole(value, call, (element) => isExcluded(fn, element, run));
    if (fn.perElement && Array.isArray(value)) return applyToElements(fn, value, call);
    return applyToOne(fn, value, call);
  } catch (error) {
    if (error instanceof MissingOperand) return undefined;
    throw error;
  }
}

/** Elements for which the function gives nothing are left out. */
function applyToElements(fn: PreparedFunction, list: readonly Value[], call: FunctionCall): Value[] {
  const results: Value[] = [];
  for (const element of list) {
    call.run.budget.spend(1);
    const result = element === null ? element : applyToOne(fn, element, call);
    if (result !== undefined) results.push(result);
  }
  return results;
}

function applyToOne(fn: PreparedFunction, value: Value, call: FunctionCall): Value | undefined {
  if (isExcluded(fn, value, call.run)) return value;
  return fn.applyOn === undefined ? applyBody(fn, value, call) : applyToAttribute(fn, fn.applyOn, value, call);
}

function isExcluded(fn: PreparedFunction, current: Value, run: Run): boolean {
  return fn.condition !== undefined && !fn.condition(run.root, current, run);
}

/** FNC-6, FNC-7: what is no object, or has no such member, passes unchanged. */
function applyToAttribute(fn: PreparedFunction, name: string, value: Value, call: FunctionCall): Value | undefined {
  const member = memberOf(value, name);
  if (!isObjectValue(value) || member === undefined || member === null) return value;
  const result =
    fn.perElement && Array.isArray(member)
      ? member.map((each) => applyBody(fn, each, call)).filter((each) => each !== undefined)
      : applyBody(fn, member, call);
  const copy = { ...value };
  if (result !== undefined) copy[fn.assignTo ?? name] = result;
  else if (fn.assignTo === undefined) delete copy[name];
  return copy;
}

function applyBody(fn: PreparedFunction, value: Value, call: FunctionCall): Value | undefined {
  const result = fn.body?.(value, call);
  if (typeof result === 'string') call.run.budget.produce(result.length);
  return result;
}

/** The text of a scalar (FNC-9). Throws for lists, objects and bytes, which a text function cannot process. */
export function scalarText(value: Value, functionName: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const kind =
    value instanceof Uint8Array
      ? 'bytes (put toString before it)'
      : Array.isArray(value)
        ? 'a list'
        : value === null
          ? 'null'
          : 'an object';
  throw new EvaluationError(`${functionName} cannot process ${kind}`);
}

/** The value as an object; throws if it is none, which a function for objects cannot process (FNC-9). */
export function requireObject(value: Value, functionName: string): ValueObject {
  if (isObjectValue(value)) return value;
  throw new EvaluationError(`${functionName} cannot process a value that is no object`);
}
