import type { EntityType } from '../../core/entity-type.js';
import type { JsonObject } from '../../core/json.js';
import type { Change } from '../contract.js';
import { withTypedMembers } from './member-types.js';
import { demandOneOrigin, withOneOrigin } from './origins.js';
import { messageOperations } from './patch-diff.js';
import type { ScimProfile } from './profile.js';

const NOBODY: ReadonlySet<string> = new Set();

/** Makes what a transformation gives fit servers that want more than the standard: one origin for a user, types for members (CONN-SCIM-101). */
export interface Fitting {
  ofCreate(type: EntityType, body: JsonObject): JsonObject;
  ofUpdate(type: EntityType, change: Change): Change;
}

/** @param user what a member that is a user carries beside its id. */
export function fitting(profile: ScimProfile, prefix: string, user: JsonObject): Fitting {
  const fit = (type: EntityType, body: JsonObject, groups: ReadonlySet<string> = NOBODY): JsonObject =>
    type === 'user' ? withOneOrigin(profile, prefix, body) : withTypedMembers(body, user, groups);
  return {
    ofCreate: (type, body) => {
      if (type === 'user') demandOneOrigin(profile, prefix, body);
      return fit(type, body);
    },
    ofUpdate: (type, change) => {
      if (messageOperations(change.body) !== undefined) return change;
      const { body, before, memberGroups } = change;
      return {
        ...change,
        body: fit(type, body, memberGroups),
        ...(before !== undefined && { before: fit(type, before, memberGroups) }),
      };
    },
  };
}
