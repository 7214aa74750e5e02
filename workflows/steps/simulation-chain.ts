import { condition } from '@temporalio/workflow';
import type { OpenedRun, SimulateChunkInput } from '../../activities/contract.js';
import { PLURAL } from './names.js';
import { chunk } from './options.js';
import type { RunTarget, TargetRun } from './target-chain.js';

type Step = SimulateChunkInput['step'];

/** What is done with each type, as operators read it. */
const LABEL: Readonly<Record<Step, string>> = { write: 'Simulate', delete: 'Simulate deletion of', compare: 'Compare' };

/**
 * What a Resync would do in one target. It waits for the end of all reading, because a reference may lead to somebody who is read last; then all
 * types, their deletions and, where it was asked for, the comparison with the target. Nothing is sent, so that no step waits for another target.
 */
export async function simulationChain(run: TargetRun, target: RunTarget, opened: OpenedRun): Promise<void> {
  await condition(() => run.intake.isEnded || run.pace.isCut());
  if (run.intake.isBroken || run.pace.stopsHere()) return;
  const steps: readonly Step[] = opened.asksTargets === true ? ['write', 'delete', 'compare'] : ['write', 'delete'];
  for (const step of steps) {
    for (const type of target.types) {
      const call = chunk(`${LABEL[step]} ${PLURAL[type]} → ${target.name}`);
      const input = { runKey: run.runKey, targetNo: target.targetNo, type, step };
      const end = await run.pace.repeat(() => call.simulateChunk(input));
      if (end !== 'done') return;
    }
  }
}
