import type { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Logger } from '../../runtime/logger.js';

/** From here on somebody should look. A process that dies of memory never logs its failure: the number of the attempt is all there is. */
const WARN_AT_ATTEMPT = 10;
const ERROR_AT_ATTEMPT = 25;

/** Fields of an input that say what an activity works on. All of them are numbers, names of types, or flags. */
const INPUT_FIELDS = ['runKey', 'targetNo', 'type', 'late', 'end'] as const;

/** Logs how an activity begins and ends, with the run it belongs to, and raises its voice as the attempts go up. */
export function loggingInterceptor(context: Context, log: Logger): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const { activityType, attempt, workflowExecution } = context.info;
      const bound = log.child({
        activity: activityType,
        attempt,
        workflowId: workflowExecution?.workflowId,
        ...inputFields(input.args[0]),
      });
      watchAttempt(bound, attempt);
      const startedMs = performance.now();
      const durationMs = (): number => Math.round(performance.now() - startedMs);
      try {
        const result = await next(input);
        bound.debug({ durationMs: durationMs() }, 'activity done');
        return result;
      } catch (error) {
        const fields = { durationMs: durationMs(), ...describeFailure(error) };
        if (error instanceof CancelledFailure) bound.info(fields, 'activity stopped');
        else bound.warn(fields, 'activity failed');
        throw error;
      }
    },
  };
}

function watchAttempt(log: Logger, attempt: number): void {
  if (attempt >= ERROR_AT_ATTEMPT && attempt % ERROR_AT_ATTEMPT === 0) {
    log.error('this activity fails again and again: it needs somebody who looks at it');
  } else if (attempt === WARN_AT_ATTEMPT) {
    log.warn('this activity has failed many times');
  }
}

function inputFields(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return {};
  const known = INPUT_FIELDS.filter((name) => name in input);
  return Object.fromEntries(known.map((name) => [name, Reflect.get(input, name)]));
}

function describeFailure(error: unknown): Record<string, unknown> {
  if (!(error instanceof ApplicationFailure)) return {};
  return { kind: error.type, retryable: error.nonRetryable !== true, reason: error.message };
}
