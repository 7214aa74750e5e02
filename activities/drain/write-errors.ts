import type { CallOptions } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError, ConnectorErrorKind } from '../../connectors/errors.js';
import { withRetries } from '../../connectors/retry.js';
import type { RepeatedOperation } from '../../connectors/retry.js';
import type { ErrorClass } from '../../core/healing/error-class.js';
import { pause } from '../support/run-watch.js';
import { NotSentError, TargetThrottledError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** The target takes no further part in this run (ORD-7). `applied` unknown: the request of this pair may have had its effect. */
export class TargetFailedError extends Error {
  override readonly name = 'TargetFailedError';
  constructor(
    message: string,
    readonly outcome: ConnectorError['outcome'],
    readonly errorClass: ErrorClass,
  ) {
    super(message);
  }
}

const CLASS_OF: Readonly<Record<ConnectorErrorKind, ErrorClass>> = {
  throttled: 'throttled',
  timeout: 'unreachable',
  transient: 'unreachable',
  badGateway: 'targetFault',
  auth: 'auth',
  forbidden: 'auth',
  conflict: 'conflict',
  ambiguous: 'conflict',
  precondition: 'conflict',
  notFound: 'targetFault',
  invalid: 'validation',
  unsupported: 'validation',
  tooLarge: 'validation',
  deltaLost: 'internal',
  protocol: 'targetFault',
  // An address, a certificate or a content type that does not fit: nothing gets through until it is corrected.
  fatal: 'unreachable',
  cancelled: 'internal',
};

/** The class of a connector's error (HEA-1). A target that answers with an error of its own is not unreachable. */
export function errorClassOf(error: ConnectorError): ErrorClass {
  if (error.kind === 'transient' && error.status !== undefined) return 'targetFault';
  return CLASS_OF[error.kind];
}

/**
 * Sends a request of a pair under its lease, checked again before every single request of a sequence, with the retries of the target's properties. Throws {@link NotSentError},
 * {@link TargetThrottledError} or {@link TargetFailedError} for what concerns more than this pair, and the ConnectorError itself for what
 * concerns it alone.
 */
export async function send<T>(
  env: DrainEnvironment,
  work: Work,
  operation: RepeatedOperation,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const { capabilities } = env.tools.target;
  const mayStart = (): void => {
    if (env.stop.aborted) throw new NotSentError('the run was stopped');
    if (!work.clock.allows(capabilities.requestTimeoutMs)) throw new NotSentError('the lease ends too soon');
  };
  const beforeWrite = (): void => {
    mayStart();
    work.sent = true;
    env.services.deps.reached?.('sending');
  };
  try {
    const answer = await withRetries(() => call({ signal: env.stop, beforeWrite }), env.retries, {
      operation,
      signal: env.stop,
      sleep: (ms) => {
        env.tools.target.requests.retries += 1;
        return pause(ms, env.stop);
      },
      beforeAttempt: mayStart,
      onThrottled: (waitMs) => {
        throw new TargetThrottledError(waitMs);
      },
    });
    if (operation !== 'read') env.services.deps.reached?.('answered');
    return answer;
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    // Cut off by a stop: nothing has failed. Whether something was sent before, the pair knows (`work.sent`).
    if (error.kind === 'cancelled') throw new NotSentError('the run was stopped');
    // A create that may have been applied is the business of its pair first: it is looked for before anything is concluded.
    throw operation === 'create' && error.outcome === 'unknown'
      ? error
      : widen(error, env.retries.reference !== undefined);
  }
}

/**
 * Connection-level causes, credentials and configuration end the target for this run, whatever pair they were met with. `endsThrottled`: so
 * does a 429 after all its retries, as in the reference (ORD-7); otherwise it closes the gate for a while.
 */
export function widen(error: ConnectorError, endsThrottled = false): Error {
  if (error.kind === 'throttled' && !endsThrottled) return new TargetThrottledError(error.retryAfterMs ?? 1_000);
  const endsTarget =
    error.kind === 'timeout' ||
    error.kind === 'throttled' ||
    error.kind === 'fatal' ||
    (error.scope === 'system' && ['transient', 'auth', 'forbidden'].includes(error.kind));
  return endsTarget ? new TargetFailedError(error.adminMessage, error.outcome, errorClassOf(error)) : error;
}
