import { checkFailedHashes, checkLog, checkSeen, checkWitness } from './books.js';
import { checkContent, checkOrigins, checkOrphans } from './content.js';
import { checkCreates } from './creates.js';
import { checkDeletes, checkUnplannedDeletes } from './deletes.js';
import { checkDecisions } from './decisions.js';
import type { Evidence, Violation } from './evidence.js';
import { checkPairs, checkRest } from './pairs.js';
import { checkInFlight, checkOneWriter, checkStops, checkVersions } from './requests.js';

/** What must hold whenever one looks, also in the middle of a run and after any fault. */
export async function checkAlways(evidence: Evidence): Promise<Violation[]> {
  return [
    ...(await checkPairs(evidence)),
    ...(await checkOrigins(evidence)),
    ...(await checkCreates(evidence)),
    ...(await checkDeletes(evidence)),
    ...(await checkUnplannedDeletes(evidence)),
    ...checkVersions(evidence),
    ...checkInFlight(evidence),
    ...checkOneWriter(evidence),
    ...checkStops(evidence),
    ...(await checkDecisions(evidence)),
    ...(await checkFailedHashes(evidence)),
    ...(await checkWitness(evidence)),
  ];
}

/** What must hold when the faults are over and every source was read once more. */
export async function checkAtRest(evidence: Evidence): Promise<Violation[]> {
  return [
    ...(await checkAlways(evidence)),
    ...(await checkSeen(evidence)),
    ...(await checkLog(evidence)),
    ...(await checkContent(evidence)),
    ...(await checkOrphans(evidence)),
    ...(await checkRest(evidence)),
  ];
}
