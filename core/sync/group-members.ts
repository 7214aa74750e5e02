import { isJsonObject } from '../json.js';
import type { JsonObject, JsonValue } from '../json.js';

/** Members of a group in target JSON; undefined where it has no such list. */
export function membersOf(group: JsonObject): JsonValue[] | undefined {
  const members = group['members'];
  return Array.isArray(members) ? members : undefined;
}

/** Id of a member; undefined where it has none. */
export function memberIdOf(member: JsonValue): string | undefined {
  const id = isJsonObject(member) ? member['value'] : member;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** A member that does not say what it is counts as a user (RFC 7643 §4.2 names no default, and users are what is provisioned). */
export function isGroupMember(member: JsonValue): boolean {
  const type = isJsonObject(member) ? member['type'] : undefined;
  return typeof type === 'string' && type.toLowerCase() === 'group';
}
