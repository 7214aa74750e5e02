import type { Change, MemberChange, NativeEntity } from '../../connectors/contract.js';
import { isConnectorError } from '../../connectors/errors.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { isGroupMember, memberIdOf, membersOf } from '../../core/sync/group-members.js';
import { forgetAssigned, noteJoining } from '../../state/drain/assigned-members.js';
import { writesMembersOnly } from './evaluate-pair.js';
import type { Failure } from './outcomes.js';
import { NotSentError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';
import { send, TargetFailedError } from './write-errors.js';

export { writesMembersOnly };

/** Groups of the target are such, whatever type is written now. */
function hasFixedGroups({ tools }: Pick<DrainEnvironment, 'tools'>): boolean {
  return writesMembersOnly({ tools, type: 'group' });
}

/** CONN-CORE-12: there is no such group, and none is created. */
export function notCreated(env: DrainEnvironment): Failure {
  const keys = env.connector.uniqueKeys(env.type).join(', ');
  const message = `The group is not in the target (looked for by ${keys}), where groups are not created and only their members are written: create it there, or keep it out by a condition`;
  return { errorClass: 'validation', code: 'unsupported', message };
}

/**
 * Sends a change of a group of which only members are written. Who joins by it is noted before, and who has left by it is forgotten afterwards,
 * so that a deletion knows whom the platform has assigned: whoever was a member already is none of them. `write` gets the change as it is to be
 * sent: by what the group has now, so that everybody who is noted is really put in.
 */
export async function withNotedMembers<T>(
  env: DrainEnvironment,
  work: Work,
  targetKey: string,
  change: Change,
  write: (change: Change) => Promise<T>,
): Promise<T> {
  const wanted = writesMembersOnly(env) ? writtenIds(change, change.body) : undefined;
  if (wanted === undefined) return write(change);
  const group = await readGroup(env, work, targetKey);
  // It is gone, which the write will say.
  if (group === null) return write(change);
  const written = change.before === undefined ? undefined : (writtenIds(change, change.before) ?? []);
  const there = allIds(group);
  // A list that is cut shows some members; of the others nobody knows, and nobody is taken out who may have been there before.
  const known = new Set(group.membersUnknown === 'cut' ? wanted : there);
  const joining = wanted.filter((id) => !known.has(id));
  const result = await whileNoted(env, work, targetKey, { joining, there }, () =>
    write(there === null ? change : sinceRead(change, group, new Set([...wanted, ...(written ?? [])]))),
  );
  const staying = new Set(wanted);
  await forget(
    env,
    targetKey,
    (written ?? there ?? []).filter((id) => !staying.has(id)),
  );
  return result;
}

/** The same for users who join and leave such a group by variables (VAR-10). The caller holds the lock on the group. */
export async function withNotedUsers(
  env: DrainEnvironment,
  work: Work,
  groupId: string,
  users: MemberChange,
  write: () => Promise<unknown>,
): Promise<void> {
  const group = hasFixedGroups(env) ? await readGroup(env, work, groupId) : null;
  if (group === null) return void (await write());
  const there = allIds(group);
  const known = new Set(group.membersUnknown === 'cut' ? users.add : there);
  const joining = users.add.filter((id) => !known.has(id));
  await whileNoted(env, work, groupId, { joining, there }, write);
  await forget(env, groupId, users.remove);
}

function readGroup(env: DrainEnvironment, work: Work, groupId: string): Promise<NativeEntity | null> {
  return send(env, work, 'read', (options) => env.connector.readOne('group', groupId, options));
}

/** `there`: all members before the request; null: not known. */
async function whileNoted<T>(
  env: DrainEnvironment,
  work: Work,
  groupKey: string,
  { joining, there }: { readonly joining: readonly string[]; readonly there: readonly string[] | null },
  write: () => Promise<T>,
): Promise<T> {
  const { targetNo, services } = env;
  const place = { targetNo, groupKey, entityNo: work.row.entityNo, token: work.token };
  if (!(await noteJoining(services.pool, place, joining, there))) throw new NotSentError('the lease was lost');
  services.deps.reached?.('membersNoted');
  try {
    return await write();
  } catch (error) {
    if (joining.length > 0 && isRefusal(error)) await forgetRefused(env, work, groupKey, joining);
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return (isConnectorError(error) || error instanceof TargetFailedError) && error.outcome === 'not-applied';
}

/**
 * Who was not put in is not ours: the owner may do by hand what the target did not let us do. An earlier attempt of the same request may have
 * been carried out all the same, so the group is asked; where it does not answer, the note stays and the next write of the group looks again.
 */
async function forgetRefused(
  env: DrainEnvironment,
  work: Work,
  groupKey: string,
  joining: readonly string[],
): Promise<void> {
  const group = await readGroup(env, work, groupKey).catch(() => null);
  const there = group === null ? null : allIds(group);
  if (there === null) return;
  const arrived = new Set(there);
  await forget(
    env,
    groupKey,
    joining.filter((id) => !arrived.has(id)),
  );
}

async function forget(env: DrainEnvironment, groupKey: string, left: readonly string[]): Promise<void> {
  if (hasFixedGroups(env) && left.length > 0) await forgetAssigned(env.services.pool, env.targetNo, groupKey, left);
}

/** What was written last, as far as it is still so: members by whom the group has now, of those who are ours to write. */
function sinceRead({ before, ...change }: Change, group: NativeEntity, ours: ReadonlySet<string>): Change {
  if (before === undefined) return change;
  const members = (membersOf(group.body) ?? []).filter((member) => ours.has(memberIdOf(member) ?? ''));
  return { ...change, before: { ...before, members } };
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
