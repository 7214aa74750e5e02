import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import { RUN_CLOSED_KIND } from './options.js';

/**
 * The kind of a failed activity: the `type` of its application failure, else the class of the failure (`TimeoutFailure`, …).
 * Workflows branch on this and never on texts or on classes of ours, which do not survive the way through Temporal.
 */
export function failureKind(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause.type ?? 'unexpected';
  return cause instanceof TemporalFailure ? cause.name : 'unexpected';
}

/** The run was taken over or closed by somebody else: change nothing more. */
export function isRunClosed(error: unknown): boolean {
  return failureKind(error) === RUN_CLOSED_KIND;
}

/** How the workflow of a run fails when a step of it failed beyond repair, which is a defect: everything foreseen is a result. */
export function runFailure(error: unknown): ApplicationFailure {
  const step = error instanceof ActivityFailure ? error.activityType : 'workflow';
  return ApplicationFailure.create({
    message: `${step} failed beyond repair: ${failureKind(error)}`,
    type: 'runStepFailed',
    nonRetryable: true,
    ...(error instanceof Error && { cause: error }),
  });
}
