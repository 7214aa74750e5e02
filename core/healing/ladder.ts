const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** HEA-2: waits after the first, second, … failed attempt; the last one goes for all further ones. */
export const LADDER_MS: readonly number[] = [
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];

/** HEA-2: so long after its first failure an entity is tried; then it is parked. */
export const GIVE_UP_AFTER_MS = 28 * 24 * HOUR_MS;

/** HEA-2: each wait is up to so much shorter or longer, so that what failed together does not come back together. */
export const LADDER_JITTER = 0.1;
