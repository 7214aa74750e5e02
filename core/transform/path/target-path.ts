import { ExpressionError } from '../expression-error.js';
import type { Condition, Test } from '../condition/condition-model.js';
import type { JsonObject } from '../../json.js';
import { isForbiddenName, setMember } from '../value.js';
import type { Path, Segment } from './path-model.js';
import type { FilterCompiler } from './read-path.js';

/** One step of a path that is written (PTH-9 to PTH-15). */
export type TargetSegment =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'wildcard' }
  /** `[?(@.attr)]` at the end: appends one element for each value (PTH-13). `names` is the way to the value. */
  | { readonly kind: 'distribute'; readonly names: readonly string[] }
  /** A filter; `template` are the members of the element that is appended if nothing matches (PTH-15). */
  | { readonly kind: 'filter'; readonly test: Test; readonly template: JsonObject | undefined };

/** What is done at the end of the path; `remove` and `rename` may also address what they only match. */
export type TargetUse = 'set' | 'remove' | 'rename';

/** Checks a path for writing and prepares it. Throws {@link ExpressionError} for forms that can only be read (PTH-17). */
export function compileTargetSegments(path: Path, use: TargetUse, compileFilter: FilterCompiler): TargetSegment[] {
  if (path.root === '@') throw new ExpressionError('a target path starts with "$"');
  if (path.function !== undefined) throw new ExpressionError(`${path.function.name}() cannot be written, only read`);
  const segments = path.segments.map((segment, position) => {
    const last = position === path.segments.length - 1;
    return compileSegment(segment, last, use, compileFilter);
  });
  if (use !== 'set' && segments.length === 0) throw new ExpressionError(`"${use}" needs a path below "$"`);
  if (use === 'rename' && segments.at(-1)?.kind !== 'member')
    throw new ExpressionError('"rename" needs a path that ends with a name');
  return segments;
}

function compileSegment(segment: Segment, last: boolean, use: TargetUse, compileFilter: FilterCompiler): TargetSegment {
  switch (segment.kind) {
    case 'member':
      if (isForbiddenName(segment.name)) throw new ExpressionError(`an attribute must not be called "${segment.name}"`);
      return segment;
    case 'index':
      if (segment.index < 0 && use === 'set')
        throw new ExpressionError('a negative index can only be read; count from 0');
      return segment;
    case 'wildcard':
      return segment;
    case 'filter': {
      const names = last && use === 'set' ? existenceOf(segment.condition) : undefined;
      if (names !== undefined) return { kind: 'distribute', names };
      return {
        kind: 'filter',
        test: compileFilter(segment.condition),
        template: use === 'set' && !last ? equalitiesOf(segment.condition) : undefined,
      };
    }
    case 'project':
      // Written like `.['urn:x']` behind `[*]`: one name is a plain member, several are a union.
      if (segment.names.length === 1)
        return compileSegment({ kind: 'member', name: segment.names[0] ?? '' }, last, use, compileFilter);
      throw new ExpressionError('several names in brackets can only be read; write one mapping for each attribute');
    case 'members':
    case 'indexes':
      throw new ExpressionError('several names or positions in brackets can only be read; write one mapping for each');
    case 'slice':
      throw new ExpressionError('a slice can only be read; use [n], [*] or a filter');
    case 'descend':
      throw new ExpressionError('".." can only be read; write the whole path');
  }
}

/** The names of `@.attr`, undefined for any other condition. */
function existenceOf(condition: Condition): readonly string[] | undefined {
  if (condition.kind !== 'exists' || condition.path.root !== '@' || condition.path.function !== undefined)
    return undefined;
  const names = condition.path.segments.map((segment) => (segment.kind === 'member' ? segment.name : undefined));
  if (names.length === 0 || !names.every((name) => name !== undefined)) return undefined;
  return names.map(checkedName);
}

/** The element that satisfies a conjunction of equality tests, undefined for any other condition. */
function equalitiesOf(condition: Condition): JsonObject | undefined {
  const parts = condition.kind === 'and' ? condition.parts : [condition];
  const template: JsonObject = {};
  for (const part of parts) {
    if (part.kind !== 'compare' || (part.operator !== '==' && part.operator !== '===')) return undefined;
    const [path, literal] = part.left.kind === 'path' ? [part.left, part.right] : [part.right, part.left];
    if (path.kind !== 'path' || literal.kind !== 'literal') return undefined;
    const names = path.path.root === '@' && path.path.function === undefined ? path.path.segments : [];
    const [name] = names;
    if (names.length !== 1 || name?.kind !== 'member') return undefined;
    setMember(template, checkedName(name.name), literal.value);
  }
  return template;
}

function checkedName(name: string): string {
  if (isForbiddenName(name)) throw new ExpressionError(`an attribute must not be called "${name}"`);
  return name;
}
