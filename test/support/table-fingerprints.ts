import type { Sql } from '../../state/database.js';

/** Rows that belong to one run, or to nothing but what a simulation has found. */
const OF_RUNS = /^(run|run_\w+|absence|simulated_result)$/;

/** A checksum over all rows of every table that other jobs go by. Two equal ones: not a byte has moved. */
export async function fingerprint(sql: Sql): Promise<Record<string, string>> {
  const tables = await sql.query<{ name: string }>(
    `select relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
  );
  const sums: Record<string, string> = {};
  for (const { name } of tables.filter((table) => !OF_RUNS.test(table.name))) {
    const [row] = await sql.query<{ sum: string }>(
      `select count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from "${name}" t`,
    );
    sums[name] = row?.sum ?? '';
  }
  return sums;
}
