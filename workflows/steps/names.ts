import type { EntityType } from '../../core/entity-type.js';

/** Entity types as operators read them in summaries. */
export const PLURAL: Record<EntityType, string> = { user: 'users', group: 'groups', role: 'roles' };
