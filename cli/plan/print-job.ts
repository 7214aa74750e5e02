import type { z } from 'zod';
import { printStatistics } from './print-simulation.js';
import type { remoteStatistics } from './print-simulation.js';
import type { RemoteJob } from './remote.js';

/** What became of a job: its counts, what has influenced deletions, which targets it left out and why, who failed, and what waits for a decision. */
export function printJob(job: RemoteJob, statistics: z.infer<typeof remoteStatistics>): string {
  return [
    `Job ${job.id}: ${job.status}`,
    ...(statistics.items.length === 0 ? [] : [printStatistics(statistics.items)]),
    ...job.outcome,
    ...job.endedTargets.map(({ systemName, reason }) => `${systemName} was left out: ${reason}`),
    ...job.failedEntities.map(
      ({ entity, sourceKey, systemName, message }) =>
        `Failed in ${systemName}: ${entity} ${sourceKey}: ${message ?? ''}`,
    ),
    ...(job.planId === null ? [] : [`To be decided: muster show ${job.planId}`]),
  ].join('\n');
}
