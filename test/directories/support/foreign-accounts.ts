import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { withGroups } from '../../support/engine.js';
import { groupLine, lineOf } from './company.js';

/** The default transformation, with a user name that may change while the identifier stays. */
export function namedByCn(): JsonObject {
  const document = withGroups('source', 'LDAP Server');
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const mappings = Array.isArray(user['mappings']) ? user['mappings'] : [];
  const named = mappings.map((one) =>
    isJsonObject(one) && one['targetPath'] === '$.userName' ? { ...one, sourcePath: '$.cn[0]' } : one,
  );
  return { ...document, user: { ...user, mappings: named } };
}

/** People on a condition. Better Auth refuses groups as members, and finds an account that was deleted by its `externalId` only (docs/compatibility.md). */
export function forBetterAuth(condition: string): JsonObject {
  const document = withGroups('target');
  const group = document['group'];
  const mappings = isJsonObject(group) && Array.isArray(group['mappings']) ? group['mappings'] : [];
  const kept = mappings.filter((mapping) => !JSON.stringify(mapping).includes('"entityType":"group"'));
  const user = isJsonObject(document['user']) ? document['user'] : {};
  const userMappings = Array.isArray(user['mappings']) ? user['mappings'] : [];
  const externalId = { sourcePath: '$.userName', targetPath: '$.externalId' };
  return {
    user: { ...user, condition, mappings: [...userMappings, externalId] },
    group: { mappings: kept },
  };
}

/** A user of a server as {@link lineOf} has them. */
export function personLine(user: JsonObject): string {
  const name = isJsonObject(user['name']) ? user['name'] : {};
  const [email] = Array.isArray(user['emails']) ? user['emails'] : [];
  return lineOf(
    text(user['userName']),
    isJsonObject(email) ? email['value'] : undefined,
    name['givenName'],
    name['familyName'],
  );
}

/** A group of a server as {@link groupLine} has it, with the names of its members. */
export function membersLine(group: JsonObject, names: ReadonlyMap<string, string>): string {
  const members = Array.isArray(group['members']) ? group['members'] : [];
  const ids = members.map((member) => (isJsonObject(member) ? text(member['value']) : ''));
  return groupLine(
    text(group['displayName']),
    ids.map((id) => names.get(id) ?? id),
  );
}

/** A text, or an empty one. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
