import type { PropertyDescriptor } from './contract.js';
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
