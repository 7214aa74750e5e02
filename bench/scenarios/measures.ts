import type { MeasuredJob } from '../measure/measured-job.js';
import { NO_MEASURES } from '../result.js';
import type { Measures } from '../result.js';

/** What one measured job of the engine says by itself. */
export function engineMeasures(job: MeasuredJob, entities: number): Measures {
  return {
    ...NO_MEASURES,
    entitiesPerSecond: (entities / job.elapsedMs) * 1_000,
    cpuMicrosPerEntity: job.workerCpuMicros / entities,
    temporalEvents: job.temporalEvents,
    rowsWritten: job.rowsWritten,
    walBytesPerEntity: job.walBytes / entities,
    peakRssMb: job.peakRssMb,
    elapsedMs: job.elapsedMs,
    databaseCpuMicrosPerEntity: job.databaseCpuMicros / entities,
    temporalCpuMicrosPerEntity: job.temporalCpuMicros / entities,
    commits: job.commits,
  };
}
