import type { Change, NativeEntity } from '../../connectors/contract.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { isGroupMember, memberIdOf, membersOf } from '../../core/sync/group-members.js';
import { forgetAssigned, noteJoining } from '../../state/drain/assigned-members.js';
import { writesMembersOnly } from './evaluate-pair.js';
import type { Failure } from './outcomes.js';
import { NotSentError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send } from './write-errors.js';

export { writesMembersOnly };

/** CONN-CORE-12: there is no such group, and none is created. */
export function notCreated(env: DrainEnvironment): Failure {
  const keys = env.connector.uniqueKeys(env.type).join(', ');
  const message = `The group is not in the target (looked for by ${keys}), where groups are not created and only their members are written: create it there, or keep it out by a condition`;
  return { errorClass: 'validation', code: 'unsupported', message };
}

/**
 * Sends a change of a group of which only members are written. Who joins by it is noted before, and who has left by it is forgotten afterwards,
 * so that a deletion knows whom the platform has assigned: whoever was a member already is none of them.
 */
export async function withNotedMembers<T>(
  env: DrainEnvironment,
  work: Work,
  targetKey: string,
  change: Change,
  write: () => Promise<T>,
): Promise<T> {
  const wanted = writesMembersOnly(env) ? writtenIds(change, change.body) : undefined;
  if (wanted === undefined) return write();
  const group = await send(env, work, 'read', (options) => env.connector.readOne(env.type, targetKey, options));
  // It is gone, which the write will say.
  if (group === null) return write();
  const { targetNo, services } = env;
  const there = allIds(group);
  // A list that is cut shows some members; of the others nobody knows, and nobody is taken out who may have been there before.
  const known = new Set(group.membersUnknown === 'cut' ? wanted : there);
  const joining = wanted.filter((id) => !known.has(id));
  const place = { targetNo, groupKey: targetKey, entityNo: work.row.entityNo, token: work.token };
  if (!(await noteJoining(services.pool, place, joining, there))) throw new NotSentError('the lease was lost');
  services.deps.reached?.('membersNoted');
  const result = await write();
  const staying = new Set(wanted);
  const before = change.before === undefined ? there : writtenIds(change, change.before);
  const left = (before ?? []).filter((id) => !staying.has(id));
  if (left.length > 0) await forgetAssigned(services.pool, targetNo, targetKey, left);
  return result;
}

/** Undefined where the mapping gives no members: then membership is not written. */
function writtenIds({ only, memberGroups }: Change, body: JsonObject): string[] | undefined {
  const isUser = (member: JsonValue): boolean =>
    !isGroupMember(member) && memberGroups?.has(memberIdOf(member) ?? '') !== true;
  return membersOf(body)
    ?.filter((member) => only !== 'userMembers' || isUser(member))
    .flatMap((member) => memberIdOf(member) ?? []);
}

/** Null: the list is not shown, or not all of it. */
function allIds({ body, membersUnknown }: NativeEntity): string[] | null {
  const members = membersOf(body);
  if (membersUnknown === 'cut' || members === undefined) return null;
  return members.flatMap((member) => memberIdOf(member) ?? []);
}
