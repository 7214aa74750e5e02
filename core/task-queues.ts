/** The task queues of one installation: who takes work from each of them is decided in docs/orchestration.md. */
export interface TaskQueues {
  /** Workflow tasks, and the short steps of runs that must never wait behind a bulk load. */
  readonly workflows: string;
  /** Chunks of about 30 s. */
  readonly bulk: string;
}

/** Where the API starts workflows. */
export const WORKFLOW_QUEUE = 'muster.workflows';

/** Where chunks are done. */
export const BULK_QUEUE = 'muster.bulk';

const WORKFLOWS_SUFFIX = '.workflows';

/**
 * The queues that belong together with a workflow queue, which must end in `.workflows`. A workflow finds its bulk queue by its own
 * queue, so that two installations (or two tests) on one Temporal namespace never do each other's work.
 * @throws RangeError for any other name.
 */
export function taskQueuesOf(workflowQueue: string): TaskQueues {
  if (!workflowQueue.endsWith(WORKFLOWS_SUFFIX)) {
    throw new RangeError(`the task queue "${workflowQueue}" of workflows must end in ${WORKFLOWS_SUFFIX}`);
  }
  return { workflows: workflowQueue, bulk: `${workflowQueue.slice(0, -WORKFLOWS_SUFFIX.length)}.bulk` };
}
