import type { DeleteOptions, Resolution, WriteResult } from '../contract.js';
import { ConnectorError } from '../errors.js';
import { changeGroupMembers, type MembershipOptions } from './group-membership.js';
import { membersOf } from './members.js';

/** CONN-CORE-12: the group that a create is about. Throws `unsupported` when there is none, `ambiguous` when there are several. */
export function existingGroup(found: Resolution): string {
  if (found.outcome === 'one') return found.entity.id;
  const isMissing = found.outcome === 'none';
  throw new ConnectorError({
    kind: isMissing ? 'unsupported' : 'ambiguous',
    scope: 'entity',
    outcome: 'not-applied',
    safeMessage: isMissing
      ? 'create group: groups are not created in this system, only their members are written; create the group there'
      : 'create group: several groups have its unique attribute',
  });
}

/** Takes the given members out of a group that stays (CONN-CORE-12). Who is not in it is no failure, nor is a group that is gone. */
export async function removeGivenMembers(
  parts: MembershipOptions,
  groupId: string,
  { members = [], etag: _, ...options }: DeleteOptions,
): Promise<WriteResult> {
  const group = await parts.reader.readOne('group', groupId, options);
  if (group === null) return { id: groupId, applied: 'already-absent' };
  const known = membersOf(group.body);
  const remove = known === undefined ? members : members.filter((id) => known.has(id));
  if (remove.length > 0) await changeGroupMembers(parts, groupId, { add: [], remove }, options);
  return { id: groupId, applied: 'members-removed' };
}
