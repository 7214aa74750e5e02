import type { EntityResult, JobView } from '../../state/runs/index.js';
import { isoInstant } from '../common/paging.schemas.js';
import type { JobBody, ResultList } from './jobs.schemas.js';

/** A job as responses show it; the internal run key stays inside. */
export function toJobBody(job: JobView): JobBody {
  const { jobId, runKey: _runKey, requestedAt, startedAt, endedAt, outcome, ...rest } = job;
  return {
    id: jobId,
    ...rest,
    requestedAt: isoInstant(requestedAt),
    startedAt: startedAt && isoInstant(startedAt),
    endedAt: endedAt && isoInstant(endedAt),
    outcome: [...outcome],
  };
}

/** The result of one entity as responses show it. */
export function toResultBody(result: EntityResult): ResultList['items'][number] {
  const { entityNo: _entityNo, at, ...rest } = result;
  return { ...rest, at: at && isoInstant(at) };
}
