import { textProperty, type Properties } from './property-values.js';
import { gatewayWaitLimit } from './reference-retries.js';
import type { RequestUse, RetriedSystem } from './reference-retries.js';

/** `ips.failed.request.retry.attempts` (RTY-2). */
export const RETRY_ATTEMPTS = { min: 0, max: 3, fallback: 2 } as const;
/** `ips.failed.request.retry.attempts.interval` in seconds (RTY-2). */
export const RETRY_INTERVAL_S = { min: 1, max: 60, fallback: 30 } as const;

/** How often and how long a request is repeated. */
export interface RetryPolicy {
  /** Repetitions after the first failure; 429 is not bounded by it. */
  readonly retries: number;
  /** Wait before the first repetition where the server names none; doubles with each. */
  readonly intervalMs: number;
  /** Largest wait that we choose ourselves. */
  readonly maxIntervalMs: number;
  /** All the time that one call may spend on 429 answers (RTY-4). */
  readonly throttledBudgetMs: number;
  /** Largest wait of ours after 502, 503 or 504 (CONN-CORE-71). */
  readonly maxGatewayIntervalMs: number;
  /** Only what the reference repeats is repeated, at a fixed interval; absent: RTY-4. */
  readonly reference?: ReferenceRetries;
}

/** How a request is repeated where a system is set to the behaviour of the reference (CONN-CORE-73). */
export interface ReferenceRetries {
  readonly system: RetriedSystem;
  readonly use: RequestUse;
  /** CONN-CORE-74: one `Retry-After` of 429 or 503 is honoured where the matrix grants nothing, except for creates. */
  readonly honoursRetryAfter: boolean;
}

/** Property that switches CONN-CORE-74. */
export const RETRY_AFTER_PROPERTY = 'ips.reference.retry.after';

/** Policy of a system. Larger values than allowed count as the maximum, unreadable ones as the default (RTY-2, PRP-7). */
export function retryPolicy(properties: Properties, typeName = ''): RetryPolicy {
  return {
    retries: bounded(properties, 'ips.failed.request.retry.attempts', RETRY_ATTEMPTS),
    intervalMs: bounded(properties, 'ips.failed.request.retry.attempts.interval', RETRY_INTERVAL_S) * 1000,
    maxIntervalMs: 60_000,
    throttledBudgetMs: 900_000,
    maxGatewayIntervalMs: gatewayWaitLimit(typeName),
  };
}

/** The policy of a system that follows the reference. */
export function referencePolicy(properties: Properties, system: RetriedSystem, use: RequestUse): RetryPolicy {
  const honoursRetryAfter = textProperty(properties, RETRY_AFTER_PROPERTY) !== 'disabled';
  return { ...retryPolicy(properties, system.typeName), reference: { system, use, honoursRetryAfter } };
}

function bounded(properties: Properties, name: string, range: { min: number; max: number; fallback: number }): number {
  const text = textProperty(properties, name);
  if (text === undefined || !/^\d+$/.test(text)) return range.fallback;
  const value = Number(text);
  return value < range.min ? range.fallback : Math.min(value, range.max);
}
