import type { Budget } from '../budget.js';
import { lengthOf } from '../path/path-functions.js';
import { canonicalText, compareByCodePoint, isObjectValue, sameValue } from '../value.js';
import type { Value } from '../value.js';
import type { SymbolOperator, WordOperator } from './condition-model.js';

type Operator = (left: Value | undefined, right: Value | undefined, budget: Budget) => boolean;

const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The operators that compare two values (CND-6 to CND-16); undefined is a missing path. */
export const OPERATORS: Readonly<Record<Exclude<SymbolOperator | WordOperator, '=~' | 'empty'>, Operator>> = {
  '==': looseEqual,
  '!=': (left, right) => !looseEqual(left, right),
  '===': strictEqual,
  '!==': (left, right) => !strictEqual(left, right),
  '<': (left, right) => (order(left, right) ?? 0) < 0,
  '>': (left, right) => (order(left, right) ?? 0) > 0,
  '<=': (left, right) => (order(left, right) ?? 1) <= 0,
  '>=': (left, right) => (order(left, right) ?? -1) >= 0,
  in: isIn,
  nin: (left, right, budget) => !isIn(left, right, budget),
  contains,
  size: (left, right) => {
    const length = isObjectValue(left) ? undefined : lengthOf(left);
    return length !== undefined && looseEqual(length, right);
  },
  subsetof: (left, right, budget) =>
    Array.isArray(left) && Array.isArray(right) && countIn(left, right, budget) === left.length,
  anyof: (left, right, budget) => Array.isArray(left) && Array.isArray(right) && countIn(left, right, budget) > 0,
  // A missing list has no element in common with anything, as `nin` is true for a missing value (CND-13).
  noneof: (left, right, budget) => Array.isArray(right) && (!Array.isArray(left) || countIn(left, right, budget) === 0),
  all: (left, right, budget) =>
    Array.isArray(left) && Array.isArray(right) && countIn(right, left, budget) === right.length,
};

/** CND-11, CND-12: missing, null, `""`, `[]` and `{}` are empty; numbers and booleans are not. */
export function isEmptyValue(value: Value | undefined): boolean {
  if (value === undefined || value === null) return true;
  return lengthOf(value) === 0;
}

/** CND-6: a number equals a numeric text; missing equals nothing. */
function looseEqual(left: Value | undefined, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (typeof left === 'number' && typeof right === 'string') return NUMERIC.test(right) && Number(right) === left;
  if (typeof left === 'string' && typeof right === 'number') return NUMERIC.test(left) && Number(left) === right;
  return sameValue(left, right);
}

function strictEqual(left: Value | undefined, right: Value | undefined): boolean {
  return left !== undefined && right !== undefined && sameValue(left, right);
}

/** CND-9: undefined where two values have no order. */
function order(left: Value | undefined, right: Value | undefined): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return compareByCodePoint(left, right);
  return undefined;
}

function isIn(left: Value | undefined, right: Value | undefined, budget: Budget): boolean {
  return left !== undefined && Array.isArray(right) && countIn([left], right, budget) > 0;
}

function contains(left: Value | undefined, right: Value | undefined, budget: Budget): boolean {
  if (right === undefined) return false;
  if (typeof left === 'string') return typeof right === 'string' && left.includes(right);
  return Array.isArray(left) && countIn([right], left, budget) > 0;
}

/** How many of the values occur in the list, by `==`. Long lists are compared by hash, not pair by pair. */
function countIn(values: readonly Value[], list: readonly Value[], budget: Budget): number {
  budget.spend(values.length + list.length);
  if (values.length * list.length <= 64) {
    return values.filter((value) => list.some((other) => looseEqual(value, other))).length;
  }
  const known = new Set<string>();
  for (const other of list) for (const key of equalityKeys(other, 'list')) known.add(key);
  return values.filter((value) => equalityKeys(value, 'value').some((key) => known.has(key))).length;
}

/**
 * Two values share a key exactly if they are equal by `==`. A number and a numeric text meet in the keys `sent` and `met`; two
 * numeric texts do not, because texts are compared as texts.
 */
function equalityKeys(value: Value, side: 'value' | 'list'): string[] {
  const [sent, met] = side === 'value' ? ['a', 'b'] : ['b', 'a'];
  if (typeof value === 'number') return [`n${value}`, `${sent}${value}`];
  if (typeof value === 'string') return NUMERIC.test(value) ? [`s${value}`, `${met}${Number(value)}`] : [`s${value}`];
  return value instanceof Uint8Array ? [] : [`j${canonicalText(value)}`];
}
