import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '../../state/database.js';

/** Counters of the database since its beginning. */
export interface DatabaseUsage {
  /** Rows inserted, updated and deleted in the tables of the product. */
  readonly rowsWritten: number;
  readonly commits: number;
  /** Position in the write-ahead log, bytes. */
  readonly walBytes: number;
}

/** A connection that has become idle reports its counters after ten seconds at the latest (`PGSTAT_IDLE_INTERVAL`). */
const STATISTICS_DELAY_MS = 10_500;

/** Waits until every connection has reported what it did before now. */
export async function untilStatisticsAreIn(): Promise<void> {
  await sleep(STATISTICS_DELAY_MS);
}

/** The counters now; see {@link untilStatisticsAreIn}. The position in the log needs no waiting. */
export async function databaseUsage(sql: Sql): Promise<DatabaseUsage> {
  const [row] = await sql.query<DatabaseUsage>(
    `select (select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8
               from pg_stat_user_tables where schemaname = 'public') as "rowsWritten",
            (select xact_commit::float8 from pg_stat_database where datname = current_database()) as "commits",
            (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as "walBytes"`,
  );
  if (row === undefined) throw new Error('the statistics query returned no row');
  return row;
}
