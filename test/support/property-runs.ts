import { sized } from './sizes.js';

/** How long properties of the engine are tried, and from which seed: ACTOR_CASES and ACTOR_SEED repeat a run that failed. */
export const propertyRuns = {
  cases: Number(process.env['ACTOR_CASES'] ?? sized(8, 25)),
  seed: Number(process.env['ACTOR_SEED'] ?? Date.now() % 1_000_000),
};
