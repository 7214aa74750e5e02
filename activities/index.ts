import { markIntakeEnded } from '../state/runs/open-run.js';
import { requestScheduledRun } from '../state/schedules/index.js';
import { deleteChunk } from './absence/delete-chunk.js';
import { planAbsence } from './absence/plan-absence.js';
import { tendCertificates } from './certificates/tend-certificates.js';
import type { RunActivities } from './contract.js';
import type { ActivityDependencies } from './dependencies.js';
import { drainChunk } from './drain/drain-chunk.js';
import { findHealable, healPair } from './heal/heal-pair.js';
import { intakeChunk } from './intake/intake-chunk.js';
import { sendMails } from './notify/send-mails.js';
import { removeOldLogs } from './logs/remove-old-logs.js';
import { describeProgress } from './run/describe-progress.js';
import { finishRun } from './run/finish-run.js';
import { openRun } from './run/open-run.js';
import { sweepPairs } from './run/sweep-pairs.js';
import { simulateChunk } from './simulate/simulate-chunk.js';
import { EngineServices } from './support/services.js';

export type { ActivityDependencies, ActivityLog, Timing } from './dependencies.js';
export type { FaultListener, FaultPoint } from './fault-points.js';
export type { ActivityScope } from './support/scope.js';

/** All activities of a worker over one set of dependencies; `close` ends the connections to back ends. */
export function createActivities(deps: ActivityDependencies): RunActivities & { close(): Promise<void> } {
  const services = new EngineServices(deps);
  return {
    openRun: (input) => openRun(services, input),
    sweepPairs: (input) => sweepPairs(services, input),
    intakeChunk: (input) => intakeChunk(services, input),
    endIntake: async (input) => {
      const mode = await markIntakeEnded(services.pool, input.runKey, services.scope().owner);
      return mode === undefined ? undefined : { plansAbsence: mode === 'full' };
    },
    drainChunk: (input) => drainChunk(services, input),
    planAbsence: (input) => planAbsence(services, input),
    deleteChunk: (input) => deleteChunk(services, input),
    simulateChunk: (input) => simulateChunk(services, input),
    finishRun: (input) => finishRun(services, input),
    describeProgress: (input) => describeProgress(services, input),
    requestScheduledRun: async ({ sourceId, at }) => ({
      outcome: await requestScheduledRun(services.pool, sourceId, new Date(at)),
    }),
    findHealable: () => findHealable(services),
    healPair: (input) => healPair(services, input),
    sendMails: () => sendMails(services),
    tendCertificates: () => tendCertificates(services),
    removeOldLogs: () => removeOldLogs(services),
    close: () => services.contexts.close(),
  };
}
