import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deleteSystem, removeOperationalData, resetSystem, saveTransformation } from '../../state/config/index.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { countIdentities } from '../../state/identities/count.js';
import { withCondition } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { person, World } from '../support/world.js';

const CORRELATING: JsonValue[] = [
  { sourcePath: '$.emails[*].value', correlationAttribute: true, optional: true },
  { sourcePath: '$.externalId', correlationAttribute: true, optional: true },
];
/** The default read transformation with more mappings for users, who have to be active. */
function readUsers(more: readonly JsonValue[]): JsonObject {
  const document = withCondition('source', '$.active != false');
  const { mappings: all, ...user } = Object(document['user']);
  // Those of the default are of no use here: everybody has a user name.
  const mappings = all.filter((mapping: JsonObject) => mapping['correlationAttribute'] !== true);
  return { ...document, user: { ...user, mappings: [...mappings, ...more] } };
}

const mails = (...values: string[]): { emails: JsonValue } => ({ emails: values.map((value) => ({ value })) });

describe('distinct managed identities', () => {
  let world: World;
  let other: ScimSimulator;
  let contractors: TestSystem;
  beforeEach(async () => {
    world = await World.start({
      source: {
        users: [
          person('A', mails('a@x', 'a@y')),
          person('B', { externalId: '7' }),
          person('C', mails('c@x')),
          person('D'),
        ],
      },
      hr: { transformation: readUsers(CORRELATING) },
    });
    other = await startScimSimulator({
      // 1 is A; 2 is B by another attribute; 3 joins A and C.
      users: [person('1', mails('a@y')), person('2', mails('7')), person('3', { externalId: 'a@x', ...mails('c@x') })],
    });
    contractors = await world.engine.addSource('Contractors', other.url, { transformation: readUsers(CORRELATING) });
    await world.addTarget('Cloud');
  });
  afterEach(async () => {
    await other.stop();
    await world.stop();
  });

  const count = async (): Promise<string> => {
    const { users, correlatedUsers, identities } = await countIdentities(world.engine.pool);
    return `${identities} of ${users}, ${correlatedUsers} correlated`;
  };
  /** Entities with hashes, and how many. */
  const stored = async (): Promise<Record<string, number>> => {
    const rows = await world.engine.pool.query<{ key: string; values: number }>(
      `select source_key as key, length(identities) / 16 as values from entity where identities is not null order by 1`,
    );
    return Object.fromEntries(rows.map(({ key, values }) => [key, values]));
  };

  it('STA-14, EXP-9: users of several sources that share a value, of any correlation attribute, count as one', async () => {
    await world.job();
    expect(await count()).toBe('4 of 4, 3 correlated');
    await world.job('read', contractors);
    // {A, 1, 3, C}, {B, 2}, {D}
    expect(await count()).toBe('3 of 7, 6 correlated');
    const [a] = await world.engine.pool.query<{ identities: Buffer }>(
      `select identities from entity where source_key = 'A'`,
    );
    expect([a?.identities.length, a?.identities.includes('a@x')]).toEqual([32, false]);
  });

  it('STA-14: changed values, people skipped by the read condition and people who have left count no more', async () => {
    await world.job();
    await world.job('read', contractors);
    other.store.update('User', '3', { emails: [{ value: 'new@x' }], externalId: null });
    world.source.store.remove('User', 'B');
    world.source.store.update('User', 'C', { active: false });
    await world.job();
    await world.job('read', contractors);
    // {A, 1}, {2}, {3}, {D}
    expect(await count()).toBe('4 of 5, 4 correlated');
    expect(await stored()).toEqual({ A: 2, '1': 1, '2': 1, '3': 1 });
  });

  it('STA-14, RST-1: reset of a source, its deletion, and a transformation that correlates no more leave no value', async () => {
    const { dataSource } = world.engine;
    await world.job();
    await world.job('read', contractors);
    await dataSource.transaction((sql) => resetSystem(sql, contractors.no, { role: 'source', keepOrigins: false }));
    expect(await count()).toBe('4 of 4, 3 correlated');
    await world.job('read', contractors);
    expect(await count()).toBe('3 of 7, 6 correlated');
    await dataSource.transaction(async (sql) => {
      const change = { description: '', modifiedBy: 'test' };
      await saveTransformation(sql, world.hr.no, { document: readUsers([]), ...change });
    });
    await world.job();
    expect(await count()).toBe('7 of 7, 3 correlated');
    expect(Object.keys(await stored())).toEqual(['1', '2', '3']);
    await dataSource.transaction(async (sql) => {
      await removeOperationalData(sql, contractors.no);
      await deleteSystem(sql, contractors.no);
    });
    expect(await stored()).toEqual({});
    expect(await count()).toBe('4 of 4, 0 correlated');
  });

  it('STA-14: a Simulate job moves nothing, and a plan counts whom it has read', async () => {
    await world.job('simulate');
    expect(await count()).toBe('0 of 0, 0 correlated');
    await world.job('readPlan');
    expect(await count()).toBe('4 of 4, 3 correlated');
  });
});
