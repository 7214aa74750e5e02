import type { ConnectorFactory, PropertyDescriptor, PropertyFinding } from './contract.js';
import { headerProblem, HEADER_PREFIX, CA_PROPERTY } from './http/http-settings.js';
import { RETRY_ATTEMPTS, RETRY_INTERVAL_S } from './retry-policy.js';

const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** Connection properties of systems that speak HTTP (PRP-20 to PRP-32). */
export const HTTP_PROPERTIES: readonly PropertyDescriptor[] = [
  {
    name: 'Type',
    label: 'Protocol',
    kind: 'enum',
    roles: BOTH,
    values: ['HTTP'],
    defaultValue: 'HTTP',
    predefinedValue: 'HTTP',
    description: 'Protocol of the system.',
  },
  {
    name: 'URL',
    label: 'URL',
    kind: 'url',
    roles: BOTH,
    required: true,
    description: 'Base address, for example https://host:port/path. No query, no user name.',
  },
  {
    name: 'ProxyType',
    label: 'Network',
    kind: 'enum',
    roles: BOTH,
    values: ['Internet', 'OnPremise'],
    defaultValue: 'Internet',
    predefinedValue: 'Internet',
    description: 'Internet: direct connection. OnPremise is not available in this version.',
  },
  {
    name: 'Authentication',
    label: 'Authentication',
    kind: 'enum',
    roles: BOTH,
    values: ['NoAuthentication', 'BasicAuthentication', 'ClientCertificateAuthentication'],
    defaultValue: 'BasicAuthentication',
    predefinedValue: 'BasicAuthentication',
    description: 'BasicAuthentication with OAuth2TokenServiceURL means OAuth 2.0 client credentials.',
  },
  {
    name: 'User',
    label: 'User or client ID',
    kind: 'text',
    roles: BOTH,
    description: 'User name, or OAuth client ID when OAuth2TokenServiceURL is set.',
  },
  {
    name: 'Password',
    label: 'Password or client secret',
    kind: 'secret',
    roles: BOTH,
    description: 'Password, or OAuth client secret.',
  },
  {
    name: 'OAuth2TokenServiceURL',
    label: 'OAuth token URL',
    kind: 'url',
    roles: BOTH,
    description: 'Token endpoint; if set, a client-credentials token is requested and sent as bearer token.',
  },
  {
    name: 'OAuth2TokenScope',
    label: 'OAuth scopes',
    kind: 'text',
    roles: BOTH,
    description: 'Scopes separated by blanks, sent with the token request.',
  },
  {
    name: 'AuthType',
    label: 'Client authentication at the token URL',
    kind: 'enum',
    roles: BOTH,
    values: ['Basic', 'Form'],
    defaultValue: 'Basic',
    description: 'Basic: in the header; Form: in the body of the token request.',
  },
  {
    name: 'TrustAll',
    label: 'Trust all certificates',
    kind: 'boolean',
    roles: BOTH,
    defaultValue: 'false',
    description: 'true: the certificate of the server is not checked. For tests only.',
  },
  {
    name: CA_PROPERTY,
    label: 'Certificate authorities',
    kind: 'text',
    roles: BOTH,
    description: 'PEM certificates of the authorities that issue the server certificate; replaces the built-in list.',
  },
];

/** Platform properties (PRP-40 to PRP-62). */
export const PLATFORM_PROPERTIES: readonly PropertyDescriptor[] = [
  {
    name: 'ips.date.variable.format',
    label: 'Date format',
    kind: 'text',
    roles: BOTH,
    defaultValue: 'yyyy-MM-dd HH:mm:ss.SSS',
    predefinedValue: 'yyyy-MM-dd HH:mm:ss.SSS',
    description: 'Format of the variable currentDate.',
  },
  {
    name: 'ips.delta.read',
    label: 'Delta read',
    kind: 'enum',
    roles: ['source'],
    values: ['enabled', 'disabled'],
    description: 'enabled: only changed entities are read where the source can tell them.',
  },
  {
    name: 'ips.full.read.force.count',
    label: 'Force full read after',
    kind: 'integer',
    roles: ['source'],
    min: 1,
    description: 'A full read after this many scheduled delta jobs; absent: never.',
  },
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
    name: 'ips.delete.existedbefore.entities',
    label: 'Delete entities that existed before',
    kind: 'boolean',
    roles: ['target'],
    defaultValue: 'false',
    description: 'true: entities that existed before the first provisioning are deleted as well.',
  },
  {
    name: 'ips.delete.threshold.users',
    label: 'Deletion threshold of users',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'No user is deleted in a job that would delete more; absent: no limit.',
  },
  {
    name: 'ips.delete.threshold.groups',
    label: 'Deletion threshold of groups',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'The same for groups.',
  },
  {
    name: 'ips.delete.threshold.roles',
    label: 'Deletion threshold of roles',
    kind: 'integer',
    roles: ['target'],
    min: 1,
    description: 'The same for roles.',
  },
  {
    name: 'ips.overwrite.existedbefore.assignments',
    label: 'Overwrite assignments that existed before',
    kind: 'boolean',
    roles: ['target'],
    defaultValue: 'true',
    description: 'Effective for AS ABAP only.',
  },
  {
    name: 'ips.application.id',
    label: 'Application ID',
    kind: 'text',
    roles: BOTH,
    description: 'Application that groups belong to.',
  },
  ...[
    'created.entity',
    'created.entity.content',
    'updated.entity',
    'updated.entity.content',
    'skipped.entity',
    'skipped.entity.content',
    'failed.entity.content',
    'deleted.entity',
    'entity.content.unlimited',
  ].map((what): PropertyDescriptor => ({
    name: `ips.trace.${what}`,
    label: `Trace: ${what.replaceAll('.', ' ')}`,
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'Logs these entities of the next job.',
  })),
  {
    name: 'ips.job.notification.repeat.on.failure',
    label: 'Repeat failure notifications',
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'true: every failed job is notified.',
  },
  {
    name: 'ips.job.notification.ignored.consecutive.failures',
    label: 'Ignored failures',
    kind: 'integer',
    roles: ['source'],
    min: 0,
    defaultValue: '0',
    description: 'Failures in a row before a notification is sent.',
  },
  {
    name: 'ips.job.notification.skip.intermediate.notifications',
    label: 'Skip intermediate notifications',
    kind: 'boolean',
    roles: ['source'],
    defaultValue: 'false',
    description: 'Only the first failure and the recovery are notified.',
  },
];

/** Names that hold a credential wherever they occur (CRD-5). */
const SECRET_NAMES = new Set([
  'Password',
  'ldap.password',
  'jco.client.passwd',
  'hana.jdbc.db.password',
  'hana.jdbc.ssh.tunnel.password',
  'hana.jdbc.ssh.tunnel.cf.password',
  'hana.jdbc.ssh.tunnel.private.key',
  'hana.jdbc.ssh.tunnel.totp.secret.key',
  'ssh.password',
  'ssh.private.key',
  'ssh.totp.secret.key',
  'ariba.applications.api.key',
  'bn.api.key',
  'X-ConsumerKey',
  'concur.authorization.code',
  'concur.refresh.token',
]);

/** True for a property that is stored as a credential whatever the caller says (CRD-1, CRD-5). */
export function isSecretProperty(name: string, factory?: ConnectorFactory): boolean {
  if (SECRET_NAMES.has(name) || name.toLowerCase() === `${HEADER_PREFIX}authorization`) return true;
  return (
    factory?.descriptor.properties.some((property) => property.name === name && property.kind === 'secret') ?? false
  );
}

/** Result of {@link validateProperties}: errors block saving, warnings are shown. */
export interface PropertyFindings {
  readonly errors: readonly PropertyFinding[];
  readonly warnings: readonly PropertyFinding[];
}

/**
 * Checks all properties of a system before they are saved (PRP-2, PRP-6, PRP-7). `properties` holds the effective values; of a
 * credential any non-empty text will do, it is never looked at and never part of a message.
 */
export function validateProperties(
  factory: ConnectorFactory,
  properties: Readonly<Record<string, string>>,
  role: 'source' | 'target',
): PropertyFindings {
  const errors: PropertyFinding[] = [];
  const warnings: PropertyFinding[] = [];
  const known = new Map([...PLATFORM_PROPERTIES, ...factory.descriptor.properties].map((one) => [one.name, one]));
  for (const [name, value] of Object.entries(properties)) {
    const descriptor = known.get(name);
    if (descriptor !== undefined) {
      const problem = valueProblem(descriptor, value.trim());
      if (problem !== undefined) errors.push({ property: name, message: `${name} ${problem}` });
      if (!descriptor.roles.includes(role))
        warnings.push({ property: name, message: `${name} has no effect in a ${role}` });
    } else if (name.startsWith(HEADER_PREFIX)) {
      const problem = headerProblem(name, isSecretProperty(name) ? '' : value);
      if (problem !== undefined) errors.push({ property: name, message: `${name}: ${problem}` });
    } else {
      warnings.push(...unknownName(name, factory, [...known.keys()]));
    }
  }
  for (const descriptor of factory.descriptor.properties) {
    const missing = descriptor.required === true && (properties[descriptor.name] ?? '').trim() === '';
    if (missing) errors.push({ property: descriptor.name, message: `${descriptor.name} is required` });
  }
  const reported = new Set(errors.map(({ property }) => property));
  errors.push(...factory.validate(properties).filter(({ property }) => !reported.has(property)));
  warnings.push(...(factory.warnings?.(properties) ?? []));
  return { errors, warnings };
}

function valueProblem(descriptor: PropertyDescriptor, value: string): string | undefined {
  if (value === '') return undefined;
  switch (descriptor.kind) {
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'must be true or false';
    case 'integer':
      return integerProblem(descriptor, value);
    case 'enum':
      return enumProblem(descriptor, value);
    case 'url':
      return urlProblem(value);
    case 'text':
    case 'secret':
    case 'filter':
      return undefined;
  }
}

function integerProblem({ min = 0, max }: PropertyDescriptor, value: string): string | undefined {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= (max ?? Number.MAX_SAFE_INTEGER)) return undefined;
  return max === undefined ? `must be a whole number, at least ${min}` : `must be a whole number from ${min} to ${max}`;
}

function enumProblem({ name, values = [] }: PropertyDescriptor, value: string): string | undefined {
  if (values.includes(value)) return undefined;
  // Synonyms that the reference's own documentation uses (RDM-3).
  if (name === 'ips.delta.read' && /^(true|false|enabled|disabled)$/i.test(value)) return undefined;
  return `must be one of ${values.join(', ')} (upper and lower case count)`;
}

function urlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be an address like https://host:port/path';
  const { protocol, username, password, hash } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://';
  if (username !== '' || password !== '') return 'must not hold a user name or password; use User and Password';
  return hash === '' ? undefined : 'must not hold a fragment (#)';
}

/** Any name may be added for use as placeholder (PRP-6); one that looks like ours is probably a slip. */
function unknownName(name: string, factory: ConnectorFactory, known: readonly string[]): PropertyFinding[] {
  if (/[^\x20-\x7e]/.test(name)) {
    return [{ property: name, message: `${name} holds characters outside ASCII that only look like letters` }];
  }
  const nearest = nearestName(name, known);
  const looksLikeOurs =
    name.startsWith('ips.') || name.startsWith(`${factory.descriptor.prefix}.`) || nearest !== undefined;
  if (!looksLikeOurs) return [];
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return [{ property: name, message: `${name} is not a property of ${factory.descriptor.typeName}${suggestion}` }];
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.min(3, Math.floor(name.length / 5)));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
