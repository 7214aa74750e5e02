import type { EntityResult, JobProgress, JobView } from '../../state/runs/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import type { JobBody, JobDetails, ResultList } from './jobs.schemas.js';

/** A job as responses show it; the internal run key stays inside. */
export function toJobBody(job: JobView): JobBody {
  const { jobId, formerIds, runKey: _runKey, requestedAt, startedAt, endedAt, outcome, accepts, ...rest } = job;
  return {
    id: jobId,
    formerIds: [...formerIds],
    ...rest,
    requestedAt: isoInstant(requestedAt),
    startedAt: startedAt && isoInstant(startedAt),
    endedAt: endedAt && isoInstant(endedAt),
    outcome: [...outcome],
    accepts: accepts && { emptyRead: [...accepts.emptyRead], readSize: [...accepts.readSize] },
  };
}

/** How far a job is as responses show it. */
export function toProgressBody({ phases, ...rest }: JobProgress): JobDetails['progress'] {
  return {
    ...rest,
    phases: phases.map(({ startedAt, endedAt, seconds, ...phase }) => ({
      ...phase,
      startedAt: isoInstant(startedAt),
      endedAt: endedAt && isoInstant(endedAt),
      seconds: Math.round(seconds * 10) / 10,
    })),
  };
}

/** The result of one entity as responses show it. */
export function toResultBody(result: EntityResult): ResultList['items'][number] {
  const { entityNo: _entityNo, at, ...rest } = result;
  return { ...rest, at: at && isoInstant(at) };
}
