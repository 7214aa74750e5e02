import type { JsonValue } from '../../json.js';
import type { Budget } from '../budget.js';
import type { Condition, Test } from '../condition/condition-model.js';
import { isObjectValue, memberOf } from '../value.js';
import type { Value, ValueObject } from '../value.js';
import { applyPathFunction } from './path-functions.js';
import { isDefiniteSegment } from './path-model.js';
import type { Path, Segment } from './path-model.js';

/**
 * A compiled path: `root` is what `$` stands for, `current` what `@` stands for. Undefined if the path is missing; an
 * indefinite path gives a new list, which may be empty (PTH-2).
 */
export type PathReader = (root: Value, current: Value, budget: Budget) => Value | undefined;

/** Compiles the condition of a filter; given from outside because conditions contain paths. */
export type FilterCompiler = (condition: Condition) => Test;

/** Hands every match to `found`, in document order. */
type Selector = (value: Value, root: Value, budget: Budget, found: (match: Value) => void) => void;
type Step = (value: Value) => Value | undefined;

/** Compiles a path for reading. */
export function compilePathReader(path: Path, compileFilter: FilterCompiler): PathReader {
  const read = compileSegments(path.segments, compileFilter);
  const start: PathReader =
    path.root === '$'
      ? (root, _current, budget) => read(root, root, budget)
      : (root, current, budget) => read(root, current, budget);
  const fn = path.function;
  if (fn === undefined) return start;
  return (root, current, budget) => applyPathFunction(fn.name, fn.index, start(root, current, budget));
}

function compileSegments(segments: readonly Segment[], compileFilter: FilterCompiler): PathReader {
  const indefiniteAt = segments.findIndex((segment) => !isDefiniteSegment(segment));
  if (indefiniteAt === -1) return compileDefinite(segments);
  const prefix = compileDefinite(segments.slice(0, indefiniteAt));
  const select = compileSelector(segments.slice(indefiniteAt), compileFilter);
  return (root, current, budget) => {
    const matches: Value[] = [];
    const value = prefix(root, current, budget);
    if (value !== undefined) select(value, root, budget, (match) => matches.push(match));
    return matches;
  };
}

function compileDefinite(segments: readonly Segment[]): PathReader {
  const steps = segments.map(compileStep);
  const [first, second] = steps;
  if (first === undefined) return (_root, current) => current;
  if (second === undefined) return (_root, current) => first(current);
  return (_root, current) => {
    let value: Value | undefined = current;
    for (const step of steps) {
      value = step(value);
      if (value === undefined) return undefined;
    }
    return value;
  };
}

function compileStep(segment: Segment): Step {
  if (segment.kind === 'member') return memberStep(segment.name);
  if (segment.kind === 'project') return (value) => project(value, segment.names);
  const index = segment.kind === 'index' ? segment.index : 0;
  return (value) => elementOf(value, index);
}

function memberStep(name: string): Step {
  // Inherited names (`toString`) must be missing; other names cannot be inherited, so the plain access is safe and fast.
  if (name in Object.prototype) return (value) => memberOf(value, name);
  return (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
      ? value[name]
      : undefined;
}

/** Element by index, negative from the end; undefined for what is no array or beyond its ends. */
export function elementOf(value: JsonValue, index: number): JsonValue | undefined;
export function elementOf(value: Value, index: number): Value | undefined;
export function elementOf(value: Value, index: number): Value | undefined {
  return Array.isArray(value) ? value[index < 0 ? value.length + index : index] : undefined;
}

function project(value: Value, names: readonly string[]): ValueObject | undefined {
  if (!isObjectValue(value)) return undefined;
  const projection: ValueObject = {};
  for (const name of names) {
    const member = memberOf(value, name);
    if (member !== undefined && name !== '__proto__') projection[name] = member;
  }
  return projection;
}

function compileSelector(segments: readonly Segment[], compileFilter: FilterCompiler): Selector {
  const [segment, ...rest] = segments;
  if (segment === undefined) return (value, _root, _budget, found) => found(value);
  const next = compileSelector(rest, compileFilter);
  return segment.kind === 'descend'
    ? compileDescend(segment.inner, next, compileFilter)
    : compileBranches(segment, next, compileFilter);
}

function compileBranches(segment: Segment, next: Selector, compileFilter: FilterCompiler): Selector {
  switch (segment.kind) {
    case 'wildcard':
      return (value, root, budget, found) => {
        for (const child of childrenOf(value)) {
          budget.spend(1);
          next(child, root, budget, found);
        }
      };
    case 'filter':
      return compileFilterSelector(compileFilter(segment.condition), next);
    case 'indexes':
      return (value, root, budget, found) => {
        for (const index of segment.indexes) {
          const element = elementOf(value, index);
          if (element !== undefined) next(element, root, budget, found);
        }
      };
    case 'slice':
      return (value, root, budget, found) => {
        if (!Array.isArray(value)) return;
        budget.spend(value.length);
        for (const element of value.slice(segment.from ?? 0, segment.to)) next(element, root, budget, found);
      };
    case 'members':
      return (value, root, budget, found) => {
        for (const name of segment.names) {
          const member = memberOf(value, name);
          if (member !== undefined) next(member, root, budget, found);
        }
      };
    default: {
      const step = compileStep(segment);
      return (value, root, budget, found) => {
        const child = step(value);
        if (child !== undefined) next(child, root, budget, found);
      };
    }
  }
}

/** A filter on an object tests the object itself, as Jayway does. */
function compileFilterSelector(test: Test, next: Selector): Selector {
  return (value, root, budget, found) => {
    const candidates = Array.isArray(value) ? value : isObjectValue(value) ? [value] : [];
    for (const candidate of candidates) {
      budget.spend(1);
      if (test(root, candidate, budget)) next(candidate, root, budget, found);
    }
  };
}

/** `..`: a filter and a list of names apply to objects only, because every object is visited anyway. */
function compileDescend(inner: Segment, next: Selector, compileFilter: FilterCompiler): Selector {
  const apply = compileBranches(inner, next, compileFilter);
  const applies = (value: Value): boolean => {
    if (inner.kind === 'filter') return isObjectValue(value);
    if (inner.kind === 'members') return inner.names.every((name) => memberOf(value, name) !== undefined);
    return true;
  };
  const visit: Selector = (value, root, budget, found) => {
    budget.spend(1);
    if (applies(value)) apply(value, root, budget, found);
    for (const child of childrenOf(value)) visit(child, root, budget, found);
  };
  return visit;
}

function childrenOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  return isObjectValue(value) ? Object.values(value) : [];
}
