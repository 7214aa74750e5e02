import { CancellationScope, CancelledFailure, continueAsNew } from '@temporalio/workflow';
import type { ChunkResult, FinishRunInput, FinishedRun } from '../../activities/contract.js';
import { isRunClosed, runFailure } from './failure.js';
import { chunk, step } from './options.js';
import { Pace } from './pace.js';
import { ProgressDetails } from './progress.js';
import { runChains } from './run-chains.js';
import { tellWorker } from './sinks.js';
import { targetChain } from './target-chain.js';
import type { TargetChain } from './target-chain.js';

/** What a run needs to know: everything else stands in PostgreSQL, also after a loss of the history. */
export interface RunLoopInput {
  /** Internal, never changing key of the run, decimal. */
  readonly runKey: string;
  /** Continue as new after so many unfinished chunks and not only when the server suggests it; for tests. */
  readonly chunksPerHistory?: number;
}

/** How a workflow of a run ended. A stopped one ends as cancelled, a defective one fails with `runStepFailed`. */
export interface RunLoopResult {
  /** `finished`: by us. `notOurs`: the run was closed before, or taken over by another workflow; nothing was changed any more. */
  readonly ended: 'finished' | 'notOurs';
  /** Final status of the job (STA-1). */
  readonly status?: string;
}

/**
 * One run from its opening to its final status: sweeps, then reading beside one chain per target, then the end of the books. Resumable
 * at every border, because each activity looks into PostgreSQL for what is already done. `chain`: what is done for each target.
 */
export async function runLoop(input: RunLoopInput, chain: TargetChain = targetChain): Promise<RunLoopResult> {
  const progress = new ProgressDetails(input.runKey);
  const pace = new Pace(progress, input.chunksPerHistory);
  let end: RunEnd;
  try {
    end = await workThrough(input.runKey, pace, progress, chain);
  } catch (error) {
    end = { kind: isRunClosed(error) ? 'notOurs' : 'defect', error };
  }
  if (isStopped() && end.kind !== 'notOurs') end = { kind: 'stopped' };
  // A defect waits until the other chains are done: in the new history it shows again, or it is gone.
  if (pace.hasWorkLeft() && (end.kind === 'done' || end.kind === 'defect')) {
    tellWorker.continuingAsNew(input.runKey);
    return continueAsNew<(next: RunLoopInput) => Promise<RunLoopResult>>(input);
  }
  return conclude(input.runKey, end, progress);
}

interface RunEnd {
  readonly kind: 'done' | 'stopped' | 'notOurs' | 'defect';
  readonly error?: unknown;
}

/** Until every chain is done or at a border. */
async function workThrough(runKey: string, pace: Pace, progress: ProgressDetails, chain: TargetChain): Promise<RunEnd> {
  // Not cancellable, because finishRun of a run that is stopped at once needs an owner too.
  const opened = await CancellationScope.nonCancellable(() => step('Open the run').openRun({ runKey }));
  if (opened.closed) return { kind: 'notOurs' };
  if (opened.hasSweeps !== undefined) progress.waitForNews();
  const sweep = (): Promise<ChunkResult> => chunk('Find pairs that became wanted').sweepPairs({ runKey });
  const swept = opened.hasSweeps === false ? 'done' : await pace.repeat(sweep);
  if (swept !== 'cut') await runChains(runKey, pace, opened, chain);
  return { kind: 'done' };
}

/** How each end is told to `finishRun`. */
const FINISH_AS = { done: 'completed', stopped: 'stopped', defect: 'failed' } as const;

/** Closes the books, also of a stopped or defective run, and tells Temporal how it went. */
async function conclude(runKey: string, end: RunEnd, progress: ProgressDetails): Promise<RunLoopResult> {
  const { kind } = end;
  if (kind === 'notOurs') return NOT_OURS;
  const result = await CancellationScope.nonCancellable(async () => {
    const finished = await finish(runKey, FINISH_AS[kind]);
    await progress.end(finished === 'notOurs' ? undefined : finished.markdown);
    if (finished === 'notOurs') return NOT_OURS;
    return { ended: 'finished', status: finished.status } as const;
  });
  if (end.kind === 'defect') throw runFailure(end.error);
  if (end.kind === 'stopped') throw new CancelledFailure('Stopped by an administrator');
  return result;
}

const NOT_OURS: RunLoopResult = { ended: 'notOurs' };

async function finish(runKey: string, end: FinishRunInput['end']): Promise<FinishedRun | 'notOurs'> {
  try {
    return await step('Finish the run').finishRun({ runKey, end });
  } catch (error) {
    if (isRunClosed(error)) return 'notOurs';
    throw runFailure(error);
  }
}

function isStopped(): boolean {
  return CancellationScope.current().consideredCancelled;
}
