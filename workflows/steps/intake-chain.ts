import { isCancellation } from '@temporalio/workflow';
import type { OpenedRun } from '../../activities/contract.js';
import { isRunClosed } from './failure.js';
import { PLURAL } from './names.js';
import { reading, step } from './options.js';
import type { Pace } from './pace.js';

/** Where the reading of a run stands, for the target chains that wait for its end. */
export class Intake {
  /** The drains were told that nothing more will come. */
  isEnded = false;
  /** Reading broke in a way nobody foresaw: nobody vouches for what was read, so nothing may be deleted because of it. */
  isBroken = false;
  /** False: it reads changes only, and who is absent is not asked (DEL-1). */
  plansAbsence = true;
}

/**
 * Reads the types of the source in order. A source that fails (or has no target left) ends the reading, not the run: whatever was read
 * is written. However reading ends, the drains are told, unless the run itself ends or goes on in a new history.
 */
export async function intakeChain(
  run: { readonly runKey: string; readonly pace: Pace; readonly intake: Intake },
  opened: Pick<OpenedRun, 'types' | 'readsInOneGo'>,
): Promise<void> {
  try {
    for (const type of opened.types) {
      const read = reading(`Read ${PLURAL[type]}`, opened.readsInOneGo === true);
      const end = await run.pace.repeat(() => read.intakeChunk({ runKey: run.runKey, type }));
      if (end === 'cut') return;
      if (end !== 'done') break;
    }
  } catch (error) {
    if (isCancellation(error) || isRunClosed(error)) throw error;
    run.intake.isBroken = true;
    await endIntake(run);
    throw error;
  }
  await endIntake(run);
}

async function endIntake(run: { readonly runKey: string; readonly intake: Intake }): Promise<void> {
  const end = await step('End of reading').endIntake({ runKey: run.runKey });
  // Histories of before say nothing.
  run.intake.plansAbsence = end?.plansAbsence ?? true;
  run.intake.isEnded = true;
}
