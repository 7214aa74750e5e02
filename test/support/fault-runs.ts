/** Which seeds the random fault tests play; `npm run test:faults` sets them (docs/faults.md). */
export const faultRuns = {
  seeds: Number(process.env['FAULT_SEEDS'] ?? 20),
  first: Number(process.env['FAULT_SEED'] ?? 1),
  /** An artifact to play again instead. */
  replay: process.env['FAULT_REPLAY'],
};
