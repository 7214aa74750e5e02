import { isConnectorError, type ConnectorError } from './errors.js';
import { isRepeatedByReference } from './reference-retries.js';
import type { RetryPolicy } from './retry-policy.js';

export { referencePolicy, retryPolicy, type RetryPolicy } from './retry-policy.js';

/** What is called. A create is not repeated while nobody knows whether it was applied (RTY-5). */
export type RepeatedOperation = 'read' | 'create' | 'idempotent-write' | 'patch';

/** What the engine adds to a repeated call. */
export interface RetryHooks {
  readonly operation: RepeatedOperation;
  /** Called before each attempt, the first included; whatever it throws ends the call (lease, gate, stop). */
  beforeAttempt?(attempt: number): void | Promise<void>;
  /** Waits; rejects or returns early when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /**
   * The system is throttled; `waitMs` is what would be waited for now. May throw, `error` for example, so that the engine closes
   * a gate for all callers instead of sleeping here.
   */
  onThrottled?(waitMs: number, error: ConnectorError): void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

const RETRIED = new Set<ConnectorError['kind']>(['throttled', 'timeout', 'badGateway', 'transient']);
/** Even where a retried kind is reported with them (RTY-6). */
const NEVER_RETRIED = new Set([400, 404, 409, 412, 422]);
/** A server that says "at once" is asked a little later. */
const SHORTEST_WAIT_MS = 100;

/**
 * The one place where a request of a connector is repeated (CONN-CORE-70, RTY-4). Throws the last error when it may not or need
 * not be repeated: other kinds, attempts used up, a create whose outcome is unknown, more than 15 minutes of 429.
 */
export async function withRetries<T>(call: () => Promise<T>, policy: RetryPolicy, hooks: RetryHooks): Promise<T> {
  let retries = 0;
  let throttledMs = 0;
  for (let attempt = 1; ; attempt++) {
    await hooks.beforeAttempt?.(attempt);
    try {
      return await call();
    } catch (error) {
      if (!isConnectorError(error) || !mayRepeat(error, policy, hooks, retries)) throw error;
      const waitMs = waitFor(error, attempt, policy, hooks.random ?? Math.random);
      // Attempts bound everything but 429, which has a budget of time (RTY-4).
      if (error.status === 429 && policy.reference === undefined) throttledMs += waitMs;
      else retries++;
      if (retries > policy.retries || throttledMs > policy.throttledBudgetMs) throw error;
      // The reference waits with the request in hand; everybody else may close a gate for all.
      if (error.kind === 'throttled' && policy.reference === undefined) await hooks.onThrottled?.(waitMs, error);
      await hooks.sleep(waitMs, hooks.signal);
      if (hooks.signal?.aborted === true) throw error;
    }
  }
}

function mayRepeat(error: ConnectorError, policy: RetryPolicy, hooks: RetryHooks, retries: number): boolean {
  if (hooks.signal?.aborted === true) return false;
  // RTY-5 goes for everybody: what a create may have made is looked for first.
  if (hooks.operation === 'create' && error.outcome !== 'not-applied') return false;
  if (error.status !== undefined && NEVER_RETRIED.has(error.status)) return false;
  return policy.reference === undefined ? RETRIED.has(error.kind) : mayReferenceRepeat(error, policy, hooks, retries);
}

/** RTY-3, and one `Retry-After` more (CONN-CORE-74). */
function mayReferenceRepeat(
  error: ConnectorError,
  { reference }: RetryPolicy,
  { operation }: RetryHooks,
  retries: number,
): boolean {
  if (reference === undefined) return false;
  const use = reference.use === 'write' && operation === 'patch' ? 'patch' : reference.use;
  if (isRepeatedByReference(error, reference.system, use)) return true;
  const asks = error.retryAfterMs !== undefined && (error.status === 429 || error.status === 503);
  return reference.honoursRetryAfter && asks && operation !== 'create' && retries === 0;
}

/** What the server asks for, else the interval, doubled each time, with jitter so that many callers do not come back at once. */
function waitFor(error: ConnectorError, attempt: number, policy: RetryPolicy, random: () => number): number {
  if (error.retryAfterMs !== undefined) {
    // Never earlier than asked (invariant "Retry-After obeyed"), a little later at random.
    return (
      Math.max(error.retryAfterMs, SHORTEST_WAIT_MS) + Math.floor(random() * Math.min(1_000, error.retryAfterMs / 10))
    );
  }
  const limit =
    error.kind === 'badGateway' ? Math.min(policy.maxIntervalMs, policy.maxGatewayIntervalMs) : policy.maxIntervalMs;
  if (policy.reference !== undefined) return Math.min(policy.intervalMs, limit);
  const grown = Math.min(policy.intervalMs * 2 ** (attempt - 1), limit);
  return Math.ceil(grown * (0.8 + 0.2 * random()));
}
