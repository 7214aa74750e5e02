import type { Sql } from '../database.js';
import { listJobs, readStatistics } from '../runs/index.js';
import type { JobView, StatisticsRow } from '../runs/index.js';

/** Jobs in one ZIP of the common logs (LIM-5). */
export const LOGS_PER_PART = 3_000;
/** Jobs fetched at once. */
const PORTION = 100;

/** A job with its statistics. */
export interface CommonLog {
  readonly job: JobView;
  readonly statistics: readonly StatisticsRow[];
}

/** Jobs whose logs are in a part, newest first, and whether more parts follow. */
export async function partOfLogs(
  sql: Sql,
  part: number,
): Promise<{ readonly beforeRunKey: string | undefined; readonly count: number; readonly hasMore: boolean }> {
  const rows = await sql.query<{ runKey: string }>(
    `select run_key::text as "runKey" from run where not is_log_deleted and started_at is not null order by run_key desc offset $1 limit $2`,
    [(part - 1) * LOGS_PER_PART, LOGS_PER_PART + 1],
  );
  const first = rows[0]?.runKey;
  return {
    beforeRunKey: first === undefined ? undefined : String(BigInt(first) + 1n),
    count: Math.min(rows.length, LOGS_PER_PART),
    hasMore: rows.length > LOGS_PER_PART,
  };
}

/** The common logs of so many jobs from a position on (DWN-1), newest first. */
export async function* listCommonLogs(sql: Sql, beforeRunKey: string, count: number): AsyncGenerator<CommonLog> {
  let before = beforeRunKey;
  for (let left = count; left > 0;) {
    const jobs = await listJobs(sql, { isStarted: true, beforeRunKey: before, limit: Math.min(left, PORTION) });
    for (const job of jobs) yield { job, statistics: await readStatistics(sql, job.runKey) };
    const last = jobs.at(-1);
    if (last === undefined) return;
    before = last.runKey;
    left -= jobs.length;
  }
}
