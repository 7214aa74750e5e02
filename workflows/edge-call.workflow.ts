import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  proxyActivities,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { EdgeActivities, EdgeCallInput, EdgeLoss, EdgeRefusal } from '../activities/contract.js';

const REFUSALS: readonly EdgeRefusal[] = ['otherKey', 'notOurs', 'otherVersion'];

/**
 * One call of a connector that stands in a private network: one activity on the queue of its location, tried once, and it is over (ADR 0086). What is
 * asked and answered is sealed. Fails with one of {@link EdgeLoss} when there is no answer.
 */
export async function edgeCallWorkflow(input: EdgeCallInput, frame: Uint8Array): Promise<Uint8Array> {
  const { queue, summary, times } = input;
  // By the clock of the server, whatever the clocks of the workers say: a call that waited here is not made under a lease that is over.
  if (Date.now() - workflowInfo().startTime.getTime() > times.firstTask) throw lost('late');
  const { edgeCall } = proxyActivities<EdgeActivities>({
    taskQueue: queue,
    summary,
    scheduleToStartTimeout: times.scheduleToStart,
    startToCloseTimeout: times.startToClose,
    heartbeatTimeout: times.heartbeat,
    // Whether a call that got lost may be repeated is for the engine to say (RTY-5).
    retry: { maximumAttempts: 1 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
  try {
    return await edgeCall(frame);
  } catch (error) {
    throw lost(lossOf(error));
  }
}

function lossOf(error: unknown): EdgeLoss {
  // A worker answers a cancelled call too, so this one was not begun.
  if (error instanceof CancelledFailure) return 'notBegun';
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (cause instanceof CancelledFailure) return 'notBegun';
  if (cause instanceof TimeoutFailure) return cause.timeoutType === 'SCHEDULE_TO_START' ? 'noWorker' : 'silent';
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return REFUSALS.find((refusal) => refusal === type) ?? 'broken';
}

function lost(loss: EdgeLoss): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`the call got no answer: ${loss}`, loss);
}
