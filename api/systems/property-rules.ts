import { isSecretProperty } from '../../connectors/common-properties.js';
import type { ConnectorFactory } from '../../connectors/contract.js';
import { LOCATION_PROPERTY } from '../../core/edge/location.js';
import type { PropertySet } from '../../state/config/index.js';
import { ProblemError, jsonPointer } from '../common/problem.js';
import type { FieldError } from '../common/problem.js';

/** Shown for every stored credential, whatever its length; sent back it means "unchanged" (CRD-3). */
export const CREDENTIAL_MASK = '*'.repeat(40);

/** Named by CRD-5 beside those that connectors know. */
const INITIAL_PASSWORD = 'initial.password';

/** Names that decide where credentials are sent (SYS-18), beside those of kind `url` and every `*.host`. */
const PLACE_NAMES = new Set([
  'URL',
  'OAuth2TokenServiceURL',
  'ldap.url',
  'ProxyType',
  'ldap.proxyType',
  LOCATION_PROPERTY,
  'aad.oauth2.resource.name',
]);

/** The properties of a system as they are stored; of credentials only the names. */
export interface StoredProperties {
  readonly properties: Readonly<Record<string, string>>;
  readonly secretNames: readonly string[];
}

/** The whole set of properties that a caller wants. */
export interface WantedProperties {
  readonly properties: Readonly<Record<string, string>>;
  /** Clear text, or {@link CREDENTIAL_MASK} for "as stored". */
  readonly credentials: Readonly<Record<string, string>>;
  /** Those that the caller names; the others are as stored. Absent: all. */
  readonly named?: readonly string[];
}

/** True for names that may only be stored as credential (CRD-1). */
export function isCredentialName(name: string, factory: ConnectorFactory): boolean {
  return name === INITIAL_PASSWORD || isSecretProperty(name, factory);
}

/**
 * Decides what to store: a credential stays one however it is sent (CRD-1), a mask keeps the stored value (CRD-3), and a changed URL
 * or host demands all credentials again in the same save (SYS-18, CRD-4). Throws the problem `invalid-properties` naming each field.
 */
export function planProperties(
  stored: StoredProperties,
  wanted: WantedProperties,
  factory: ConnectorFactory,
): PropertySet {
  const errors: FieldError[] = [];
  const plain: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  const kept: string[] = [];

  const takeCredential = (name: string, value: string, pointer: string): void => {
    if (value !== CREDENTIAL_MASK) secrets[name] = value;
    else if (stored.secretNames.includes(name)) kept.push(name);
    else
      errors.push({ pointer, message: 'the mask stands for a stored credential, but none is stored: enter the value' });
  };

  for (const [name, value] of Object.entries(wanted.credentials)) {
    takeCredential(name, value, jsonPointer(['credentials', name]));
  }
  for (const [name, value] of Object.entries(wanted.properties)) {
    const pointer = jsonPointer(['properties', name]);
    if (Object.hasOwn(wanted.credentials, name))
      errors.push({ pointer, message: 'is given twice, also as credential' });
    else if (isCredentialName(name, factory) || stored.secretNames.includes(name)) takeCredential(name, value, pointer);
    else plain[name] = value;
  }

  const moved = movedPlaces(stored.properties, plain, factory);
  for (const name of moved.length > 0 ? kept : []) {
    const message = `${moved.join(', ')} changed: enter this credential again in the same save`;
    errors.push({ pointer: jsonPointer(['credentials', name]), message });
  }
  if (errors.length > 0) throw invalidProperties(errors);
  return { plain, secrets, keptSecretNames: kept, ...(wanted.named !== undefined && { named: wanted.named }) };
}

/** The problem for properties that cannot be saved. */
export function invalidProperties(errors: readonly FieldError[]): ProblemError {
  return new ProblemError(
    'invalid-properties',
    errors.map((error) => `${fieldOf(error)}: ${error.message}`).join('; '),
    {
      errors,
    },
  );
}

function fieldOf(error: FieldError): string {
  return 'pointer' in error ? error.pointer : error.parameter;
}

function movedPlaces(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  factory: ConnectorFactory,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  // A default that is written down, or left out again, moves nothing.
  const effective = (name: string, properties: Readonly<Record<string, string>>) =>
    properties[name] ?? factory.descriptor.properties.find((property) => property.name === name)?.defaultValue;
  return [...names]
    .filter((name) => isPlaceName(name, factory) && effective(name, before) !== effective(name, after))
    .sort();
}

function isPlaceName(name: string, factory: ConnectorFactory): boolean {
  if (PLACE_NAMES.has(name) || /(^|\.)[a-z]*host$/i.test(name)) return true;
  return factory.descriptor.properties.some((property) => property.name === name && property.kind === 'url');
}

/** Changes by name; null removes. */
export interface PropertyChanges {
  readonly properties: Readonly<Record<string, string | null>>;
  readonly credentials: Readonly<Record<string, string | null>>;
}

/** The whole set that results from single changes: what they do not name stays as stored. */
export function applyChanges(
  stored: StoredProperties,
  changes: PropertyChanges,
  factory: ConnectorFactory,
): WantedProperties {
  const properties = new Map(Object.entries(stored.properties));
  const credentials = new Map(stored.secretNames.map((name) => [name, CREDENTIAL_MASK]));
  for (const [name, value] of Object.entries(changes.properties)) {
    const isCredential = credentials.has(name) || isCredentialName(name, factory);
    setOrRemove(isCredential ? credentials : properties, name, value);
  }
  for (const [name, value] of Object.entries(changes.credentials)) {
    // A plain property that is entered as credential becomes one.
    properties.delete(name);
    setOrRemove(credentials, name, value);
  }
  return {
    properties: Object.fromEntries(properties),
    credentials: Object.fromEntries(credentials),
    named: Object.keys(changes.properties),
  };
}

function setOrRemove(map: Map<string, string>, name: string, value: string | null): void {
  if (value === null) map.delete(name);
  else map.set(name, value);
}
