import { sized } from './sizes.js';

/** Which seeds the random fault tests play; `npm run test:faults` sets them (docs/faults.md). */
export const faultRuns = {
  seeds: Number(process.env['FAULT_SEEDS'] ?? sized(8, 20)),
  first: Number(process.env['FAULT_SEED'] ?? 1),
  /** False: a story that fails is kept as it is. */
  shrinks: process.env['FAULT_SHRINK'] !== 'off',
  /** An artifact to play again instead. */
  replay: process.env['FAULT_REPLAY'],
  /** Stops at random moments. */
  stops: sized(8, 20),
  /** A crash at every so many operations, in place of those that a suite of itself walks over; 1: at each of them. */
  stride: process.env['CRASH_STRIDE'] === undefined ? undefined : Number(process.env['CRASH_STRIDE']),
  /** Only the cases of the process tests whose title has this text. */
  only: process.env['FAULT_ONLY'],
};
