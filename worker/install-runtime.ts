import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import type { Logger } from '../runtime/logger.js';

let isInstalled = false;

/**
 * Sets the Temporal runtime of this process up, once: its log goes into ours, and signals are left to the command that runs the process.
 * Without a logger the runtime is silent. Later calls have no effect.
 */
export function installRuntime(log?: Logger): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', (entry) => log !== undefined && write(log, entry)),
    telemetryOptions: {
      logging: {
        forward: {},
        filter: makeTelemetryFilterString(log === undefined ? { core: 'ERROR' } : { core: 'WARN' }),
      },
    },
  });
}

/** What the SDK tells of its inner life at INFO is for whoever looks for a fault in it. */
const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;
/** True by design: each queue has a worker of its own. */
const EXPECTED = /^No workflows registered/;

function write(log: Logger, { level, message, meta }: LogEntry): void {
  log[EXPECTED.test(message) ? 'debug' : LEVELS[level]]({ part: 'temporal', ...meta }, message);
}
