import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqlPool } from '../../state/database.js';
import { underAdvisoryLock } from '../../state/runs/index.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

/** A process that stands still says nothing; here it waits for somebody who comes only when it has lost its locks. */
describe('a process that stands still in the middle of a transaction', () => {
  let database: TestDatabase;
  let frozen: SqlPool;
  let others: SqlPool;
  beforeAll(async () => {
    database = await createTestDatabase();
    frozen = new SqlPool(database.url, { silentTransactionMs: 50 });
    others = new SqlPool(database.url);
  });
  afterAll(async () => {
    await frozen.close();
    await others.close();
    await database.drop();
  });

  it('faults §2.3: loses its row locks, and what it wrote', async () => {
    await others.query('create table held_row (no int)');
    await others.query('insert into held_row values (1)');
    const standing = frozen.transaction(async (sql) => {
      await sql.query('update held_row set no = 2');
      // Waits for the lock, so that it ends only after the transaction has.
      await others.query('update held_row set no = no + 10');
    });
    await expect(standing).rejects.toThrow();
    expect(await others.query('select no from held_row')).toEqual([{ no: 11 }]);
  });

  it('engine §9: loses the lock of the reconciler, so that another API process goes on', async () => {
    const LOCK = 1;
    const standing = underAdvisoryLock(frozen, LOCK, async () => {
      while (!(await underAdvisoryLock(others, LOCK, () => Promise.resolve())));
    });
    await expect(standing).rejects.toThrow();
  });
});
