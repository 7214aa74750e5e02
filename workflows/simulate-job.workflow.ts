import { runLoop } from './steps/run-loop.js';
import type { RunLoopInput, RunLoopResult } from './steps/run-loop.js';
import { simulationChain } from './steps/simulation-chain.js';

/** Input of {@link simulateJobWorkflow}. */
export type SimulateJobInput = RunLoopInput;

/** Result of {@link simulateJobWorkflow}. */
export type SimulateJobResult = RunLoopResult;

/** A Simulate job (JOB-7): reads like a Resync, and finds out for each target what a Resync would do. */
export async function simulateJobWorkflow(input: SimulateJobInput): Promise<SimulateJobResult> {
  return runLoop(input, simulationChain);
}
