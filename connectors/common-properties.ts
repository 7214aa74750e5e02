import { ineffectiveTraces } from '../core/logs/trace.js';
import { governorProblem } from '../core/plan/limits.js';
import { readSafetyProblem } from '../core/sync/read-safety.js';
import { writeBackProblem } from '../core/write-back.js';
import { PLATFORM_PROPERTIES } from './platform-properties.js';
import type { ConnectorFactory, PropertyDescriptor, PropertyFinding } from './contract.js';
import { headerProblem, HEADER_PREFIX } from './http/http-settings.js';

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
      const text = value.trim();
      const problem =
        valueProblem(descriptor, text) ??
        governorProblem(name, text) ??
        readSafetyProblem(name, text) ??
        writeBackProblem(name, text);
      if (problem !== undefined) errors.push({ property: name, message: `${name} ${problem}` });
      if (!descriptor.roles.includes(role))
        warnings.push({ property: name, message: `${name} has no effect in a ${role}` });
    } else if (name.startsWith(HEADER_PREFIX)) {
      const problem = headerProblem(name, isSecretProperty(name) ? '' : value);
      if (problem !== undefined) errors.push({ property: name, message: `${name}: ${problem}` });
    } else if (factory.descriptor.toleratedNames?.includes(name) !== true) {
      warnings.push(...unknownName(name, factory, [...known.keys()]));
    }
  }
  for (const descriptor of factory.descriptor.properties) {
    const missing = descriptor.required === true && (properties[descriptor.name] ?? '').trim() === '';
    if (missing) errors.push({ property: descriptor.name, message: `${descriptor.name} is required` });
  }
  const reported = new Set(errors.map(({ property }) => property));
  errors.push(...factory.validate(properties).filter(({ property }) => !reported.has(property)));
  if (role === 'source') warnings.push(...ineffectiveTraces(properties));
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
  if (values.length === 1) return `must be ${values[0] ?? ''}: nothing else is available`;
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
