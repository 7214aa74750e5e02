import { runLoop } from './steps/run-loop.js';
import type { RunLoopInput, RunLoopResult } from './steps/run-loop.js';

/** Input of {@link readJobWorkflow}. */
export type ReadJobInput = RunLoopInput;

/** Result of {@link readJobWorkflow}. */
export type ReadJobResult = RunLoopResult;

/** A Read job (JOB-3): new and changed entities of a source go to all its targets. */
export async function readJobWorkflow(input: ReadJobInput): Promise<ReadJobResult> {
  return runLoop(input);
}
