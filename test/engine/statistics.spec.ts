import { afterEach, describe, expect, it } from '@jest/globals';
import { generatePeople } from '../../simulators/population.js';
import { SqlPool } from '../../state/database.js';
import type { Row } from '../../state/database.js';
import { World } from '../support/world.js';

/** Counts how often the tables of entities are analyzed. */
class AnalyzingPool extends SqlPool {
  analyzed = 0;

  override async query<T extends object = Row>(text: string, params: readonly unknown[] = []): Promise<T[]> {
    if (/^\s*analyze\b.*\bentity\b/i.test(text)) this.analyzed += 1;
    return super.query<T>(text, params);
  }
}

describe('statistics of the database', () => {
  let world: World;
  let pool: AnalyzingPool | undefined;
  afterEach(async () => {
    await pool?.close();
    await world.stop();
  });

  it('engine.md §11: a first load of a thousand is analyzed once, a thousand changes of the same people are not', async () => {
    world = await World.start({ source: { users: generatePeople(1_100, 6) } });
    await world.addTarget('Cloud');
    pool = new AnalyzingPool(world.engine.databaseUrl);
    const process = world.engine.newProcess({ pool });
    const job = async (): Promise<number> => {
      const { runKey } = await world.engine.request(world.hr);
      await world.engine.workThrough(runKey, process);
      return pool?.analyzed ?? 0;
    };
    expect(await job()).toBe(1);
    for (const { id } of world.source.store.snapshot().users)
      world.source.store.update('User', String(id), { title: 'Lead' });
    expect(await job()).toBe(1);
    await process.activities.close();
  });
});
