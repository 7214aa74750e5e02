import { afterEach, describe, expect, it } from '@jest/globals';
import { person, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const DELTA = { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' };

describe('pairs that are neither in step nor in the backlog', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function provisioned(properties: Record<string, string> = {}): Promise<void> {
    world = await World.start({
      source: { users: ['P', 'Q', 'R'].map((id) => person(id)) },
      hr: { properties },
    });
    cloud = await world.addTarget('Cloud');
    world.source.setClockSkewMs(5_000);
    await world.job();
  }

  /** The account is gone, and so is everything that we knew of it. */
  async function lose(...ids: string[]): Promise<void> {
    const { store } = cloud.simulator;
    for (const id of ids)
      for (const account of store.find('User', 'userName', String(person(id)['userName'])))
        store.remove('User', String(account['id']));
    await world.engine.pool.query(
      'delete from link l using entity e where e.entity_no = l.entity_no and e.source_key = any($1)',
      [ids],
    );
  }

  it('CHG-1: get a row from the next full read, which has delivered their entity, and not without', async () => {
    await provisioned();
    await lose('P', 'Q');
    world.source.store.remove('User', 'Q');
    expect((await world.job()).statistics).toMatchObject({ 'HR user': 'read 2', 'Cloud user': 'created 1' });
    expect(userNames(cloud.simulator)).toEqual(['P', 'R'].map((id) => String(person(id)['userName'])));
  });

  it('CHG-1: get a row from the next delta read, where somebody was taken for absent and found again', async () => {
    await provisioned(DELTA);
    // One target has deleted Q before another one asked the source and heard that Q is there: present again, to be mapped anew, in no backlog.
    await lose('Q');
    await world.engine.pool.query(`update entity set source_hash = null where source_key = 'Q'`);
    world.source.setClockSkewMs(10_000);
    // Written again, as it was.
    world.source.store.update('User', 'Q', {});
    world.source.setClockSkewMs(15_000);
    const { runKey, statistics } = await world.job();
    const [run] = await world.engine.pool.query('select mode from run where run_key = $1', [runKey]);
    expect(run).toEqual({ mode: 'delta' });
    expect(statistics).toMatchObject({ 'HR user': 'read 1', 'Cloud user': 'created 1' });
  });
});
