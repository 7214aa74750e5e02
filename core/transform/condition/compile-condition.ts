import type { JsonValue } from '../../json.js';
import type { Budget } from '../budget.js';
import { compilePathReader } from '../path/read-path.js';
import type { PathReader } from '../path/read-path.js';
import { isDefinitePath } from '../path/path-model.js';
import type { Path } from '../path/path-model.js';
import { compileRegex } from '../regex/regex.js';
import { textOf } from '../value.js';
import type { Value } from '../value.js';
import { compileConditionFunction } from './condition-functions.js';
import type { Condition, Operand, Test } from './condition-model.js';
import { isEmptyValue, OPERATORS } from './operators.js';

/** Properties of the system, for the functions that name one (CND-24, CND-26, CND-27). */
export type Properties = Readonly<Record<string, string>>;

type OperandReader = (root: Value, current: Value, budget: Budget) => Value | undefined;

/** Compiles a condition to closures. Throws `ExpressionError` for an invalid regular expression. */
export function compileCondition(condition: Condition, properties: Properties): Test {
  switch (condition.kind) {
    case 'or': {
      const parts = condition.parts.map((part) => compileCondition(part, properties));
      return (root, current, budget) => parts.some((part) => part(root, current, budget));
    }
    case 'and': {
      const parts = condition.parts.map((part) => compileCondition(part, properties));
      return (root, current, budget) => parts.every((part) => part(root, current, budget));
    }
    case 'not': {
      const part = compileCondition(condition.part, properties);
      return (root, current, budget) => !part(root, current, budget);
    }
    case 'exists':
      return compileExists(condition.path, properties);
    case 'compare':
      return compileCompare(condition, properties);
    case 'call': {
      const read = condition.path === undefined ? undefined : compileReader(condition.path, properties);
      return compileConditionFunction(condition, read, properties);
    }
  }
}

/** Compiles a path whose filters may use the properties of the system. */
export function compileReader(path: Path, properties: Properties): PathReader {
  return compilePathReader(path, (filter) => compileCondition(filter, properties));
}

/** CND-17. An indefinite path exists if it selects something. */
function compileExists(path: Path, properties: Properties): Test {
  const read = compileReader(path, properties);
  if (isDefinitePath(path)) return (root, current, budget) => read(root, current, budget) !== undefined;
  return (root, current, budget) => {
    const value = read(root, current, budget);
    return Array.isArray(value) && value.length > 0;
  };
}

function compileCompare(condition: Extract<Condition, { kind: 'compare' }>, properties: Properties): Test {
  const { operator, left, right } = condition;
  if (operator === '=~') return compileMatch(left, right, properties);
  const readLeft = compileOperand(left, properties);
  if (operator === 'empty') {
    const wanted = right.kind === 'literal' && isTrue(right.value);
    return (root, current, budget) => isEmptyValue(readLeft(root, current, budget)) === wanted;
  }
  const readRight = compileOperand(right, properties);
  const apply = OPERATORS[operator];
  return (root, current, budget) => {
    budget.spend(1);
    return apply(readLeft(root, current, budget), readRight(root, current, budget), budget);
  };
}

/** The right side of "empty", also as text (TRF-10). */
function isTrue(value: JsonValue): boolean {
  return value === true || value === 'true';
}

function compileOperand(operand: Operand, properties: Properties): OperandReader {
  if (operand.kind === 'path') return compileReader(operand.path, properties);
  const value = operand.kind === 'literal' ? operand.value : undefined;
  return () => value;
}

/** CND-10. The parser has seen to it that exactly one side is a regular expression. */
function compileMatch(left: Operand, right: Operand, properties: Properties): Test {
  const [operand, expression] = right.kind === 'regex' ? [left, right] : [right, left];
  if (expression.kind !== 'regex') return () => false;
  const regex = compileRegex(expression.pattern, expression.flags);
  const read = compileOperand(operand, properties);
  const matches = (value: Value | undefined, budget: Budget): boolean => {
    if (value === undefined || value === null) return regex.matches('', budget);
    if (Array.isArray(value)) return value.some((element) => matches(element, budget));
    return typeof value === 'object' ? false : regex.matches(textOf(value), budget);
  };
  return (root, current, budget) => matches(read(root, current, budget), budget);
}
