import { condition } from '@temporalio/workflow';
import type { OpenedRun } from '../../activities/contract.js';
import type { Intake } from './intake-chain.js';
import { PLURAL } from './names.js';
import { chunk } from './options.js';
import type { Pace } from './pace.js';

/** The chain of one target in a kind of job. */
export type TargetChain = (run: TargetRun, target: RunTarget, opened: OpenedRun) => Promise<void>;

/** One target of an opened run. */
export type RunTarget = OpenedRun['targets'][number];

/** What the chain of a target knows of its run. */
export interface TargetRun {
  readonly runKey: string;
  readonly pace: Pace;
  readonly intake: Intake;
}

/**
 * Everything one target gets in a run: each type, then the entities of that type that had to wait for others, and, when all types are
 * written and reading has ended, its deletions. It waits for no other target; a target that fails ends this chain only (ORD-7).
 */
export async function targetChain(run: TargetRun, target: RunTarget): Promise<void> {
  if (!(await drain(run, target))) return;
  await condition(() => run.intake.isEnded || run.pace.isCut());
  if (run.intake.isBroken || run.pace.stopsHere() || !run.intake.plansAbsence) return;
  await deleteAbsent(run, target);
}

/** False when the chain ends here: the target failed, or the history is full. */
async function drain({ runKey, pace }: TargetRun, { targetNo, name, types }: RunTarget): Promise<boolean> {
  for (const type of types) {
    for (const late of [false, true]) {
      const summary = `Write ${late ? 'late ' : ''}${PLURAL[type]} → ${name}`;
      const phase = { runKey, targetNo, type, late, andLate: !late };
      const end = await pace.repeat(() => chunk(summary).drainChunk(phase));
      if (end === 'lateDone') break;
      if (end !== 'done') return false;
    }
  }
  return true;
}

async function deleteAbsent({ runKey, pace }: TargetRun, { targetNo, name }: RunTarget): Promise<void> {
  const plan = await chunk(`Plan deletions → ${name}`).planAbsence({ runKey, targetNo });
  for (const type of plan.types) {
    const summary = `Delete ${PLURAL[type]} → ${name}`;
    const end = await pace.repeat(() => chunk(summary).deleteChunk({ runKey, targetNo, type }));
    if (end !== 'done') return;
  }
}
