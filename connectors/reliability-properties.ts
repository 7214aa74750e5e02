import type { PropertyDescriptor } from './contract.js';
import { LIMIT_PROPERTIES } from '../core/request-limits.js';
import { RETRY_ATTEMPTS, RETRY_INTERVAL_S } from './retry-policy.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** How failures of a system are dealt with (PRP-43, PRP-44, and what the platform adds to them). */
export const RELIABILITY_PROPERTIES: readonly PropertyDescriptor[] = [
  {
    name: 'ips.failed.request.retry.attempts',
    label: 'Retries',
    kind: 'integer',
    roles: BOTH,
    min: RETRY_ATTEMPTS.min,
    max: RETRY_ATTEMPTS.max,
    defaultValue: String(RETRY_ATTEMPTS.fallback),
    description: 'Retries of a failed request after the first failure.',
  },
  {
    name: 'ips.failed.request.retry.attempts.interval',
    label: 'Retry interval (seconds)',
    kind: 'integer',
    roles: BOTH,
    min: RETRY_INTERVAL_S.min,
    max: RETRY_INTERVAL_S.max,
    defaultValue: String(RETRY_INTERVAL_S.fallback),
    description: 'Seconds before the first retry; doubles up to 60.',
  },
  {
    name: 'ips.circuit.breaker',
    label: 'Circuit breaker',
    kind: 'enum',
    roles: ['target'],
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'enabled: a target that does not answer gets nothing but a probe now and then until it answers. disabled: every job tries.',
  },
  {
    name: 'ips.healing',
    label: 'Healing',
    kind: 'enum',
    roles: BOTH,
    values: ['enabled', 'disabled'],
    defaultValue: 'enabled',
    description:
      'enabled: what failed is tried again between jobs, less and less often. disabled: only jobs try; in a source for all its targets.',
  },
];

/** Limits that all processes keep together, for systems that speak HTTP. */
export const LIMITS: readonly PropertyDescriptor[] = [
  {
    name: LIMIT_PROPERTIES.concurrent,
    label: 'Requests at once',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    max: 1_000,
    description:
      'Requests in flight to this target at most, of all processes together; absent: no limit but that of the connector.',
  },
  {
    name: LIMIT_PROPERTIES.perMinute,
    label: 'Requests per minute',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    max: 1_000_000,
    description:
      'Requests to this target in any minute at most, of all processes together, evenly spread; absent: no limit.',
  },
];
