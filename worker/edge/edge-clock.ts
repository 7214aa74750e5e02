/** Clocks that are read to tell how much time has passed, milliseconds. */
export interface Clocks {
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/**
 * A clock that lags behind neither of two: a machine that was suspended finds the time gone by its wall clock, one whose wall clock was set back by the monotonic
 * one. What may be done until a certain time is then at worst not done any more.
 */
export function edgeClock({ monotonicMs, wallMs }: Clocks): () => number {
  let [monotonic, wall, passedMs] = [monotonicMs(), wallMs(), 0];
  return () => {
    const [nextMonotonic, nextWall] = [monotonicMs(), wallMs()];
    passedMs += Math.max(nextMonotonic - monotonic, nextWall - wall);
    [monotonic, wall] = [nextMonotonic, nextWall];
    return passedMs;
  };
}
