/**
 * The kinds of entities that jobs move (TRF-4). `event` exists in transformations only until a connector delivers events.
 * The order of this list is the order of provisioning (ORD-1); deletions run in the reverse order (ORD-3).
 */
export const ENTITY_TYPES = ['user', 'group', 'role'] as const;

/** One of {@link ENTITY_TYPES}. */
export type EntityType = (typeof ENTITY_TYPES)[number];

const CODES: Record<EntityType, number> = { user: 1, group: 2, role: 3 };

/** The smallint stored in the `type` columns of `state/`. Never renumber. */
export function entityTypeCode(type: EntityType): number {
  return CODES[type];
}

/** The inverse of {@link entityTypeCode}; throws RangeError for a number nobody wrote. */
export function entityTypeOfCode(code: number): EntityType {
  const type = ENTITY_TYPES.find((candidate) => CODES[candidate] === code);
  if (type === undefined) throw new RangeError(`no entity type has the code ${code}`);
  return type;
}
