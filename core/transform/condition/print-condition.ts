import type { JsonValue } from '../../json.js';
import { quote } from '../cursor.js';
import { printPath } from '../path/print-path.js';
import type { Path } from '../path/path-model.js';
import type { Condition, Operand } from './condition-model.js';

/** Canonical text of a condition: parsing it gives an equal condition, equal conditions have equal texts. */
export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'or':
      return condition.parts.map((part) => (part.kind === 'or' ? grouped(part) : printCondition(part))).join(' || ');
    case 'and':
      return condition.parts
        .map((part) => (part.kind === 'or' || part.kind === 'and' ? grouped(part) : printCondition(part)))
        .join(' && ');
    case 'not':
      return condition.part.kind === 'not' ? `!${printCondition(condition.part)}` : `!${grouped(condition.part)}`;
    case 'exists':
      return printWholePath(condition.path);
    case 'compare':
      return `${printOperand(condition.left)} ${condition.operator} ${printOperand(condition.right)}`;
    case 'call': {
      const path = condition.path === undefined ? [] : [printWholePath(condition.path)];
      const property = condition.property === undefined ? [] : [condition.property];
      return `${condition.name}(${[...path, ...property].join(', ')})`;
    }
  }
}

/** Canonical text of a path with its filters. */
export function printWholePath(path: Path): string {
  return printPath(path, printCondition);
}

function grouped(condition: Condition): string {
  return `(${printCondition(condition)})`;
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'path':
      return printWholePath(operand.path);
    case 'literal':
      return printLiteral(operand.value);
    case 'regex':
      return `/${escapeSlashes(operand.pattern)}/${operand.flags}`;
  }
}

function escapeSlashes(pattern: string): string {
  return pattern.replace(/\\[^]|\//g, (found) => (found === '/' ? '\\/' : found));
}

function printLiteral(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(printLiteral).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${quote(name)}:${printLiteral(value[name] ?? null)}`);
  return `{${members.join(',')}}`;
}
