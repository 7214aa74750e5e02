import { hasUnusedSwitches, switchOffUnused, UNUSED_DAYS } from '../../state/logs/content-switches.js';
import { hasOldLogs, removeDeletedLogs } from '../../state/logs/delete-logs.js';
import { forgetOldValidations, hasOldValidations } from '../../state/validation/results.js';
import type { EngineServices } from '../support/services.js';

/** A round begins no further batch after this; the rest has its turn a minute later. */
const ROUND_MS = 20_000;
/** The log of a job of a million people is one long statement. */
const HEARTBEAT_MS = 3_000;

/** True when {@link removeOldLogs} has something to do. */
export async function hasLeftovers({ pool, deps }: EngineServices): Promise<boolean> {
  return (await hasOldLogs(pool)) || (await hasOldValidations(pool)) || (await hasUnusedSwitches(pool, deps.clock()));
}

/**
 * One round of the clean-up: logs and contents of jobs that are deleted or too old (RET-1, RET-2, RET-4), results of Validate that are (VAL-10), and
 * content properties that no job has used (TRC-8).
 */
export async function removeOldLogs(services: EngineServices): Promise<void> {
  const { pool, deps } = services;
  const scope = services.scope();
  const beat = setInterval(() => scope.heartbeat(), HEARTBEAT_MS);
  try {
    await forgetOldValidations(pool);
    await switchOffTracing(services);
    for (const untilMs = Date.now() + ROUND_MS; Date.now() < untilMs && !scope.signal.aborted;) {
      const isOver = await removeDeletedLogs(pool);
      deps.reached?.('logsRemoved');
      if (isOver) return;
    }
  } finally {
    clearInterval(beat);
  }
}

/** What somebody has asked for a week ago is not recorded of whatever job comes next. */
async function switchOffTracing({ pool, deps }: EngineServices): Promise<void> {
  for (const { systemNo, name } of await switchOffUnused(pool, deps.clock()))
    deps.log.info(
      { systemNo, property: name, author: 'platform' },
      `no job has used it within ${UNUSED_DAYS} days: the property is switched off`,
    );
}
