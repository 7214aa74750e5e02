import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { OpenedRun } from '../../activities/contract.js';
import { isRunClosed } from './failure.js';
import { Intake, intakeChain } from './intake-chain.js';
import type { Pace } from './pace.js';
import type { TargetChain } from './target-chain.js';

/**
 * Runs the intake and all target chains side by side and waits for all of them, because a chain that breaks must not take the others
 * with it. Returns when each is done or at a border. Throws the failure that matters most: the run is not ours any more, the run was
 * cancelled, or the first defect.
 */
export async function runChains(
  runKey: string,
  pace: Pace,
  opened: OpenedRun,
  targetChain: TargetChain,
): Promise<void> {
  const run = { runKey, pace, intake: new Intake() };
  const chains = new CancellationScope();
  const isStopped = (): boolean => CancellationScope.current().consideredCancelled;
  const settled = await chains.run(() =>
    Promise.allSettled([
      // Drains that nobody told of the end of the reading would wait for ever.
      endingAll(chains, intakeChain(run, opened), () => !run.intake.isEnded),
      ...opened.targets.map((target) => endingAll(chains, targetChain(run, target, opened), isRunClosed)),
    ]),
  );
  const failures = settled.flatMap((chain) => (chain.status === 'rejected' ? [asError(chain.reason)] : []));
  const isLesser = isStopped() ? isNotCancellation : isCancellation;
  const worst = failures.find(isRunClosed) ?? failures.find((failure) => !isLesser(failure)) ?? failures[0];
  if (worst !== undefined) throw worst;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new TypeError(`thrown: ${String(reason)}`);
}

function isNotCancellation(error: unknown): boolean {
  return !isCancellation(error);
}

/** The chain itself; when it fails and `endsAll` says so, the other chains are cancelled. */
async function endingAll(
  scope: CancellationScope,
  chain: Promise<void>,
  endsAll: (error: unknown) => boolean,
): Promise<void> {
  try {
    await chain;
  } catch (error) {
    if (endsAll(error)) scope.cancel();
    throw error;
  }
}
