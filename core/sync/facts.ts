/** What the last reading of the source said of an entity. *Unknown* is a fact of a run, not a presence. */
export type Presence = 'present' | 'skipped' | 'absent';

/** Stored relation of an entity to a target (LNK-1). */
export type LinkState = 'linked' | 'skipped' | 'creating' | 'released';

/** Who made the target entity (LNK-2); decides what may be deleted. */
export type Origin = 'created' | 'existedBefore';
