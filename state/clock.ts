import type { Sql } from './database.js';

/** What time it is by the clock that times of different processes are compared by (engine.md §9). */
export async function databaseNow(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ now: Date }>('select clock_timestamp() as now');
  if (row === undefined) throw new Error('the database has no time');
  return row.now;
}
