import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributePair, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { WORKFLOW_QUEUE } from '../../core/task-queues.js';
import type { OpenRun } from '../../state/runs/index.js';
import type { RunLoopInput } from '../../workflows/steps/run-loop.js';

/** What has to be known of a run to start its workflow: one row of `listOpenRuns`. */
export type StartableRun = Pick<OpenRun, 'runKey' | 'sourceId' | 'sourceName' | 'kind' | 'trigger' | 'targetNames'>;

/** Name of a workflow type and the options to start it with. */
export interface RunStart {
  readonly workflowType: 'readJobWorkflow' | 'resyncJobWorkflow' | 'applyPlanWorkflow' | 'simulateJobWorkflow';
  readonly options: {
    readonly workflowId: string;
    readonly taskQueue: string;
    readonly args: [RunLoopInput];
    readonly workflowIdReusePolicy: WorkflowIdReusePolicy;
    readonly workflowIdConflictPolicy: WorkflowIdConflictPolicy;
    readonly staticSummary: string;
    readonly typedSearchAttributes: SearchAttributePair[];
  };
}

/** Search attributes of a run, in the order `source id`, `kind`, `trigger type`. All are keywords and set at start only. */
export const RUN_SEARCH_ATTRIBUTES = ['MusterSource', 'MusterJob', 'MusterTrigger'] as const;

const WORKFLOW_TYPE = {
  read: 'readJobWorkflow',
  readPlan: 'readJobWorkflow',
  resync: 'resyncJobWorkflow',
  resyncPlan: 'resyncJobWorkflow',
  apply: 'applyPlanWorkflow',
  simulate: 'simulateJobWorkflow',
  simulateCompare: 'simulateJobWorkflow',
} as const;
const JOB_LABEL = {
  read: 'Read job',
  readPlan: 'Read (plan)',
  resync: 'Resync job',
  resyncPlan: 'Resync (plan)',
  apply: 'Apply',
  simulate: 'Simulate job',
  simulateCompare: 'Simulate job, compared',
} as const;

/** The workflow id of a run. It never changes, so that nothing can run twice. */
export function runWorkflowId(run: Pick<StartableRun, 'kind' | 'sourceId' | 'runKey'>): string {
  return `${run.kind}/${run.sourceId}/${run.runKey}`;
}

/**
 * How the workflow of a run is started, whoever starts it. A running workflow of this id refuses the start, and so does a closed one that
 * the server still knows: a run that was terminated stays dead, and only a server that lost its data accepts the same id again.
 * `taskQueue` is for tests.
 */
export function startOptions(run: StartableRun, taskQueue: string = WORKFLOW_QUEUE): RunStart {
  const values = [run.sourceId, run.kind, run.trigger];
  return {
    workflowType: WORKFLOW_TYPE[run.kind],
    options: {
      workflowId: runWorkflowId(run),
      taskQueue,
      args: [{ runKey: run.runKey }],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${JOB_LABEL[run.kind]} · ${run.sourceName} → ${targetsText(run.targetNames)}`,
      typedSearchAttributes: RUN_SEARCH_ATTRIBUTES.map((name, index) => ({
        key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
        value: values[index] ?? '',
      })),
    },
  };
}

function targetsText(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.length} targets`;
}
