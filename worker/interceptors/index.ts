import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from '../../runtime/logger.js';
import { errorsInterceptor, nameOf } from './errors.js';
import { heartbeatInterceptor } from './heartbeat.js';
import { loggingInterceptor } from './logging.js';

/** Name of the counter of errors that nobody foresaw, in the metrics of the Temporal runtime. */
export const UNEXPECTED_ERRORS_METRIC = 'muster_unexpected_errors';

/** All interceptors of activities, outermost first: what is logged is what the workflow sees. */
export function activityInterceptors(log: Logger): ActivityInterceptorsFactory[] {
  let unexpectedCount = 0;
  return [
    (context) => ({ inbound: loggingInterceptor(context, log) }),
    (context) => ({
      inbound: errorsInterceptor((error) => {
        unexpectedCount += 1;
        const { activityType } = context.info;
        context.metricMeter.createCounter(UNEXPECTED_ERRORS_METRIC).add(1, { activity: activityType });
        log.error(
          { activity: activityType, unexpectedCount, error: nameOf(error), frames: framesOf(error) },
          'an activity failed in a way nobody foresaw',
        );
      }),
    }),
    (context) => ({ inbound: heartbeatInterceptor(context) }),
  ];
}

/** Where it happened, without the message, which may quote the data at hand. */
function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.map((line) => line.trim()).filter((line) => /^at \S.*:\d+:\d+\)?$/.test(line));
}
