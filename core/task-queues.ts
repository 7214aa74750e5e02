/** Where the API starts workflows: workflow tasks, and the short steps of runs that must never wait behind a bulk load. */
export const WORKFLOW_QUEUE = 'muster.workflows';

/** Where chunks of about 30 s are done. */
export const BULK_QUEUE = 'muster.bulk';

const WORKFLOWS_SUFFIX = '.workflows';

/**
 * The bulk queue that belongs to a workflow queue: `x.workflows` → `x.bulk`. A workflow finds it by its own queue, so that two
 * installations (or two tests) on one Temporal namespace never do each other's work. Any other name, such as the one the SDK makes
 * up for a replay, belongs to {@link BULK_QUEUE}.
 */
export function bulkQueueOf(workflowQueue: string): string {
  if (!workflowQueue.endsWith(WORKFLOWS_SUFFIX)) return BULK_QUEUE;
  return `${workflowQueue.slice(0, -WORKFLOWS_SUFFIX.length)}.bulk`;
}

/** What stands for this installation in the names of the queues of edge workers: `x.workflows` → `x`. */
export function tenantOf(workflowQueue: string): string {
  return workflowQueue.endsWith(WORKFLOWS_SUFFIX) ? workflowQueue.slice(0, -WORKFLOWS_SUFFIX.length) : workflowQueue;
}

/** Where the edge workers of a location take calls (CONN-CORE-90); with `worker` only that one does: what hangs on one of its connections. */
export function edgeQueue(tenant: string, location: string, worker?: string): string {
  const queue = `connectors.${tenant}.${location}`;
  return worker === undefined ? queue : `${queue}.${worker}`;
}
