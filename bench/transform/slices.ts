/** One side of a comparison: does its work once on one entity of a list. */
export type Side = (position: number) => void;

/** Work of one slice; short, so that others at work on the machine meet both sides alike. */
const SLICE_MS = 4;
const WARM_UP_MS = 1_000;

/** Nanoseconds of one call of each side, and the median of the ratios of neighbouring slices. */
export interface Comparison {
  readonly first: number;
  readonly second: number;
  /** first / second. */
  readonly ratio: number;
}

/**
 * Compares two sides in short alternating slices; who begins alternates as well. Each pair of slices gives one ratio, so a busy moment
 * spoils one pair and not the median.
 *
 * @param entities that a side is called with, by position
 */
export function compare(first: Side, second: Side, entities: number, durationMs: number): Comparison {
  for (const side of [first, second]) slice(side, entities, WARM_UP_MS);
  const times: { first: number; second: number }[] = [];
  const end = performance.now() + durationMs;
  for (let round = 0; performance.now() < end; round += 1) {
    if (round % 2 === 0) {
      const one = slice(first, entities, SLICE_MS);
      times.push({ first: one, second: slice(second, entities, SLICE_MS) });
    } else {
      const two = slice(second, entities, SLICE_MS);
      times.push({ first: slice(first, entities, SLICE_MS), second: two });
    }
  }
  return {
    first: median(times.map((time) => time.first)),
    second: median(times.map((time) => time.second)),
    ratio: median(times.map((time) => time.first / time.second)),
  };
}

/** Median nanoseconds of one call. */
export function timeOf(side: Side, entities: number, durationMs: number): number {
  slice(side, entities, WARM_UP_MS);
  const times: number[] = [];
  const end = performance.now() + durationMs;
  while (performance.now() < end) times.push(slice(side, entities, SLICE_MS));
  return median(times);
}

/** The middle value; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function slice(side: Side, entities: number, durationMs: number): number {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  do {
    // The clock is asked once in ten calls only, so that it is no part of what is measured.
    for (let call = 0; call < 10; call += 1) side((calls + call) % entities);
    calls += 10;
    elapsed = performance.now() - start;
  } while (elapsed < durationMs);
  return (elapsed * 1e6) / calls;
}
