import { runLoop } from './steps/run-loop.js';
import type { RunLoopInput, RunLoopResult } from './steps/run-loop.js';

/** Input of {@link resyncJobWorkflow}. */
export type ResyncJobInput = RunLoopInput;

/** Result of {@link resyncJobWorkflow}. */
export type ResyncJobResult = RunLoopResult;

/**
 * A Resync job (JOB-4): every entity is written again. The order of its steps is that of a Read job; what differs (a full read, forced
 * writes) is decided where the run is opened and read, by the kind in its row.
 */
export async function resyncJobWorkflow(input: ResyncJobInput): Promise<ResyncJobResult> {
  return runLoop(input);
}
