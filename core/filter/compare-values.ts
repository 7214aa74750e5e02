import type { JsonValue } from '../json.js';
import type { Comparison, FilterValue } from './filter-model.js';
import { instantMs } from './instant.js';

/**
 * Whether one of the values compares so; `ne`: none is equal (RFC 7644 §3.4.2.2). Texts compare without regard to case unless `caseExact`, numbers in
 * text form as numbers, instants as instants. `eq null`: there is no value.
 */
export function compareValues(
  values: readonly JsonValue[],
  operator: Comparison,
  wanted: FilterValue,
  caseExact = false,
): boolean {
  if (operator === 'ne') return !compareValues(values, 'eq', wanted, caseExact);
  if (wanted === null) return operator === 'eq' && values.length === 0;
  return values.some((value) => compareOne(value, operator, wanted, caseExact));
}

function compareOne(
  value: JsonValue,
  operator: Exclude<Comparison, 'ne'>,
  wanted: string | number | boolean,
  caseExact: boolean,
): boolean {
  const [left, right] = [textOf(value), String(wanted)].map((text) => (caseExact ? text : text?.toLowerCase()));
  if (left === undefined || right === undefined) return false;
  if (operator === 'co') return left.includes(right);
  if (operator === 'sw') return left.startsWith(right);
  if (operator === 'ew') return left.endsWith(right);
  const order = orderOf(left, right, typeof wanted === 'number');
  switch (operator) {
    case 'eq':
      return order === 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
  }
}

function textOf(value: JsonValue): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function orderOf(left: string, right: string, asNumbers: boolean): number {
  if (asNumbers) return Number(left) - Number(right);
  const [a, b] = [instantMs(left), instantMs(right)];
  if (a !== undefined && b !== undefined) return a - b;
  return left === right ? 0 : left < right ? -1 : 1;
}
