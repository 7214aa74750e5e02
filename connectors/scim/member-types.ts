import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import type { ScimProfile } from './profile.js';

/** What a member that is a user carries beside its id, where the server wants more than that (CONN-SCIM-101). */
export function userMember({ members }: ScimProfile, [origin]: readonly string[]): JsonObject {
  if (members.types === undefined) return {};
  return { type: 'USER', ...(members.origins === true && origin !== undefined && { origin }) };
}

/** A group whose members say what they are the way the server wants it. `groups`: members that are known to be groups. */
export function withTypedMembers(body: JsonObject, user: JsonObject, groups: ReadonlySet<string>): JsonObject {
  const { members } = body;
  if (user['type'] === undefined || !Array.isArray(members)) return body;
  const typed = (member: JsonValue): JsonValue => {
    if (!isJsonObject(member)) return member;
    const { value, type } = member;
    const isGroup = typeof type === 'string' ? /^group$/i.test(type) : typeof value === 'string' && groups.has(value);
    return { ...member, ...user, ...(isGroup && { type: 'GROUP' }) };
  };
  return { ...body, members: members.map(typed) };
}
