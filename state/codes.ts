import type { LinkState, Origin, Presence } from '../core/sync/facts.js';

/** `entity.presence`. Numbers stored in narrow columns are never renumbered. */
export const PRESENCE = { present: 1, skipped: 2, absent: 3 } as const satisfies Record<Presence, number>;
/** `link.state`. */
export const LINK_STATE = { linked: 1, skipped: 2, creating: 3, released: 4 } as const satisfies Record<
  LinkState,
  number
>;
/** `link.origin` (LNK-2). */
export const ORIGIN = { created: 1, existedBefore: 2 } as const satisfies Record<Origin, number>;
/**
 * `backlog.state`: which rows may be taken by whom is in engine.md §6. *missing*: the source said that the entity does not exist; parked
 * until a read delivers it or declares it absent.
 */
export const BACKLOG_STATE = { due: 1, deferred: 2, held: 3, parked: 4, quarantined: 5, missing: 6 } as const;

/** Name of a {@link BACKLOG_STATE}. */
export type BacklogState = keyof typeof BACKLOG_STATE;

/** The name of a stored number; throws RangeError for one that nobody wrote. */
export function nameOf<N extends string>(codes: Readonly<Record<N, number>>, code: number): N {
  for (const name in codes) if (codes[name] === code) return name;
  throw new RangeError(`unknown code ${code}`);
}

/** `backlog.prio` of everything that has no reason to hurry. */
export const NORMAL_PRIO = 5;
/** `backlog.prio` of people who leave: it overtakes everything else in its target. */
export const LEAVER_PRIO = 1;
