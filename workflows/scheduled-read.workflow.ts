import { workflowInfo } from '@temporalio/workflow';
import { step } from './steps/options.js';

/** Input of {@link scheduledReadWorkflow}. */
export interface ScheduledReadInput {
  /** Public id of the source. */
  readonly sourceId: string;
}

/** Result of {@link scheduledReadWorkflow}. */
export interface ScheduledReadResult {
  /** `started`, `skipped`, `refused`, `known` or `off`. */
  readonly outcome: string;
}

/** Set by the server: the point itself, also when it comes late or by backfill. */
const SCHEDULED_AT = 'TemporalScheduledStartTime';

/** One point of a schedule: asks for a Read of the source and is over. The run has a workflow of its own. */
export async function scheduledReadWorkflow(input: ScheduledReadInput): Promise<ScheduledReadResult> {
  const at = scheduledTime().toISOString();
  return step('Request the scheduled job').requestScheduledRun({ sourceId: input.sourceId, at });
}

function scheduledTime(): Date {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const value = typedSearchAttributes.getAll().find(({ key }) => key.name === SCHEDULED_AT)?.value;
  return value instanceof Date ? value : startTime;
}
