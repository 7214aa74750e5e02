/** Rates of one run, entities per second. */
export interface Rates {
  /** What the engine reached. */
  readonly engine: number | null;
  readonly r0: number | null;
  readonly r1: number | null;
  /** What the simulators serve when nothing else has to be done; null when it was not measured. */
  readonly simulator: number | null;
  /** The arithmetic limit of the scenario; null without latency. */
  readonly limit: number | null;
}

/** How much faster than the best result the simulator alone must be, so that it does not set the result. */
export const SIMULATOR_FACTOR = 5;
/** What part of the arithmetic limit R0 must reach, so that it is a baseline and not a bad program. */
export const R0_SHARE = 0.9;

/** Why a run says nothing about the engine; empty when it does. */
export function reasonsAgainst({ engine, r0, r1, simulator, limit }: Rates): string[] {
  const reasons: string[] = [];
  const best = Math.max(engine ?? 0, r0 ?? 0, r1 ?? 0);
  if (simulator !== null && simulator < SIMULATOR_FACTOR * best) {
    reasons.push(
      `the simulators alone reach ${round(simulator)}/s, less than ${SIMULATOR_FACTOR} times the best result (${round(best)}/s)`,
    );
  }
  if (limit !== null && r0 !== null && r0 < R0_SHARE * limit) {
    reasons.push(`R0 reaches ${round(r0)}/s, less than ${R0_SHARE} of the arithmetic limit (${round(limit)}/s)`);
  }
  return reasons;
}

/**
 * Entities per second that waiting alone allows (engine-notes §1.12): pages are read one after the other, writes go out `concurrency`
 * at a time to each target. Null without latency: then the CPU is the limit.
 */
export function arithmeticLimit(parameters: {
  readonly entities: number;
  readonly pageSizeEntities: number;
  readonly latencyMs: number;
  readonly writes: number;
  readonly concurrency: number;
}): number | null {
  const { entities, pageSizeEntities, latencyMs, writes, concurrency } = parameters;
  if (latencyMs === 0) return null;
  const readingMs = Math.ceil(entities / pageSizeEntities) * latencyMs;
  const writingMs = Math.ceil(writes / concurrency) * latencyMs;
  return (entities / Math.max(readingMs, writingMs)) * 1_000;
}

/** Source entities per second that the simulators serve: each is a process of its own, and the slower one decides. */
export function servedPerSecond(
  capacity: { readonly reading: number; readonly writing: number },
  entities: number,
  writes: number,
): number {
  return writes === 0 ? capacity.reading : Math.min(capacity.reading, (capacity.writing * entities) / writes);
}

function round(rate: number): number {
  return Math.round(rate);
}
