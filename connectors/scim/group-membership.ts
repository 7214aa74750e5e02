import type { JsonObject } from '../../core/json.js';
import type { CallOptions, MemberChange, NativeEntity, WriteResult } from '../contract.js';
import { membersOf } from './members.js';
import { outgoing } from './outgoing.js';
import { gone, lastMember, type MemberOperations, type PatchSender } from './patch-sender.js';
import type { ScimProfile } from './profile.js';
import { scimError } from './scim-error.js';
import type { ScimHttp, ScimWrites } from './scim-http.js';
import type { ScimReader } from './scim-reader.js';
import { writeSingleMembers } from './single-members.js';
import { withEtag, type VersionTags } from './version-tags.js';
import { bodyOf, isSuccess, versionOf } from './write-answer.js';

/** Somebody else was faster this often: then the change has failed. */
const MAX_ROUNDS = 3;
const PRECONDITION_FAILED = 412;

/** What changing a membership needs of its surroundings. */
export interface MembershipOptions {
  readonly http: ScimHttp;
  readonly writes: ScimWrites;
  readonly profile: ScimProfile;
  readonly reader: ScimReader;
  readonly tags: VersionTags;
  readonly patches: PatchSender;
}

/**
 * Adds users to a group and takes users out, whoever else is in it stays (VAR-10). By PATCH if the system is configured for it; otherwise
 * the group is read and put back, unless it does not show its members or has more of them than fit into one PUT (WRT-4).
 */
export async function changeGroupMembers(
  parts: MembershipOptions,
  groupId: string,
  change: MemberChange,
  options: CallOptions,
): Promise<WriteResult> {
  const { shown, repeated, written, removeLast } = parts.profile.members;
  const { patch, memberThreshold = Infinity } = parts.http.settings;
  if (written === 'single' && !patch) {
    await writeSingleMembers(parts, groupId, operationsOf(change, parts.http.settings.userMember), options);
    return { id: groupId, applied: 'updated' };
  }
  // Putting a group back that never shows its members would take them all out.
  if (shown === 'never' || (patch && repeated === 'ignored'))
    return patchMembers(parts, groupId, operationsOf(change, parts.http.settings.userMember), options);
  for (let round = 1; ; round += 1) {
    const group = await parts.reader.readOne('group', groupId, options);
    if (group === null) throw gone('group');
    const members = membersOf(group.body);
    if (members === undefined && (await canPatch(parts, options)))
      return patchMembers(parts, groupId, operationsOf(change, parts.http.settings.userMember), options);
    const known = members ?? new Map<string, JsonObject>();
    const operations = operationsOf(
      {
        add: change.add.filter((id) => !known.has(id)),
        remove: change.remove.filter((id) => known.has(id)),
      },
      parts.http.settings.userMember,
    );
    if (operations.additions.length + operations.removals.length === 0) return { id: groupId, applied: 'none' };
    const removed = new Set(operations.removals);
    const staying = [...known].filter(([id]) => !removed.has(id)).map(([, member]) => member);
    const wanted = [...staying, ...operations.additions];
    if (patch || wanted.length > memberThreshold) return patchMembers(parts, groupId, operations, options);
    if (wanted.length === 0 && removeLast !== 'allowed') {
      if (removeLast === 'refused') throw lastMember('group');
      wanted.push(...[...known.values()].slice(0, 1));
    }
    const result = await putBack(parts, group, wanted, options, round === MAX_ROUNDS);
    if (result !== undefined) return result;
  }
}

/** A group that shows no members may have some all the same: putting it back would take them out. */
async function canPatch({ tags }: MembershipOptions, options: CallOptions): Promise<boolean> {
  return (await tags.features(options)).patch !== false;
}

function operationsOf({ add, remove }: MemberChange, user: JsonObject): MemberOperations {
  return { additions: add.map((value) => ({ value, ...user })), removals: remove };
}

async function patchMembers(
  { patches }: MembershipOptions,
  id: string,
  operations: MemberOperations,
  options: CallOptions,
): Promise<WriteResult> {
  const version = await patches.send({ type: 'group', id, options }, [], operations);
  return { id, applied: 'updated', ...(version === undefined ? {} : { version }) };
}

/** Undefined: the group was changed meanwhile and has to be read again. */
async function putBack(
  { http, writes, profile, tags }: MembershipOptions,
  group: NativeEntity,
  members: readonly JsonObject[],
  options: CallOptions,
  isLast: boolean,
): Promise<WriteResult | undefined> {
  const label = 'update group';
  const { etag } = await tags.usable(withEtag(options, group.version));
  const body = { ...outgoing(profile, 'group', { ...group.body, members: [...members] }), id: group.id };
  const path = http.entityPath('group', group.id, label);
  const response = await writes.write({ label, method: 'PUT', path, body, etag, options });
  if (isSuccess(response)) return { id: group.id, applied: 'updated', ...versionOf(response, bodyOf(response)) };
  if (response.status === PRECONDITION_FAILED && !isLast) return undefined;
  throw scimError(response, [body]);
}
