import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ActivityInterfaceFor, ActivityOptions } from '@temporalio/workflow';
import type { RUN_CLOSED, RunActivities } from '../../activities/contract.js';
import { bulkQueueOf } from '../../core/task-queues.js';

/** Failure type of an activity whose run belongs to another attempt; a value of our own, because activities are imported as types. */
export const RUN_CLOSED_KIND: typeof RUN_CLOSED = 'runClosed';

type ChunkActivities = Pick<
  RunActivities,
  'sweepPairs' | 'drainChunk' | 'planAbsence' | 'deleteChunk' | 'simulateChunk'
>;
type StepActivities = Pick<
  RunActivities,
  'openRun' | 'endIntake' | 'finishRun' | 'requestScheduledRun' | 'findHealable'
>;
type HealActivities = Pick<RunActivities, 'healPair'>;
type MailActivities = Pick<RunActivities, 'sendMails' | 'tendCertificates' | 'removeOldLogs'>;
type ReportActivities = Pick<RunActivities, 'describeProgress'>;

/**
 * Attempts are unlimited on purpose: a step that fails has not lost anything, and giving up would leave a run that only a person can
 * repair. The pause between them is short, because the usual cause is a worker or database that is just being restarted.
 */
const UNTIL_DONE: NonNullable<ActivityOptions['retry']> = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '5s',
  nonRetryableErrorTypes: [RUN_CLOSED_KIND],
};

/** A chunk is over after about 30 s; five minutes mean that it hangs. Three lost heartbeats in a row mean that its worker is dead. */
const WORK: ActivityOptions = {
  startToCloseTimeout: '5m',
  heartbeatTimeout: '15s',
  retry: UNTIL_DONE,
  // A stopped run is closed only when its last request was answered (STP-2).
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
};

/**
 * Reading over one connection has no borders to stop at. What hangs in it is ended by the time limits of the connector; a dead worker shows by
 * its heartbeats.
 */
const READ_IN_ONE_GO: ActivityOptions = { ...WORK, startToCloseTimeout: '24h' };

/** A picture for operators: late is worthless, missing is harmless. */
const REPORT: ActivityOptions = {
  scheduleToStartTimeout: '5s',
  startToCloseTimeout: '5s',
  heartbeatTimeout: '5s',
  retry: { maximumAttempts: 1 },
  cancellationType: 'TRY_CANCEL',
};

/** A round of healing, or of the outbox, is repeated by the next one and not by Temporal; one that nobody takes within a minute is not worth a slot. */
const HEAL: ActivityOptions = { ...WORK, scheduleToStartTimeout: '1m', retry: { maximumAttempts: 1 } };

/** Work of about 30 s on the bulk queue. `summary` is one line for the Temporal Web UI: names of systems, never of people. */
export function chunk(summary: string): ActivityInterfaceFor<ChunkActivities> {
  return proxyActivities<ChunkActivities>({ ...WORK, taskQueue: bulkQueueOf(workflowInfo().taskQueue), summary });
}

/** Reading of one type on the bulk queue: in chunks, or in one go. */
export function reading(summary: string, inOneGo: boolean): ActivityInterfaceFor<Pick<RunActivities, 'intakeChunk'>> {
  const options = inOneGo ? READ_IN_ONE_GO : WORK;
  return proxyActivities({ ...options, taskQueue: bulkQueueOf(workflowInfo().taskQueue), summary });
}

/** A short step on the queue of the workflow itself, where it does not wait behind chunks. */
export function step(summary: string): ActivityInterfaceFor<StepActivities> {
  return proxyActivities<StepActivities>({ ...WORK, summary });
}

/** A round of healing between two systems, on the bulk queue, tried once. */
export function healing(summary: string): ActivityInterfaceFor<HealActivities> {
  return proxyActivities<HealActivities>({ ...HEAL, taskQueue: bulkQueueOf(workflowInfo().taskQueue), summary });
}

/** A round of the outbox, or of the certificates, on the queue of the workflow itself, tried once: it takes no slot from jobs. */
export function housekeeping(summary: string): ActivityInterfaceFor<MailActivities> {
  return proxyActivities<MailActivities>({ ...HEAL, summary });
}

/** Counters for operators, tried once. */
export function report(summary: string): ActivityInterfaceFor<ReportActivities> {
  return proxyActivities<ReportActivities>({ ...REPORT, summary });
}
