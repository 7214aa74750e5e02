import type { Sql } from '../database.js';

/** Days for which logs may be kept (RET-1). */
export const RETENTION_DAYS = [7, 14, 30] as const;
/** One of {@link RETENTION_DAYS}. */
export type RetentionDays = (typeof RETENTION_DAYS)[number];

/** For how many days after its end the log of a job is kept. */
export async function readRetention(sql: Sql): Promise<RetentionDays> {
  const [row] = await sql.query<{ days: RetentionDays }>('select job_log_days as days from installation');
  if (row === undefined) throw new Error('the table installation is empty: restore its row from a backup');
  return row.days;
}

/** Changes the retention; what is older goes with the next clean-up. */
export async function saveRetention(sql: Sql, days: RetentionDays): Promise<void> {
  await sql.query('update installation set job_log_days = $1', [days]);
}
