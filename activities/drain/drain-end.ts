import { TargetThrottledError } from './work.js';
import { TargetFailedError } from './write-errors.js';

/** How the work of one chunk ended. */
export type DrainEnd =
  /** Nothing is left to do in this phase. */
  | { readonly kind: 'drained' }
  /** The time of the chunk is over, the run was stopped, or as many rows were worked on as the limit allows. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'throttled'; readonly waitMs: number }
  | { readonly kind: 'targetFailed'; readonly message: string };

/** The end of a drain that met what concerns more than one pair; undefined: it concerns one only, or is a defect. */
export function endBy(error: unknown): DrainEnd | undefined {
  if (error instanceof TargetThrottledError) return { kind: 'throttled', waitMs: error.waitMs };
  if (error instanceof TargetFailedError) return { kind: 'targetFailed', message: error.message };
  return undefined;
}
