import { isObjectValue } from '../value.js';
import type { Value } from '../value.js';
import type { PathFunctionName } from './path-model.js';

/** The function at the end of a path (PTH-1, PTH-7). Missing, or a value the function is not made for, gives missing. */
export function applyPathFunction(name: PathFunctionName, index: number, value: Value | undefined): Value | undefined {
  switch (name) {
    case 'length':
      return lengthOf(value);
    case 'keys':
      return isObjectValue(value) ? Object.keys(value) : undefined;
    case 'first':
      return Array.isArray(value) ? value[0] : undefined;
    case 'last':
      return Array.isArray(value) ? value.at(-1) : undefined;
    case 'index':
      return Array.isArray(value) ? value.at(index) : undefined;
    default:
      return aggregate(name, value);
  }
}

/** Characters, elements or members (PTH-1, CND-15); undefined for what has no length. */
export function lengthOf(value: Value | undefined): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isObjectValue(value) ? Object.keys(value).length : undefined;
}

/** Elements that are no numbers are left out; nothing to count is missing. */
function aggregate(name: 'min' | 'max' | 'avg' | 'sum', value: Value | undefined): number | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.filter((element) => typeof element === 'number');
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, number) => total + number, 0);
  switch (name) {
    case 'min':
      return numbers.reduce((least, number) => Math.min(least, number));
    case 'max':
      return numbers.reduce((most, number) => Math.max(most, number));
    case 'avg':
      return sum / numbers.length;
    case 'sum':
      return sum;
  }
}
