import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SqlPool } from '../../state/database.js';
import { countIdentities } from '../../state/identities/count.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

/** Users with values that are named by an expression over `n`. */
const USERS = `insert into entity (source_id, type, source_key, presence, read_seq, identities)
  select 1, 1, n::text, 1, 1, `;

describe('counting managed identities', () => {
  let database: TestDatabase;
  let pool: SqlPool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new SqlPool(database.url);
  });
  beforeEach(() => pool.query('truncate entity'));
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  it('STA-14: 100,000 users of which every two share a value, and one thousand of the pairs another one', async () => {
    await pool.query(
      `${USERS} decode(md5('pair' || n / 2), 'hex') || case when n % 2 = 0 and n < 2000 then decode(md5('company'), 'hex') else '' end
        from generate_series(0, 99999) n`,
    );
    expect(await countIdentities(pool)).toEqual({ users: 100_000, correlatedUsers: 100_000, identities: 49_001 });
  }, 60_000);

  it('STA-14: the example of docs/jobs.md', async () => {
    const text = await readFile(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
    const [, rows = '', total] =
      /Correlation attributes \|\n\|---.*\n([^]*?)\n\n.*?are \*\*(\d+)\*\* identities/.exec(text) ?? [];
    const users = rows.split('\n').map((row) => row.split(' | '));
    expect(users).toHaveLength(5);
    for (const [position, [, key, cell = '']] of users.entries()) {
      const values = [...cell.matchAll(/`([^`]+)`/g)].map(([, value = '']) => createHash('md5').update(value).digest());
      await pool.query(
        'insert into entity (source_id, type, source_key, presence, read_seq, identities) values ($1, 1, $2, 1, 1, $3)',
        [position, key, values.length === 0 ? null : Buffer.concat(values)],
      );
    }
    expect((await countIdentities(pool)).identities).toBe(Number(total));
  });

  it('STA-14, EXP-9: a long chain of users, each sharing a value with the next, is one person; nobody without values is joined', async () => {
    await pool.query(
      `${USERS} case when n < 5000 then decode(md5(n::text), 'hex') || decode(md5((n + 1)::text), 'hex') end from generate_series(0, 5009) n`,
    );
    expect(await countIdentities(pool)).toEqual({ users: 5_010, correlatedUsers: 5_000, identities: 11 });
  });
});
