import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { attributeOf, elementsOf, valuesAt, type AttributePath } from './attributes.js';
import type { ComparisonOperator, FilterNode, FilterValue } from './filter-parser.js';

/** Attributes compared with regard to case (RFC 7643 §3.1 and §7: caseExact true). */
const CASE_EXACT = new Set([
  'id',
  'externalid',
  'meta.version',
  'meta.location',
  '$ref',
  'members.value',
  'manager.value',
]);

/** True when the resource fulfils the filter. Unknown attributes are simply absent. */
export function matchesFilter(resource: JsonObject, node: FilterNode): boolean {
  switch (node.kind) {
    case 'and':
      return matchesFilter(resource, node.left) && matchesFilter(resource, node.right);
    case 'or':
      return matchesFilter(resource, node.left) || matchesFilter(resource, node.right);
    case 'not':
      return !matchesFilter(resource, node.inner);
    case 'present':
      return valuesAt(resource, node.path).some(isPresent);
    case 'valuePath':
      return elementsAt(resource, node.path).some((element) => matchesElement(element, node.inner));
    case 'compare':
      return matchesComparison(valuesAt(resource, node.path), node);
  }
}

/** True when one element of a multi-valued attribute fulfils the filter in brackets. Scalars count as `value`. */
export function matchesElement(element: JsonValue, node: FilterNode): boolean {
  return matchesFilter(isJsonObject(element) ? element : { value: element }, node);
}

/**
 * The attribute and value that a resource must have for the filter to hold, as far as that can be looked up in an index: an `eq` on
 * its own or joined by `and`.
 */
export function* equalityHints(node: FilterNode): Generator<{ attribute: string; value: string }> {
  if (node.kind === 'and') {
    yield* equalityHints(node.left);
    yield* equalityHints(node.right);
  } else if (node.kind === 'compare' && node.operator === 'eq' && typeof node.value === 'string') {
    const { extension, attribute, sub } = node.path;
    if (extension === undefined && sub === undefined && attribute !== undefined) yield { attribute, value: node.value };
  }
}

/** True when the filter uses nothing but `eq` joined by `and`. */
export function isEqualityOnly(node: FilterNode): boolean {
  if (node.kind === 'and') return isEqualityOnly(node.left) && isEqualityOnly(node.right);
  return node.kind === 'compare' && node.operator === 'eq';
}

function elementsAt(resource: JsonObject, path: AttributePath): JsonValue[] {
  const holder = path.extension === undefined ? resource : attributeOf(resource, path.extension);
  return isJsonObject(holder) && path.attribute !== undefined ? elementsOf(attributeOf(holder, path.attribute)) : [];
}

function isPresent(value: JsonValue): boolean {
  if (isJsonObject(value)) return Object.keys(value).length > 0;
  return value !== null && value !== '';
}

function matchesComparison(values: JsonValue[], node: FilterNode & { kind: 'compare' }): boolean {
  const isCaseExact = CASE_EXACT.has(pathName(node.path));
  const matches = (value: JsonValue): boolean => compare(value, node.operator, node.value, isCaseExact);
  // `ne` holds for a resource none of whose values is equal, so also for one without the attribute.
  if (node.operator === 'ne') return !values.some((value) => compare(value, 'eq', node.value, isCaseExact));
  if (node.value === null && node.operator === 'eq') return values.length === 0;
  return values.some(matches);
}

function pathName(path: AttributePath): string {
  return `${path.attribute ?? ''}${path.sub === undefined ? '' : `.${path.sub}`}`.toLowerCase();
}

function compare(actual: JsonValue, operator: ComparisonOperator, wanted: FilterValue, isCaseExact: boolean): boolean {
  if (typeof actual === 'string' && typeof wanted === 'string') {
    const left = instantOf(actual) ?? (isCaseExact ? actual : actual.toLowerCase());
    const right =
      typeof left === 'number' ? (instantOf(wanted) ?? wanted) : isCaseExact ? wanted : wanted.toLowerCase();
    if (typeof left === 'string' && typeof right === 'string') return compareText(left, operator, right);
    return typeof left === 'number' && typeof right === 'number' && compareOrdered(left - right, operator);
  }
  if (typeof actual === 'number' && typeof wanted === 'number') return compareOrdered(actual - wanted, operator);
  return operator === 'eq' && actual === wanted;
}

function compareText(left: string, operator: ComparisonOperator, right: string): boolean {
  if (operator === 'co') return left.includes(right);
  if (operator === 'sw') return left.startsWith(right);
  if (operator === 'ew') return left.endsWith(right);
  return compareOrdered(left < right ? -1 : left > right ? 1 : 0, operator);
}

/** True when the sign of a difference is what the operator asks for. */
export function compareOrdered(difference: number, operator: ComparisonOperator): boolean {
  if (operator === 'eq') return difference === 0;
  if (operator === 'ne') return difference !== 0;
  if (operator === 'gt') return difference > 0;
  if (operator === 'ge') return difference >= 0;
  if (operator === 'lt') return difference < 0;
  return operator === 'le' && difference <= 0;
}

/** Milliseconds of an ISO instant, so that "…:00Z" and "…:00.000Z" compare as the same time. */
export function instantOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
