import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { JobDetails } from './jobs.schemas.js';

/** How often the state of the job is looked at. */
const POLL_MS = 500;
/** A comment-like event at least this often, so that proxies keep the connection and a dead client is noticed. */
const KEEP_ALIVE_MS = 15_000;

const OVER: readonly JobDetails['status'][] = ['Success', 'Finished with Error', 'Manually Terminated'];

/** True for the statuses that do not change any more. */
export function isOver(job: Pick<JobDetails, 'status'>): boolean {
  return OVER.includes(job.status);
}

/**
 * Events of a job: `progress` with the whole job at the start and at each change, `ping` when nothing changed for long, and `end` with
 * the final job, after which the stream closes. `read` answers undefined when the job was removed meanwhile: the stream just closes.
 *
 * @param signal aborted when the process shuts down.
 */
export function jobEvents(read: () => Promise<JobDetails | undefined>, signal: AbortSignal): Observable<MessageEvent> {
  return new Observable<MessageEvent>((subscriber) => {
    let timer: NodeJS.Timeout | undefined;
    let last = '';
    let lastSentAt = Date.now();

    const emit = (type: string, data: string): void => {
      lastSentAt = Date.now();
      subscriber.next({ type, data });
    };
    const look = async (): Promise<void> => {
      const job = await read();
      if (subscriber.closed) return;
      if (job === undefined) {
        subscriber.complete();
        return;
      }
      const data = JSON.stringify(job);
      if (isOver(job)) {
        emit('end', data);
        subscriber.complete();
        return;
      }
      if (data !== last) emit('progress', data);
      else if (Date.now() - lastSentAt >= KEEP_ALIVE_MS) emit('ping', '{}');
      last = data;
      timer = setTimeout(poll, POLL_MS);
    };
    const poll = (): void => {
      look().catch((error: unknown) => subscriber.error(error));
    };
    const close = (): void => subscriber.complete();

    signal.addEventListener('abort', close);
    poll();
    return () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', close);
    };
  });
}
