import type { Change } from '../../connectors/contract.js';
import type { JsonObject } from '../../core/json.js';
import { applicationGroupOf } from '../../core/sync/application-group.js';
import type { ApplicationGroup } from '../../core/sync/application-group.js';
import { codeOf } from '../support/run-context.js';
import { linkPlace } from '../../runtime/sealed-bodies.js';
import { writesMembersOnly } from './members-only.js';
import type { KnownReferences } from './resolve-references.js';
import { partNameOf } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** Only what differs from the last written state; all attributes where that is not known or must not be trusted (WRT-2). */
export function changeOf(env: DrainEnvironment, work: Work, body: JsonObject): Change {
  const stored = work.pair.link?.body ?? null;
  // Members that were assigned by variables stand in no last written state: they are overwritten all the same (VAR-14).
  if (work.row.forced || stored === null || sharesGroups(env)) return wholeChange(env, work, body);
  const before = env.services.linkBodies.open(stored, linkPlace(env.targetNo, work.row.entityNo, partNameOf(work)));
  return { ...wholeChange(env, work, body), before };
}

/** A change of a target entity of which nothing is known. */
export function wholeChange(env: DrainEnvironment, work: Work, body: JsonObject): Change {
  const mode = env.tools.target.capabilities.updateMode;
  if (env.type !== 'group') return { mode, body };
  const only = MEMBERS_OF[groupKind(work, body) ?? 'readWrite'] ?? (writesMembersOnly(env) ? 'members' : undefined);
  return { mode, body, memberGroups: groupIdsOf(work.references), ...(only !== undefined && { only }) };
}

/** Groups of this target get members that the groups' own mapping knows nothing of (VAR-10). */
export function sharesGroups(env: DrainEnvironment): boolean {
  return env.type === 'group' && env.tools.target.program.types.get('user')?.assignsGroups === true;
}

/** What the application that owns a group allows; undefined for users and regular groups (WRT-8). */
export function applicationGroup(env: DrainEnvironment, work: Work): ApplicationGroup | undefined {
  return env.type === 'group' ? groupKind(work, {}) : undefined;
}

const MEMBERS_OF: Readonly<Record<ApplicationGroup, Change['only']>> = {
  readOnly: undefined,
  readWrite: undefined,
  userOnlyMembership: 'userMembers',
  membership: 'members',
};

/** The source knows it; a transformation may set or change it. */
function groupKind(work: Work, body: JsonObject): ApplicationGroup | undefined {
  return applicationGroupOf(body) ?? applicationGroupOf(work.evaluation.common ?? {});
}

const GROUP_IDS = new WeakMap<KnownReferences, ReadonlySet<string>>();

/** Target ids of all groups that are referred to; once for each batch, not for each group. */
function groupIdsOf(known: KnownReferences): ReadonlySet<string> {
  const cached = GROUP_IDS.get(known);
  if (cached !== undefined) return cached;
  const prefix = `${codeOf('group')}/`;
  const ids = new Set([...known].flatMap(([key, targetIds]) => (key.startsWith(prefix) ? targetIds : [])));
  GROUP_IDS.set(known, ids);
  return ids;
}
