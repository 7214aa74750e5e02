import { isGrpcServiceError, ServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from '../../runtime/logger.js';
import type { readJobWorkflow } from '../../workflows/read-job.workflow.js';
import { RUN_SEARCH_ATTRIBUTES, startOptions } from './start-options.js';
import type { RunStart, StartableRun } from './start-options.js';

/** Temporal counts as away when it does not answer within this time. */
export const TEMPORAL_DEADLINE_MS = 5_000;

const GRPC_INVALID_ARGUMENT = 3;
/** Deadline exceeded, unavailable. */
const GRPC_AWAY: readonly number[] = [4, 14];
/** `IndexedValueType` of Temporal's API: keyword. */
const KEYWORD = 2;

/** What a start came to. `exists`: a workflow of this id runs, or ran and is still remembered. */
export type StartAnswer = 'started' | 'exists';

/**
 * Starts workflows of runs. A server that does not know our search attributes is asked to make them; one that refuses gets runs
 * without them, because a job matters more than its place in a list.
 */
export class RunStarter {
  private withAttributes = true;

  /** @param workflowQueue for tests; default the queue of the product. */
  constructor(
    private readonly log: Pick<Logger, 'warn'>,
    private readonly workflowQueue?: string,
  ) {}

  /** @throws what the client throws, after five seconds when Temporal does not answer. */
  async start(client: Client, run: StartableRun): Promise<StartAnswer> {
    const start = startOptions(run, this.workflowQueue);
    try {
      await this.attempt(client, start);
      return 'started';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'exists';
      throw error;
    }
  }

  private async attempt(client: Client, start: RunStart): Promise<void> {
    try {
      await send(client, start, this.withAttributes);
    } catch (error) {
      if (!this.withAttributes || !isUnknownAttribute(error)) throw error;
      this.withAttributes = await makeAttributes(client);
      if (!this.withAttributes) {
        const names = RUN_SEARCH_ATTRIBUTES.map((name) => `${name} (Keyword)`).join(', ');
        this.log.warn(`Temporal does not let us make the search attributes ${names}: runs cannot be filtered by them`);
      }
      await send(client, start, this.withAttributes);
    }
  }
}

async function send(client: Client, { workflowType, options }: RunStart, withAttributes: boolean): Promise<void> {
  const { typedSearchAttributes, ...rest } = options;
  const attributes = withAttributes ? { typedSearchAttributes } : {};
  await client.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () =>
    client.workflow.start<typeof readJobWorkflow>(workflowType, { ...rest, ...attributes }),
  );
}

/** True when the server has them now. */
async function makeAttributes(client: Client): Promise<boolean> {
  const searchAttributes = Object.fromEntries(RUN_SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD]));
  const { namespace } = client.options;
  try {
    await client.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () =>
      client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
    );
    return true;
  } catch {
    return false;
  }
}

/** Temporal does not answer, as far as the error of a client tells. */
export function isTemporalAway(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && GRPC_AWAY.includes(cause.code);
}

function isUnknownAttribute(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || Number(cause.code) !== GRPC_INVALID_ARGUMENT) return false;
  return RUN_SEARCH_ATTRIBUTES.some((name) => cause.details.includes(name));
}
