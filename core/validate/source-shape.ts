import type { JsonObject, JsonValue } from '../json.js';
import { ExpressionError } from '../transform/expression-error.js';
import { parsePathText } from '../transform/path/parse-path.js';
import { compileTargetSegments } from '../transform/path/target-path.js';
import type { TargetSegment } from '../transform/path/target-path.js';
import type { CellValue } from './cells.js';

/** Elements of a list that headers may address; more would be a slip of the finger. */
const MAX_INDEX = 9_999;

/** Where the cells of a row go in the JSON of the source: a tree made of all headers. */
export type SourceShape =
  | { readonly kind: 'value'; readonly column: number }
  | { readonly kind: 'object'; readonly members: Map<string, SourceShape> }
  | { readonly kind: 'list'; readonly elements: Map<number, SourceShape> };

/** Headers that cannot be used, all of them. */
export interface HeaderMistake {
  /** Counted from 1. */
  readonly column: number;
  readonly message: string;
}

/**
 * Understands the headers of a CSV file: attribute paths in dot notation without `$.`, such as `name.familyName`, `groups[0].value`,
 * `['urn:x:y']['grade']` (VAL-2).
 */
export function shapeOf(headers: readonly string[]): SourceShape | readonly HeaderMistake[] {
  const root: SourceShape = { kind: 'object', members: new Map() };
  const mistakes = headers.flatMap((header, column): HeaderMistake[] => {
    try {
      place(root, stepsOf(header), column);
      return [];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return [{ column: column + 1, message: `the header ${JSON.stringify(header)}: ${error.message}` }];
    }
  });
  return mistakes.length === 0 ? root : mistakes;
}

/** The JSON of a row. Absent cells leave no trace, and lists close their gaps (VAL-5). */
export function toSourceJson(shape: SourceShape, cells: readonly CellValue[]): JsonObject {
  const value = valueOf(shape, cells);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function valueOf(shape: SourceShape, cells: readonly CellValue[]): JsonValue | undefined {
  switch (shape.kind) {
    case 'value':
      return cells[shape.column];
    case 'object': {
      const members = [...shape.members].flatMap(([name, child]): [string, JsonValue][] => {
        const value = valueOf(child, cells);
        return value === undefined ? [] : [[name, value]];
      });
      return members.length === 0 ? undefined : Object.fromEntries(members);
    }
    case 'list': {
      const byIndex = [...shape.elements].sort(([left], [right]) => left - right);
      const elements = byIndex.map(([, element]) => valueOf(element, cells)).filter((value) => value !== undefined);
      return elements.length === 0 ? undefined : elements;
    }
  }
}

function stepsOf(header: string): readonly TargetSegment[] {
  const path = parsePathText(header, () => {
    throw new ExpressionError('a header names one attribute, so it has no filter');
  });
  const noFilter = (): never => {
    throw new ExpressionError('a header names one attribute');
  };
  return compileTargetSegments(path, 'set', noFilter);
}

function place(root: SourceShape, steps: readonly TargetSegment[], column: number): void {
  let at = root;
  steps.forEach((step, position) => {
    const next = steps[position + 1];
    at = child(at, step, next === undefined ? { kind: 'value', column } : emptyShape(next));
  });
  if (at.kind !== 'value' || at.column !== column) throw new ExpressionError('another header gives the same attribute');
}

function emptyShape(next: TargetSegment): SourceShape {
  return next.kind === 'index' ? { kind: 'list', elements: new Map() } : { kind: 'object', members: new Map() };
}

/** The shape below a step; `fresh` where there is none yet. */
function child(at: SourceShape, step: TargetSegment, fresh: SourceShape): SourceShape {
  if (step.kind === 'member' && at.kind === 'object') return known(at.members, step.name, fresh);
  if (step.kind === 'index' && at.kind === 'list') {
    if (step.index > MAX_INDEX) throw new ExpressionError(`an index is ${MAX_INDEX} at most`);
    return known(at.elements, step.index, fresh);
  }
  if (step.kind !== 'member' && step.kind !== 'index')
    throw new ExpressionError('a header names one attribute: use names and indexes only');
  throw new ExpressionError(
    'another header has a value where this one needs an object or a list, or the other way round',
  );
}

function known<K>(children: Map<K, SourceShape>, key: K, fresh: SourceShape): SourceShape {
  const shape = children.get(key) ?? fresh;
  children.set(key, shape);
  return shape;
}
