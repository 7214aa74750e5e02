import type { Condition } from '../condition/condition-model.js';

/** One step of a path (PTH-1). */
export type Segment =
  | { readonly kind: 'member'; readonly name: string }
  /** The members with these names, one after the other: only inside a path, at its end it is a `project`. */
  | { readonly kind: 'members'; readonly names: readonly string[] }
  /** An object with only these members, those that are present. Always the last segment. */
  | { readonly kind: 'project'; readonly names: readonly string[] }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'filter'; readonly condition: Condition }
  /** The inner segment on the value and all its descendants, in document order. */
  | { readonly kind: 'descend'; readonly inner: Segment };

/** Functions that may end a path (PTH-1, PTH-7). */
export const PATH_FUNCTIONS = ['length', 'min', 'max', 'avg', 'sum', 'keys', 'first', 'last', 'index'] as const;

/** See {@link PATH_FUNCTIONS}. */
export type PathFunctionName = (typeof PATH_FUNCTIONS)[number];

/** A parsed path. */
export interface Path {
  /** `$` the document, `@` the current element or value (CND-3). */
  readonly root: '$' | '@';
  readonly segments: readonly Segment[];
  readonly function: { readonly name: PathFunctionName; readonly index: number } | undefined;
}

/** True if the segment selects at most one value of each value it is applied to. */
export function isDefiniteSegment(segment: Segment): boolean {
  return segment.kind === 'member' || segment.kind === 'index' || segment.kind === 'project';
}

/** True if the path gives one value or is missing, false if it gives a list (PTH-2). */
export function isDefinitePath(path: Path): boolean {
  return path.function !== undefined || path.segments.every(isDefiniteSegment);
}
