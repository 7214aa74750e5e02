import type { Capabilities } from '../../connectors/contract.js';
import type { ConnectorError, ConnectorErrorKind } from '../../connectors/errors.js';
import { retryPolicy } from '../../connectors/retry.js';
import type { EntityType } from '../../core/entity-type.js';
import type { SqlPool } from '../../state/database.js';
import { loadType, restartType } from '../../state/intake/type-state.js';
import type { TypeRead } from '../../state/intake/type-state.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { ChunkResult } from '../contract.js';
import { codeOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';

/** Failures after which the same read may succeed from its beginning. */
const WORTH_ANOTHER: readonly ConnectorErrorKind[] = ['transient', 'timeout', 'badGateway', 'tooLarge', 'precondition'];
/** The connector halves its pages each time, down to a tenth or less of any usual size. */
const SMALLER_PAGES = 5;

/** A read of an earlier attempt whose position ended with its connection (`cursorResume: connection`). */
export function isBroken(read: TypeRead, capabilities: Capabilities): boolean {
  return capabilities.cursorResume === 'connection' && read.pages > 0;
}

/**
 * A read that broke off between two pages, and whose position is worth nothing any more, begins a new epoch, as often as a request may be
 * repeated (RTY-2). Undefined: it is not such a failure, or has happened too often; then the source has failed, and nobody is absent.
 */
export async function beginAgain(
  pool: SqlPool,
  fence: RunFence,
  context: RunContext,
  type: EntityType,
  failure: ConnectorError,
): Promise<ChunkResult | undefined> {
  const { capabilities, snapshot } = context.source;
  const read = await loadType(pool, fence.runKey, codeOf(type));
  if (!isBroken(read, capabilities) || !WORTH_ANOTHER.includes(failure.kind)) return undefined;
  const { retries, intervalMs } = retryPolicy(snapshot.properties);
  const isTooLarge = failure.kind === 'tooLarge';
  if (read.interruptions >= (isTooLarge ? SMALLER_PAGES : retries)) return undefined;
  await restartType(pool, fence, snapshot.no, codeOf(type), 'failed');
  return { more: true, pauseMs: isTooLarge ? 0 : intervalMs };
}
