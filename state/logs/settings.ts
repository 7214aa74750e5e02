import type { Sql } from '../database.js';

/** Days for which logs may be kept (RET-1). */
export const RETENTION_DAYS = [7, 14, 30] as const;
/** One of {@link RETENTION_DAYS}. */
export type RetentionDays = (typeof RETENTION_DAYS)[number];

/** For how long logs are kept. */
export interface LogRetention {
  /** Days after the end of a job for which its log is kept. */
  readonly days: RetentionDays;
  /** Days for which what its entities contain is kept (RET-4), at least 1; null: as long as the log. */
  readonly contentDays: number | null;
}

/** For how long logs are kept. Throws Error naming the remedy when the database was never migrated. */
export async function readRetention(sql: Sql): Promise<LogRetention> {
  const [row] = await sql.query<LogRetention>(
    'select job_log_days as days, content_log_days as "contentDays" from installation',
  );
  if (row === undefined) throw new Error('the table installation is empty: restore its row from a backup');
  return row;
}

/** Changes the retention; what is older goes with the next clean-up. */
export async function saveRetention(sql: Sql, days: RetentionDays, contentDays: number | null = null): Promise<void> {
  await sql.query('update installation set job_log_days = $1, content_log_days = $2', [days, contentDays]);
}
