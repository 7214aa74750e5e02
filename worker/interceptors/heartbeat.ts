import type { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

const HEARTBEAT_INTERVAL_MS = 1_000;

/**
 * Beats for every activity as long as its process lives and its event loop turns: that is all a missing heartbeat is to tell. Whether a
 * step gets on is for its start-to-close limit. Activities that want to hear of a cancellation sooner beat more often themselves.
 */
export function heartbeatInterceptor(context: Context): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
}
