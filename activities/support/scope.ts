import { Context } from '@temporalio/activity';

/** What an activity may know of the attempt it runs in. A seam: tests run activities without Temporal. */
export interface ActivityScope {
  /** Temporal run id of the workflow: the owner of the run. */
  readonly owner: string;
  /** Aborted when the workflow is cancelled or the worker shuts down. */
  readonly signal: AbortSignal;
  /** Proof of life; also how a cancellation gets here. Cheap: the SDK throttles it. */
  heartbeat(): void;
}

/** The scope of the running activity. */
export function currentScope(): ActivityScope {
  const context = Context.current();
  return {
    owner: context.info.workflowExecution?.runId ?? '',
    signal: context.cancellationSignal,
    heartbeat: () => context.heartbeat(),
  };
}
