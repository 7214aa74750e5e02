import type { JsonObject } from '../../core/json.js';
import type { SplitRule } from '../capability-rules.js';
import type { PropertyDescriptor, PropertyFinding } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { booleanProperty, textProperty, type Properties } from '../property-values.js';
import type { ScimProfile } from './profile.js';
import { allOf, anyOf, equalsFilter } from './scim-filter.js';
import { splitKeys } from './unique-key.js';

/** The identity provider that a user belongs to: with the user name it is what is unique (CONN-SCIM-101). */
const ORIGIN = 'origin';
const BOTH: PropertyDescriptor['roles'] = ['source', 'target'];

/** Attributes of users within whose values their other unique attributes are unique. */
export function areasOf({ users }: ScimProfile): readonly string[] {
  return users?.origins === undefined ? [] : [ORIGIN];
}

/** Names of the properties of origins (PRP-172, PRP-173). */
export function originNames(prefix: string): { readonly origin: string; readonly filter: string } {
  return { origin: `${prefix}.origin`, filter: `${prefix}.origin.filter.enabled` };
}

/** Origins as configured; nothing for types whose users have none. Only `;` separates several. */
export function originsOf({ users }: ScimProfile, prefix: string, properties: Properties): readonly string[] {
  const text = textProperty(properties, originNames(prefix).origin);
  if (users?.origins === undefined || text === undefined) return [];
  const names = users.origins === 'several' ? text.split(';') : [text];
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
}

/** Their descriptions, for the types that have them. */
export function originProperties({ users }: ScimProfile, prefix: string): PropertyDescriptor[] {
  if (users?.origins === undefined) return [];
  const names = originNames(prefix);
  const several =
    ' Several are separated by ";": in a target each user then gets an account for each of them, and a change of the list needs a reset.';
  return [
    {
      name: names.origin,
      label: 'Origin of users',
      kind: 'text',
      roles: BOTH,
      description: `Origin key of the identity provider of the users.${users.origins === 'several' ? several : ''}`,
    },
    {
      name: names.filter,
      label: 'Read these origins only',
      kind: 'boolean',
      roles: ['source'],
      defaultValue: 'false',
      description: `true: only users of ${names.origin} are read.`,
    },
  ];
}

/** What cannot work: a filter by nothing, and accounts that could not be told apart. */
export function originErrors(profile: ScimProfile, prefix: string, properties: Properties): PropertyFinding[] {
  if (profile.users?.origins === undefined) return [];
  const names = originNames(prefix);
  const origins = originsOf(profile, prefix, properties);
  const errors: PropertyFinding[] = [];
  if (booleanProperty(properties, names.filter, false) && origins.length === 0)
    errors.push({ property: names.filter, message: noOrigin(names) });
  const keyName = [`${prefix}.user.unique.attribute`, 'scim.user.unique.attribute'].find((name) => properties[name]);
  const keys = keyName === undefined ? undefined : splitKeys(properties[keyName] ?? '');
  if (origins.length > 1 && keyName !== undefined && keys?.includes(ORIGIN) === false) {
    const message = `${names.origin} names several, so that users are unique by userName and origin; set it to userName,origin`;
    errors.push({ property: keyName, message });
  }
  return errors;
}

/** RST-4: a change of several origins, or between one and several, leaves accounts that nobody would look after any more. */
export function originReset(
  profile: ScimProfile,
  prefix: string,
  before: Properties,
  after: Properties,
): PropertyFinding[] {
  const [old, fresh] = [originsOf(profile, prefix, before), originsOf(profile, prefix, after)];
  const isSame = old.length === fresh.length && fresh.every((origin) => old.includes(origin));
  if (isSame || (old.length < 2 && fresh.length < 2)) return [];
  const { origin } = originNames(prefix);
  const message = `${origin} cannot be changed from ${old.join(';')} to ${fresh.join(';')} while users are linked: reset the target system first`;
  return [{ property: origin, message }];
}

/** A filter of users with the origins that are to be read (CONN-SCIM-102). */
export function withOrigins(
  filter: string | undefined,
  profile: ScimProfile,
  prefix: string,
  properties: Properties,
): string | undefined {
  const origins = filteredOrigins(profile, prefix, properties);
  return origins.length === 0 ? filter : allOf([filter, anyOf(origins.map((origin) => equalsFilter(ORIGIN, origin)))]);
}

function filteredOrigins(profile: ScimProfile, prefix: string, properties: Properties): readonly string[] {
  return booleanProperty(properties, originNames(prefix).filter, false) ? originsOf(profile, prefix, properties) : [];
}

/** Throws before anything is read when there is a filter by origins, and none is named: everybody would be read (CONN-SCIM-102). */
export function demandOrigins(profile: ScimProfile, prefix: string, properties: Properties): void {
  const names = originNames(prefix);
  if (profile.users?.origins === undefined || !booleanProperty(properties, names.filter, false)) return;
  if (originsOf(profile, prefix, properties).length > 0) return;
  throw new ConnectorError({ kind: 'fatal', scope: 'system', outcome: 'not-applied', safeMessage: noOrigin(names) });
}

function noOrigin({ origin, filter }: ReturnType<typeof originNames>): string {
  return `${filter} is true and ${origin} is not set; set it to the origin whose users are to be read`;
}

/** How one user becomes several in a target; undefined where there is one origin, or none. */
export function splitRule(profile: ScimProfile, prefix: string, properties: Properties): SplitRule | undefined {
  const isSeveral = originsOf(profile, prefix, properties).length > 1;
  return isSeveral ? { attribute: ORIGIN, property: originNames(prefix).origin } : undefined;
}

/** A user as it is sent: a list of one origin is that origin. Throws for several where one is configured. */
export function withOneOrigin({ users }: ScimProfile, prefix: string, body: JsonObject): JsonObject {
  const given = body[ORIGIN];
  if (users?.origins === undefined || !Array.isArray(given)) return body;
  const [origin, ...others] = given;
  const { origin: property } = originNames(prefix);
  if (others.length > 0)
    throw refused('invalid', 'entity', `${given.length} origins for one account; name them in ${property}`);
  return { ...body, [ORIGIN]: origin ?? null };
}

/** Throws for a new user without origin, because the server would put it under its own directory. */
export function demandOneOrigin({ users }: ScimProfile, prefix: string, body: JsonObject): void {
  if (users?.origins === undefined) return;
  const given = body[ORIGIN];
  const origin = Array.isArray(given) ? given[0] : given;
  // A property that is not set is the text null in a transformation (PHL-2).
  if (typeof origin === 'string' && origin !== '' && origin !== 'null') return;
  const { origin: property } = originNames(prefix);
  throw refused('fatal', 'system', `a user without origin; set ${property} to the origin key of the users`);
}

function refused(kind: 'fatal' | 'invalid', scope: 'system' | 'entity', safeMessage: string): ConnectorError {
  return new ConnectorError({ kind, scope, outcome: 'not-applied', safeMessage });
}
