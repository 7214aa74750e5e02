export { CHECKS } from './checks/index.js';
export { reasonToSkip, type Check, type CheckArea } from './check.js';
export { resultText, summaryText } from './report.js';
export { ConformanceRun, runConformance, SECRETS_CHECK } from './run.js';
export { readSystemFile, SystemFileError } from './system-file.js';
export type { CheckResult, CheckStatus, SystemUnderTest } from './system-under-test.js';
