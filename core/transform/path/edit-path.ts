import type { Budget } from '../budget.js';
import { EvaluationError } from '../evaluation-error.js';
import type { JsonObject, JsonValue } from '../../json.js';
import { isObjectValue, setMember } from '../value.js';
import type { Value } from '../value.js';
import type { Output } from './output.js';
import { elementOf } from './read-path.js';
import type { TargetSegment } from './target-path.js';

/** Changes what a path matches in the output and says how many matches there were. */
export type PathEditor = (output: Output, root: Value, budget: Budget) => number;

/** EXP-26: deletes all matches. */
export function compileRemover(segments: readonly TargetSegment[]): PathEditor {
  const last = segments.at(-1);
  return (output, root, budget) => {
    let count = 0;
    for (const container of containers(segments, output, root, budget))
      count += removeFrom(container, last, root, budget);
    return count;
  };
}

/** EXP-27: renames the last member in every match; an attribute of the new name is overwritten, the position is kept. */
export function compileRenamer(segments: readonly TargetSegment[], newName: string): PathEditor {
  const last = segments.at(-1);
  const name = last?.kind === 'member' ? last.name : '';
  return (output, root, budget) => {
    let count = 0;
    for (const container of containers(segments, output, root, budget)) {
      if (isObjectValue(container) && Object.hasOwn(container, name)) {
        renameMember(container, name, newName);
        count += 1;
      }
    }
    return count;
  };
}

/** Renames a member of an object that may be changed, and keeps its position. */
export function renameMember(object: JsonObject, name: string, newName: string): void {
  if (name === newName) return;
  const members = Object.entries(object).filter(([key]) => key !== newName);
  for (const key of Object.keys(object)) delete object[key];
  for (const [key, value] of members) setMember(object, key === name ? newName : key, value);
}

/** What the path without its last segment matches. */
function containers(segments: readonly TargetSegment[], output: Output, root: Value, budget: Budget): JsonValue[] {
  let matches: JsonValue[] = [output.document];
  for (const segment of segments.slice(0, -1)) {
    const next: JsonValue[] = [];
    for (const match of matches) {
      for (const child of childrenOf(match, segment, root, budget)) if (!output.isPadding(child)) next.push(child);
    }
    matches = next;
  }
  return matches;
}

function childrenOf(container: JsonValue, segment: TargetSegment, root: Value, budget: Budget): JsonValue[] {
  budget.spend(1);
  switch (segment.kind) {
    case 'member': {
      const member =
        isObjectValue(container) && Object.hasOwn(container, segment.name) ? container[segment.name] : undefined;
      return member === undefined ? [] : [member];
    }
    case 'index': {
      const element = elementOf(container, segment.index);
      return element === undefined ? [] : [element];
    }
    case 'wildcard':
      return Array.isArray(container) ? container : isObjectValue(container) ? Object.values(container) : [];
    case 'filter':
      if (!Array.isArray(container)) return [];
      budget.spend(container.length);
      return container.filter((element) => segment.test(root, element, budget));
    case 'distribute':
      throw new EvaluationError('A distributing path cannot be edited');
  }
}

function removeFrom(container: JsonValue, segment: TargetSegment | undefined, root: Value, budget: Budget): number {
  budget.spend(1);
  if (Array.isArray(container)) return removeElements(container, segment, root, budget);
  if (!isObjectValue(container)) return 0;
  if (segment?.kind === 'wildcard') return Object.keys(container).filter((key) => delete container[key]).length;
  if (segment?.kind !== 'member' || !Object.hasOwn(container, segment.name)) return 0;
  delete container[segment.name];
  return 1;
}

function removeElements(array: JsonValue[], segment: TargetSegment | undefined, root: Value, budget: Budget): number {
  budget.spend(array.length);
  const before = array.length;
  const kept = array.filter((element, index) => {
    if (segment?.kind === 'wildcard') return false;
    if (segment?.kind === 'index') return index !== (segment.index < 0 ? before + segment.index : segment.index);
    return segment?.kind !== 'filter' || !segment.test(root, element, budget);
  });
  if (kept.length < before) {
    array.length = 0;
    for (const element of kept) array.push(element);
  }
  return before - kept.length;
}
