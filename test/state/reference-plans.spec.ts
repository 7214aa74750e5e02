import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataSource } from '../../state/data-source.js';
import { SqlPool } from '../../state/database.js';
import type { Row, Sql } from '../../state/database.js';
import { referenceKey, resolveTargetKeys } from '../../state/drain/references.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const LINKS = 20_000;
/** A group of so many members. */
const ASKED = 100;
const SOURCE = 1;

/** What the planner does with each statement, and how many pages of its tables it has looked at. */
interface Explained {
  readonly plan: string;
  readonly buffers: number;
}

describe('look-ups of references', () => {
  let database: TestDatabase;
  let pool: SqlPool;

  beforeAll(async () => {
    database = await createTestDatabase();
    const dataSource = await createDataSource(database.url, { poolSize: 1 }).initialize();
    await dataSource.destroy();
    pool = new SqlPool(database.url, { maxConnections: 1 });
    for (const table of ['entity', 'link']) await pool.query(`alter table ${table} set (autovacuum_enabled = false)`);
    await pool.query(
      `insert into entity (source_id, type, source_key, presence, read_seq) select ${SOURCE}, 1, 'p' || n, 1, 1 from generate_series(1, ${LINKS}) n`,
    );
  }, 60_000);
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  async function link(targetNo: number): Promise<void> {
    await pool.query(
      `insert into link (target_id, entity_no, ord, type, target_key, state, origin)
       select ${targetNo}, entity_no, 0, 1, 't' || entity_no, 1, 1 from entity`,
    );
  }

  async function resolve(targetNo: number): Promise<{ found: Map<string, string[]>; explained: Explained[] }> {
    const explained: Explained[] = [];
    const explaining: Sql = {
      query: async <T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> => {
        const lines = await pool.query(`explain (analyze, buffers, timing off, summary off) ${text}`, params);
        const plan = lines.map((row) => String(row['QUERY PLAN'])).join('\n');
        const first = /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(plan);
        explained.push({ plan, buffers: Number(first?.[1] ?? 0) + Number(first?.[2] ?? 0) });
        return pool.query<T>(text, params);
      },
    };
    const references = Array.from({ length: ASKED }, (_, n) => ({ type: 1, sourceKey: `p${n * 7 + 1}` }));
    return { found: await resolveTargetKeys(explaining, targetNo, SOURCE, references), explained };
  }

  /** Four pages for each look at a key are many; reading all links takes hundreds, once for each reference tens of thousands. */
  function expectLooksByKey(explained: readonly Explained[]): void {
    expect(explained).toHaveLength(2);
    expect(explained[1]?.plan).toMatch(/Index (Only )?Scan using link_pkey on link/);
    for (const { plan, buffers } of explained) {
      expect(plan).not.toMatch(/Seq Scan on|link_target_key|Rows Removed by Filter: [1-9]\d\d/);
      expect(buffers).toBeLessThanOrEqual(ASKED * 4);
    }
  }

  it('engine.md §11, ORD-5, WRT-7: 20,000 links that no statistics know: each reference is one look at the primary key', async () => {
    await link(1);
    const { found, explained } = await resolve(1);
    expectLooksByKey(explained);
    expect(found.size).toBe(ASKED);
    const [row] = await pool.query<{ no: string }>(`select entity_no::text as no from entity where source_key = 'p8'`);
    expect(found.get(referenceKey(1, 'p8'))).toEqual([`t${row?.no}`]);
  });

  it('engine.md §11: the same for a second target that came after the statistics were made', async () => {
    await pool.query('analyze entity');
    await pool.query('analyze link');
    await link(2);
    const { found, explained } = await resolve(2);
    expectLooksByKey(explained);
    expect(found.size).toBe(ASKED);
  });

  it('LNK-3, WRT-7: all ids of an entity in the order of their parts; one that is being created has none', async () => {
    await pool.query(
      `insert into link (target_id, entity_no, ord, type, target_key, state, origin)
       select 2, entity_no, 1, 1, 'second', 1, 1 from entity where source_key = 'p1'`,
    );
    await pool.query(
      `update link set state = 3, target_key = null where target_id = 2 and entity_no = (select entity_no from entity where source_key = 'p8')`,
    );
    const { found } = await resolve(2);
    expect(found.get(referenceKey(1, 'p1'))).toEqual([expect.stringMatching(/^t\d+$/), 'second']);
    expect(found.has(referenceKey(1, 'p8'))).toBe(false);
    expect(found.size).toBe(ASKED - 1);
  });
});
