export { compileProgram } from './compile-program.js';
export type { ProgramInput } from './compile-program.js';
export { currentProgramNumber, ensureProgram, ensurePrograms, fingerprintHash, previewPrograms } from './program.js';
export { loadInstallationKeys } from './installation.js';
export { loadRunConfiguration, loadSecrets, loadSystem } from './snapshot.js';
export type { RunConfiguration, SystemSnapshot } from './snapshot.js';
export { lockConfiguration } from './pairs.js';
export { hasOpenJob, removeOperationalData } from './operational-data.js';
export { lockEverything, removeAllSystems, resetSystem } from './reset.js';
export type { ResetOptions } from './reset.js';
export { loadInstallation } from './installation.js';
export type { SourceSelection, SystemRole } from './entities/system.entity.js';
export {
  createSystem,
  deleteSystem,
  findSystem,
  listSystems,
  listTargetsOfSource,
  setSystemEnabled,
  setTargetPaused,
  updateSystem,
} from './systems.js';
export type { NewSystem, PageRequest, SourceChoice, SystemChange, SystemFilter, SystemRecord } from './systems.js';
export { saveProperties } from './properties.js';
export { rewrapSecrets } from './rewrap.js';
export type { PropertySet } from './properties.js';
export { hasLinkedEntities } from './linked.js';
export { findTransformation, listTransformationVersions, saveTransformation } from './transformations.js';
export type { NewTransformation, TransformationVersion } from './transformations.js';
export {
  bootstrapAdministrator,
  findLiveToken,
  findPasswordHash,
  insertToken,
  listTokens,
  revokeToken,
} from './accounts.js';
export type { ApiToken } from './accounts.js';
export { isConfigurationConflict } from './errors.js';
export type { ConfigurationConflictCode } from './errors.js';
export type { Statements } from './statements.js';
