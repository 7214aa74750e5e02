import { ScheduleAlreadyRunning } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { WORKFLOW_QUEUE } from '../../core/task-queues.js';
import type { healWorkflow } from '../../workflows/heal.workflow.js';

const EVERY_MS = 60_000;
/** A round is over in well under a minute; what hangs longer has lost its worker. */
const ROUND_TIMEOUT_MS = 10 * 60_000;

/** Id of the schedule that heals this installation. */
export function healScheduleIdOf(installation: string): string {
  return `heal/${installation}`;
}

/**
 * Makes the schedule of healing when Temporal has none, also after a loss of its data: a round every minute, none beside another, none
 * caught up. One that an operator has paused stays so. True when it was made.
 */
export async function ensureHealSchedule(
  client: Client,
  installation: string,
  workflowQueue: string = WORKFLOW_QUEUE,
): Promise<boolean> {
  const scheduleId = healScheduleIdOf(installation);
  try {
    // Nobody looks first: a schedule that is asked for its state has to answer itself, and that takes its time when it is busy.
    await client.schedule.create<typeof healWorkflow>({
      scheduleId,
      memo: { installation },
      spec: { intervals: [{ every: EVERY_MS }] },
      policies: { overlap: 'SKIP', catchupWindow: EVERY_MS, pauseOnFailure: false },
      action: {
        type: 'startWorkflow',
        workflowType: 'healWorkflow',
        workflowId: scheduleId,
        taskQueue: workflowQueue,
        args: [],
        workflowExecutionTimeout: ROUND_TIMEOUT_MS,
        staticSummary: 'Healing between jobs',
      },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/** A round now, unless one is under way. */
export async function healSoon(client: Client, installation: string): Promise<void> {
  await client.schedule.getHandle(healScheduleIdOf(installation)).trigger('SKIP');
}
