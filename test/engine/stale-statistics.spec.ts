import { afterEach, describe, expect, it } from '@jest/globals';
import { SqlPool } from '../../state/database.js';
import { markSeen } from '../../state/intake/demand.js';
import type { Row, Sql } from '../../state/database.js';
import { generatePeople } from '../../simulators/population.js';
import { World } from '../support/world.js';

const HOT_TABLES = ['entity', 'entity_body', 'link', 'link_body', 'backlog'];
/** Reads many rows on purpose, once per run or type: proof of the read, absence, final counters, clean-up. */
const WHOLE_RUN = [
  /run_page/,
  /entity_log/,
  /delete from entity e/,
  /max\(entity_no\)/,
  /unresolved_ref/,
  /insert into absence/,
  /^select 1 from backlog where source_id/,
];

/** Explains each statement before it runs, and remembers those that read a hot table from end to end. */
class ExplainingPool extends SqlPool {
  readonly scans: string[] = [];

  override async query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    await this.explain(text, params, (sql, values) => super.query(sql, values));
    return super.query<T>(text, params);
  }

  override async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return super.transaction((sql) =>
      work({
        query: async <R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> => {
          await this.explain(text, params, (explained, values) => sql.query(explained, values));
          return sql.query<R>(text, params);
        },
      }),
    );
  }

  private async explain(
    text: string,
    params: readonly unknown[],
    run: (sql: string, params: readonly unknown[]) => Promise<Row[]>,
  ): Promise<void> {
    if (!/^\s*(select|insert|update|delete|with)\b/i.test(text) || WHOLE_RUN.some((pattern) => pattern.test(text)))
      return;
    const plan = await run(`explain ${text}`, params);
    const scanned = HOT_TABLES.filter((table) =>
      plan.some((row) => new RegExp(`Seq Scan on ${table}( |$)`).test(String(row['QUERY PLAN']))),
    );
    if (scanned.length > 0) this.scans.push(`${scanned.join(', ')}: ${text.trim().split('\n')[0] ?? ''}`);
  }
}

describe('plans of hot statements', () => {
  let world: World;
  let pool: ExplainingPool | undefined;
  afterEach(async () => {
    await pool?.close();
    pool = undefined;
    await world.stop();
  });

  it('engine.md §11: with statistics as stale as after a first load no hot statement reads a whole table', async () => {
    const people = generatePeople(3_000, 5);
    world = await World.start({ source: { users: people }, hr: { properties: { 'scim.page.size': '100' } } });
    await world.addTarget('Cloud');
    // A vacuum in time would cut the emptied backlog to nothing, and reading a table of no pages from end to end is right.
    for (const table of HOT_TABLES)
      await world.engine.pool.query(`alter table ${table} set (autovacuum_enabled = false)`);
    await world.engine.runJob(world.hr);
    // What the planner believes after a start from nothing: tables of a page or two.
    await world.engine.pool.query(`update pg_class set reltuples = 0, relpages = 0 where relname = any($1::text[])`, [
      HOT_TABLES,
    ]);
    await world.engine.pool.query('delete from pg_statistic where starelid = any($1::regclass[])', [HOT_TABLES]);
    pool = new ExplainingPool(world.engine.databaseUrl);
    for (const person of people.slice(0, 300)) world.source.store.update('User', person.id, { title: 'Changed' });
    const { runKey } = await world.engine.request(world.hr);
    await world.engine.workThrough(runKey, world.engine.newProcess({ pool, owner: world.engine.owner }));
    expect(pool.scans).toEqual([]);
  }, 60_000);

  it('engine.md §11: a page that has not changed does not read the backlog of its source, even before there are statistics of it', async () => {
    world = await World.start({ source: { users: [] } });
    const cloud = await world.addTarget('Cloud');
    const { pool: sql } = world.engine;
    await sql.query(`alter table backlog set (autovacuum_enabled = false)`);
    await sql.query(
      `insert into backlog (target_id, entity_no, source_id, type, reason)
       select $1::int, n, $2::int, 1, 'changed' from generate_series(1, 100000) n`,
      [cloud.system.no, world.hr.no],
    );
    const plans: string[] = [];
    const explaining: Sql = {
      query: async <T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> => {
        const plan = await sql.query(`explain ${text}`, params);
        plans.push(plan.map((row) => String(row['QUERY PLAN'])).join('\n'));
        return sql.query<T>(text, params);
      },
    };
    await markSeen(explaining, {
      runKey: '1',
      sourceNo: world.hr.no,
      type: 1,
      targets: [{ targetNo: cloud.system.no, program: 1 }],
      entityNos: Array.from({ length: 1_000 }, (_, index) => 1 + index),
    });
    expect(plans).toHaveLength(1);
    // The numbers lead through an index; they do not sift what another column has found.
    expect(plans.join('\n')).toMatch(/Index Cond: .*entity_no = ANY/);
    expect(plans.join('\n')).not.toMatch(/Filter: .*entity_no = ANY|Seq Scan on backlog/);
  });
});
