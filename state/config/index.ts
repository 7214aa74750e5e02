export { currentProgramNumber, ensureProgram, fingerprintHash } from './program.js';
export { loadInstallation, loadInstallationKeys } from './installation.js';
export type { Installation } from './installation.js';
export { loadRunConfiguration, loadSecrets, loadSystem } from './snapshot.js';
export type { RunConfiguration, SystemSnapshot } from './snapshot.js';
export { addSweeps, changePairs, listPairs, lockConfiguration, sweepSystem } from './pairs.js';
export type { Pair } from './pairs.js';
export type { SourceSelection, SystemRole } from './entities/system.entity.js';
