import { isConnectorError } from '../../connectors/errors.js';
import { withRetries } from '../../connectors/retry.js';
import type { EntityType } from '../../core/entity-type.js';
import { retriesOf } from '../support/retries.js';
import { pause } from '../support/run-watch.js';
import type { RunContext } from '../support/run-context.js';

/** What the source says of an entity that its list did not contain (DEL-23). */
export type Confirmation = 'absent' | 'found' | 'unknown';

/**
 * Asks the source for one entity, under the filter in force. Anything but a clear "does not exist" keeps the entity: found, or not to be
 * told. A source that cannot read one entity is believed only if its lists keep their order.
 */
export async function confirmAbsence(
  context: RunContext,
  type: EntityType,
  nativeId: string,
  stop: AbortSignal,
): Promise<Confirmation> {
  const { connector, capabilities } = context.source;
  if (!capabilities.readOne) return capabilities.stableOrder ? 'absent' : 'unknown';
  try {
    const entity = await withRetries(
      () => connector.readOne(type, nativeId, { withFilter: true, signal: stop }),
      retriesOf(context.source, context, 'fullRead'),
      { operation: 'read', signal: stop, sleep: (ms) => pause(ms, stop) },
    );
    return entity === null ? 'absent' : 'found';
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return 'unknown';
  }
}
