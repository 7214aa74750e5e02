import { readFile } from 'node:fs/promises';
import type { RunActivities } from '../activities/contract.js';
import type * as workflows from '../workflows/index.js';
import { workflowsPath } from './build-bundle.js';

/** Every activity that a workflow may ask for. The compiler refuses this table when the contract has one more or less. */
const ACTIVITIES: Record<keyof RunActivities, true> = {
  openRun: true,
  sweepPairs: true,
  intakeChunk: true,
  endIntake: true,
  drainChunk: true,
  planAbsence: true,
  deleteChunk: true,
  simulateChunk: true,
  finishRun: true,
  describeProgress: true,
  requestScheduledRun: true,
  findHealable: true,
  healPair: true,
  sendMails: true,
  tendCertificates: true,
  removeOldLogs: true,
};

/** Every workflow type of this version; checked by the compiler in the same way. */
const WORKFLOWS: Record<keyof typeof workflows, true> = {
  applyPlanWorkflow: true,
  readJobWorkflow: true,
  resyncJobWorkflow: true,
  simulateJobWorkflow: true,
  scheduledReadWorkflow: true,
  healWorkflow: true,
  edgeCallWorkflow: true,
};

/**
 * Refuses to start a worker that could not do all of its work, or that would register something nobody knows: better no worker than one
 * whose runs wait for ever.
 * @throws Error saying what is missing and what to do.
 */
export async function checkRegistrations(activities: object): Promise<void> {
  const implemented = Object.entries(activities)
    .filter(([name, value]) => typeof value === 'function' && name !== 'close')
    .map(([name]) => name);
  const problems = [
    ...differences('activity', 'activities/index.ts', Object.keys(ACTIVITIES), implemented),
    ...differences('workflow type', 'workflows/index.ts', Object.keys(WORKFLOWS), await exportedWorkflows()),
  ];
  if (problems.length > 0)
    throw new Error(`This worker is not complete:\n${problems.map((line) => `  ${line}`).join('\n')}`);
}

/** What is registered with a worker: the activities of the contract, without whatever else the object holds. */
export function activityFunctions(activities: RunActivities): Record<string, unknown> {
  return Object.fromEntries(Object.entries(activities).filter(([name]) => name in ACTIVITIES));
}

/** Names that the index module exports, read as text: workflow code is loaded in the sandbox only. */
async function exportedWorkflows(): Promise<string[]> {
  const source = await readFile(workflowsPath(), 'utf8');
  return [...source.matchAll(/^export\s*\{([^}]*)\}/gm)].flatMap((list) =>
    (list[1] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
}

function differences(what: string, where: string, expected: readonly string[], found: readonly string[]): string[] {
  const missing = expected.filter((name) => !found.includes(name));
  const unknown = found.filter((name) => !expected.includes(name));
  const twice = found.filter((name, index) => found.indexOf(name) !== index);
  return [
    ...missing.map((name) => `${what} ${name} has no implementation: add it to ${where}`),
    ...unknown.map((name) => `${what} ${name} of ${where} is not known: add it to worker/registrations.ts`),
    ...twice.map((name) => `${what} ${name} has two implementations in ${where}`),
  ];
}
