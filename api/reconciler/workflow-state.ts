import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionStatusName, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { LostEnd } from '../../state/runs/index.js';
import { runWorkflowId } from './start-options.js';
import type { StartableRun } from './start-options.js';
import { TEMPORAL_DEADLINE_MS } from './start-run.js';

/** What Temporal knows of the workflow of a run. */
export type WorkflowState =
  /** Never started, or forgotten together with all other data of the server. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'running' }
  /** Over, in whatever way; `message` is for the job's *Error Message*. */
  | { readonly kind: 'closed'; readonly end: LostEnd; readonly message: string };

const WHAT_NOW = 'What was not written yet stays due for the next job of this source.';

/** How a workflow that is over left its run; undefined: it is not over. */
const ENDS: Partial<Record<WorkflowExecutionStatusName, { readonly end: LostEnd; readonly text: string }>> = {
  TERMINATED: { end: 'terminated', text: 'The workflow of this job was terminated in Temporal.' },
  CANCELLED: {
    end: 'terminated',
    text: 'The workflow of this job was cancelled in Temporal and could not close the job.',
  },
  FAILED: { end: 'failed', text: 'The workflow of this job failed' },
  TIMED_OUT: { end: 'timedOut', text: 'The workflow of this job was ended by a time limit of Temporal.' },
  COMPLETED: {
    end: 'lost',
    text: 'The workflow of this job ended without closing the job; it may have been reset in Temporal.',
  },
};

/** Looks the workflow of a run up. @throws what the client throws, after five seconds when Temporal does not answer. */
export async function workflowStateOf(client: Client, run: StartableRun): Promise<WorkflowState> {
  const handle = client.workflow.getHandle(runWorkflowId(run));
  return client.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, async () => {
    const status = await statusOf(handle);
    if (status === undefined) return { kind: 'missing' };
    const over = ENDS[status];
    if (over === undefined) return { kind: 'running' };
    const text = over.end === 'failed' ? `${over.text}: ${await failureText(handle)}.` : over.text;
    return { kind: 'closed', end: over.end, message: `${text} ${WHAT_NOW}` };
  });
}

async function statusOf(handle: WorkflowHandle): Promise<WorkflowExecutionStatusName | undefined> {
  try {
    return (await handle.describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Failures of our workflows hold kinds and safe messages only. */
async function failureText(handle: WorkflowHandle): Promise<string> {
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause.message;
  }
  return 'no reason given';
}
