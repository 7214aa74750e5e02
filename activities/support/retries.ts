import { referencePolicy, retryPolicy } from '../../connectors/retry.js';
import type { RetryPolicy } from '../../connectors/retry.js';
import type { OpenSystem, RunContext } from './run-context.js';

/** How requests of a run to one of its systems are repeated: as RTY-4 says, or where its source follows the reference as RTY-3 does. */
export function retriesOf(
  system: OpenSystem,
  context: RunContext,
  use: 'write' | 'fullRead' | 'deltaRead',
): RetryPolicy {
  const { properties, typeName } = system.snapshot;
  if (!context.safety.followsReference) return retryPolicy(properties, typeName);
  return referencePolicy(properties, { typeName, isScim: system.capabilities.speaksScim === true }, use);
}
