import type { Change } from '../../connectors/contract.js';
import type { JsonObject } from '../../core/json.js';
import type { ApplicationGroup } from '../../core/sync/application-group.js';
import { isGroupMember, memberIdOf, membersOf } from '../../core/sync/group-members.js';
import { assignedMembers, forgetAssigned } from '../../state/drain/assigned-members.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { send } from '../drain/write-errors.js';
import { done, failedDelete } from './candidate-end.js';
import type { CandidateEnd } from './candidate-end.js';
import type { LinkedLink } from './judge-candidate.js';

/**
 * DEL-18: an application-specific group whose members alone may be changed loses them instead of being deleted: users only, or all. What is
 * removed is what the group has now, also what others have added. A group that is gone, or has none of them, needs nothing. The claim on
 * the group, taken when the candidate was judged, keeps everybody else of ours from writing it meanwhile.
 */
export async function emptyGroup(
  env: DrainEnvironment,
  work: Work,
  link: LinkedLink,
  group: ApplicationGroup,
): Promise<CandidateEnd> {
  const startedMs = Date.now();
  try {
    await removeMembers(env, work, link, group);
  } catch (error) {
    const end = failedDelete(work, error);
    if (end !== undefined) return end;
  }
  return done(work, Date.now() - startedMs, 'kept: members removed');
}

/**
 * CONN-CORE-12: a group of a target whose groups are not deleted loses the members that the platform has assigned, and nobody else. Of one that
 * we have made, in a time when the target let us, these are all that were written.
 */
export async function unassignMembers(env: DrainEnvironment, work: Work, link: LinkedLink): Promise<CandidateEnd> {
  const { pool } = env.services;
  const startedMs = Date.now();
  const assigned = await assignedMembers(pool, env.targetNo, link.targetKey);
  const written = link.origin === 'created' ? (membersOf(writtenBody(env, work, link)) ?? []) : [];
  const members = [...new Set([...assigned, ...written.flatMap((member) => memberIdOf(member) ?? [])])];
  try {
    await send(env, work, 'idempotent-write', (options) =>
      env.connector.delete(env.type, link.targetKey, { ...options, members }),
    );
  } catch (error) {
    const end = failedDelete(work, error);
    if (end !== undefined) return end;
  }
  await forgetAssigned(pool, env.targetNo, link.targetKey, members);
  return done(work, Date.now() - startedMs, 'kept: assigned members removed');
}

async function removeMembers(
  env: DrainEnvironment,
  work: Work,
  link: LinkedLink,
  group: ApplicationGroup,
): Promise<void> {
  const current = await send(env, work, 'read', (options) => env.connector.readOne(env.type, link.targetKey, options));
  if (current === null) return;
  const members = membersOf(current.body) ?? membersOf(writtenBody(env, work, link)) ?? [];
  const kept = group === 'membership' ? [] : members.filter(isGroupMember);
  if (kept.length === members.length) return;
  const change: Change = {
    mode: env.tools.target.capabilities.updateMode,
    body: { ...current.body, members: kept },
    before: { ...current.body, members },
    only: group === 'membership' ? 'members' : 'userMembers',
  };
  await send(env, work, 'idempotent-write', (options) =>
    env.connector.update(env.type, link.targetKey, change, {
      ...options,
      ...(current.version !== undefined && { etag: current.version }),
    }),
  );
}

function writtenBody(env: DrainEnvironment, work: Work, link: LinkedLink): JsonObject {
  if (link.body === null) return {};
  return env.services.linkBodies.open(link.body, linkPlace(env.targetNo, work.row.entityNo));
}
