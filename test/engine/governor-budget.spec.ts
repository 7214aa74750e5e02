import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GovernedClass } from '../../core/plan/change.js';
import { giveBack, reserve } from '../../state/governor/budget.js';
import type { BudgetRequest } from '../../state/governor/budget.js';
import { SqlPool } from '../../state/database.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const TARGET = { targetNo: 7, type: 1 };

describe('budget of the governor', () => {
  let database: TestDatabase;
  let pools: SqlPool[];
  beforeAll(async () => {
    database = await createTestDatabase();
    pools = [new SqlPool(database.url), new SqlPool(database.url)];
    await pools[0]?.query(
      `insert into backlog (target_id, entity_no, source_id, type, reason, lease_token)
       select 7, n, 1, 1, 'changed', case when n <= 8 then 1 else 2 end from generate_series(1, 16) n`,
    );
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
    await database.drop();
  });

  const request = (token: number, runKey: string): BudgetRequest => ({
    ...TARGET,
    runKey,
    token,
    limits: new Map<GovernedClass, { kind: 'standard' }>([['disable', { kind: 'standard' }]]),
    wants: Array.from({ length: 8 }, (_, index) => ({
      entityNo: index + 1 + (token - 1) * 8,
      units: new Map<GovernedClass, number>([['disable', 1]]),
    })),
  });
  const used = async (): Promise<number> => {
    const rows = await pools[0]?.query<{ used: number }>(
      'select coalesce(sum(used), 0)::int as used from governor_use',
    );
    return rows?.[0]?.used ?? -1;
  };

  it('GOV-3: two processes at once get no more than one; a lost answer reserves nothing twice; what is not sent goes back', async () => {
    const [a, b] = pools;
    if (a === undefined || b === undefined) throw new Error('no pools');
    const verdicts = await Promise.all([reserve(a, request(1, '1')), reserve(b, request(2, '2'))]);
    const granted = verdicts.flatMap((one) =>
      [...one].filter(([, verdict]) => verdict === 'granted').map(([no]) => no),
    );
    expect(granted).toHaveLength(10);
    expect(await used()).toBe(10);

    // The process died after the commit: whoever goes on with the same pairs finds what they have.
    await Promise.all([reserve(a, request(1, '1')), reserve(b, request(2, '2'))]);
    expect(await used()).toBe(10);

    // A lease that is lost gets nothing, and its pairs are not told to go on.
    expect((await reserve(a, { ...request(1, '1'), token: 99 })).size).toBe(0);

    await a.transaction((sql) => giveBack(sql, TARGET, granted.slice(0, 4)));
    await a.transaction((sql) => giveBack(sql, TARGET, granted.slice(0, 4)));
    expect(await used()).toBe(6);
  });
});
