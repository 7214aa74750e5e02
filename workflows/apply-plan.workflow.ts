import { runLoop } from './steps/run-loop.js';
import type { RunLoopInput, RunLoopResult } from './steps/run-loop.js';

/** Input of {@link applyPlanWorkflow}. */
export type ApplyPlanInput = RunLoopInput;

/** Result of {@link applyPlanWorkflow}. */
export type ApplyPlanResult = RunLoopResult;

/**
 * Applies the approved changes of a plan and nothing else (PLN-9). The order of its steps is that of a Read job without reading: its drains
 * and deletions take the approved changes, which is decided by the kind in the row of the run.
 */
export async function applyPlanWorkflow(input: ApplyPlanInput): Promise<ApplyPlanResult> {
  return runLoop(input);
}
