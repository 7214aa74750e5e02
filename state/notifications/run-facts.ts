import { jobTime } from '../../core/job-time.js';
import type { MailFacts } from '../../core/notifications/mail-text.js';
import type { JobHalf } from '../../core/notifications/vouches.js';
import type { Sql } from '../database.js';
import type { JobStatus, RunKind } from '../runs/run.js';

/** A run as far as mails look at it. */
export interface NotedRun {
  readonly runKey: string;
  readonly kind: RunKind;
  readonly status: JobStatus | null;
  readonly sourceNo: number;
  readonly sourceName: string;
  readonly jobId: string;
  readonly startedAt: Date | null;
  /** Its source wants it to stop at the plan (PLN-13). */
  readonly planFirst: boolean;
}

/** SQL: the columns of {@link NotedRun} of run `r`. */
export const NOTED_RUN = `
  r.run_key::text as "runKey", r.kind, r.status, r.source_id as "sourceNo", r.source_name as "sourceName",
  r.job_ids[cardinality(r.job_ids)] as "jobId", r.started_at as "startedAt", r.plan_first as "planFirst"`;

/** Jobs that have mails: Read and Resync with their two halves, never Simulate (NTF-1). */
export const HALF_OF: Readonly<Record<RunKind, JobHalf | null>> = {
  read: 'both',
  resync: 'both',
  readPlan: 'reading',
  resyncPlan: 'reading',
  apply: 'writing',
  simulate: null,
  simulateCompare: null,
};

const JOB_TYPE: Readonly<Record<RunKind, string>> = {
  read: 'Read',
  resync: 'Resync',
  readPlan: 'Read (plan)',
  resyncPlan: 'Resync (plan)',
  apply: 'Apply',
  simulate: 'Simulate',
  simulateCompare: 'Simulate',
};

/** What every mail about a run says (NTF-7). */
export async function factsOf(sql: Sql, run: NotedRun, status: JobStatus): Promise<MailFacts> {
  const targets = await sql.query<{ name: string }>(
    `select s.name from system s
      where s.no in (select t.target_id from run_target t where t.run_key = $1
                     union all
                     select p.target_id from connected_pair p
                      where p.source_id = $2 and p.enabled and not exists (select from run_target t where t.run_key = $1))
      order by s.name`,
    [run.runKey, run.sourceNo],
  );
  return {
    sourceName: run.sourceName,
    targetNames: targets.map(({ name }) => name),
    jobType: JOB_TYPE[run.kind],
    jobId: run.jobId,
    startTime: run.startedAt && jobTime(run.startedAt),
    status,
  };
}
