import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listUnknown } from '../../state/absence/unknown.js';
import type { NativeEntity } from '../../connectors/contract.js';
import { TestEngine } from '../support/engine.js';
import { UnreliableSource } from '../support/unreliable-source.js';
import { group, memberNames, person, World, writesSince } from '../support/world.js';
import type { JobResult, WorldTarget } from '../support/world.js';

const GUARD_OFF = { 'ips.read.guard.members': 'disabled' };

describe('UNK-5: groups whose members the source does not tell', () => {
  let engine: TestEngine;
  let world: World;
  let source: UnreliableSource;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  afterEach(async () => {
    await source.close();
    await world.stop();
  });

  async function begin(properties: Record<string, string> = {}): Promise<void> {
    world = await World.join(engine, {
      source: {
        users: ['P', 'Q', 'R'].map((id) => person(id)),
        groups: [group('G', ['P', 'Q']), group('H', ['R'])],
      },
      hr: { properties },
    });
    cloud = await world.addTarget('Cloud');
    source = new UnreliableSource(world);
    await source.job();
  }

  const members = (name: string): string[] => {
    const found = cloud.simulator.store.find('Group', 'displayName', name)[0];
    return memberNames(cloud.simulator, String(found?.['id'])).map((one) => one.replace('@example.com', ''));
  };
  const unknownOf = async ({ runKey }: JobResult): Promise<string[]> => {
    const { items } = await listUnknown(engine.pool, runKey, { limit: 100 });
    return items.map(({ entity, cause, sourceKey }) => `${entity} ${cause} ${sourceKey}`);
  };
  /** Without the list, as connectors mark it. */
  const without =
    (mark: 'cut' | 'notShown', keep: number) =>
    (entity: NativeEntity): NativeEntity => {
      if (entity.type !== 'group') return entity;
      const { members: all, ...body } = entity.body;
      const part = Array.isArray(all) && keep > 0 ? { members: all.slice(0, keep) } : {};
      return { ...entity, body: { ...body, ...part }, membersUnknown: mark };
    };

  it('without or with a part of their list they keep their members; everything else of them is written; the next good read counts', async () => {
    await begin();
    for (const [mark, keep] of [
      ['notShown', 0],
      ['cut', 1],
    ] as const) {
      source.faults.deliver = without(mark, keep);
      const mark0 = cloud.simulator.journal.mark();
      const job = await source.job();
      expect(await unknownOf(job)).toEqual(['group membersNotDelivered G', 'group membersNotDelivered H']);
      expect(job.status).toBe('Success');
      expect(writesSince(cloud.simulator, mark0)).toEqual([]);

      world.source.store.update('Group', 'G', { displayName: `Renamed ${mark}` });
      await source.job();
      expect([members(`Renamed ${mark}`), members('Group H')]).toEqual([['P', 'Q'], ['R']]);
    }
    // What happened to the members meanwhile is not lost either.
    world.source.store.update('Group', 'G', { members: [{ value: 'Q', type: 'User' }] });
    source.faults.deliver = (entity) => entity;
    expect(await unknownOf(await source.job())).toEqual([]);
    expect(members('Renamed cut')).toEqual(['Q']);
  });

  it('CONN-SCIM-48: a new group of which only a part is told is a failure, named, and not written', async () => {
    await begin();
    world.source.store.add('Group', group('New', ['P']));
    source.faults.deliver = without('cut', 1);
    const job = await source.job();
    expect(job).toMatchObject({ status: 'Finished with Error', statistics: { 'HR group': 'read 3, failed 1' } });
    expect(cloud.simulator.store.snapshot().groups).toHaveLength(2);
  });

  it('a server that leaves out empty lists is believed as long as other groups come with theirs', async () => {
    await begin();
    world.source.store.update('Group', 'G', { members: [] });
    expect(await unknownOf(await source.job())).toEqual([]);
    expect(members('Group G')).toEqual([]);
    // Of no group it tells members any more: that may be a right that was taken away.
    world.source.store.update('Group', 'H', { members: [] });
    expect(await unknownOf(await source.job())).toEqual(['group membersNotDelivered H']);
    expect(members('Group H')).toEqual(['R']);
    // Repetition makes it no truer; an administrator can.
    expect(await unknownOf(await source.job())).toEqual(['group membersNotDelivered H']);
    await engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
      ...GUARD_OFF,
    });
    expect(await unknownOf(await source.job())).toEqual([]);
    expect(members('Group H')).toEqual([]);
  });
});
