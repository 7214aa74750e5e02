/** Clocks that are read to tell how much time has passed, milliseconds. */
export interface Clocks {
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

/** One clock shows whole milliseconds, and they are read one after the other: so much do they seem to drift apart without anybody having set one. */
const NOISE_MS = 5;

/**
 * A clock that lags behind neither of two: a machine that was suspended finds the time gone by its wall clock, one whose wall clock was set back by the monotonic
 * one. What may be done until a certain time is then at worst not done any more. It goes no faster for being read often.
 */
export function edgeClock({ monotonicMs, wallMs }: Clocks): () => number {
  const startMs = monotonicMs();
  let aheadMs = wallMs() - startMs;
  let gainedMs = 0;
  return () => {
    const nowMs = monotonicMs();
    const nextAheadMs = wallMs() - nowMs;
    if (Math.abs(nextAheadMs - aheadMs) > NOISE_MS) {
      gainedMs += Math.max(0, nextAheadMs - aheadMs);
      aheadMs = nextAheadMs;
    }
    return nowMs - startMs + gainedMs;
  };
}
