import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listResults } from '../../state/runs/index.js';
import type { CrashPoint } from '../support/crash.js';
import { links, startOrigins, UAA_TARGET, users, workWithCrash } from '../support/origins-scene.js';
import { TestEngine } from '../support/engine.js';
import { group, memberNames, person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('one user, several accounts (LNK-3)', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  async function start(...ids: readonly string[]): Promise<void> {
    ({ world, cloud } = await startOrigins(engine, ids));
  }

  it('LNK-3, PRP-172, PHL-7: 1 read, 2 created: an account for each origin, each with a link of its own', async () => {
    await start('P');
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'created 2' });
    expect(users(cloud.simulator)).toEqual(['P@example.com idp1', 'P@example.com idp2']);
    expect(await links(engine, cloud)).toEqual([
      { ord: 0, part: 'idp1', state: 1, origin: 1 },
      { ord: 1, part: 'idp2', state: 1, origin: 1 },
    ]);
  });

  it('LNK-3, CHG-1, CHG-2, CHG-6: a change goes to all of them, no change to none, a Resync overwrites all', async () => {
    await start('P');
    await world.job();
    const mark = cloud.simulator.journal.mark();
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1' });
    expect(cloud.simulator.journal.since(mark)).toEqual([]);
    world.source.store.update('User', 'P', { name: { givenName: 'New', familyName: 'Name' } });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 2' });
    expect(cloud.simulator.store.find('User', 'name.givenName', 'New')).toHaveLength(2);
    expect((await world.job('resync')).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 2' });
  });

  it('LNK-3, DEL-6: whoever leaves is deleted under each origin', async () => {
    await start('P', 'W');
    await world.job();
    world.source.store.remove('User', 'P');
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 2' });
    expect(users(cloud.simulator)).toEqual(['W@example.com idp1', 'W@example.com idp2']);
    expect(await links(engine, cloud)).toHaveLength(2);
  });

  it('LNK-3, CNF-1, DEL-12: the account that was there is adopted and let go, the one we made is deleted', async () => {
    await start('P', 'W');
    cloud.simulator.store.add('User', { ...person('P'), id: 'old', origin: 'idp1' });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 3, updated 1' });
    expect(await links(engine, cloud, 'P')).toEqual([
      { ord: 0, part: 'idp2', state: 1, origin: 1 },
      { ord: 1, part: 'idp1', state: 1, origin: 2 },
    ]);
    world.source.store.remove('User', 'P');
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'deleted 1' });
    expect(users(cloud.simulator)).toEqual(['P@example.com idp1', 'W@example.com idp1', 'W@example.com idp2']);
  });

  it.each(['idp1', 'idp2'])(
    'LNK-3, HEA-3: the create under %s is refused: the other one stands, the failure names the origin, and it is healed',
    async (origin) => {
      await start('P');
      cloud.simulator.faults.arm({
        effect: { kind: 'status', status: 400 },
        match: { methods: ['POST'] },
        skip: origin === 'idp1' ? 0 : 1,
        times: 1,
      });
      const first = await world.job();
      expect(first.statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'created 1, failed 1' });
      const { results } = await listResults(engine.pool, first.runKey, { limit: 10, result: 'failed' });
      expect(results[0]?.message).toMatch(new RegExp(`^origin ${origin}: `));
      expect(users(cloud.simulator)).toHaveLength(1);
      expect((await links(engine, cloud, 'P'))[0]).toMatchObject({ ord: 0, state: 1 });
      expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'created 1' });
      expect(users(cloud.simulator)).toEqual(['P@example.com idp1', 'P@example.com idp2']);
      expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1' });
    },
  );

  it('LNK-3, RTY-5: the answer to the second create is lost: it is found, ours, and not made twice', async () => {
    await start('P', 'W');
    cloud.simulator.faults.arm({ effect: { kind: 'applyThenDrop' }, match: { methods: ['POST'] }, skip: 1, times: 1 });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 4' });
    expect(users(cloud.simulator)).toHaveLength(4);
    world.source.store.remove('User', 'P');
    world.source.store.add('User', person('X'));
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2, deleted 2' });
  });

  it.each<[string, CrashPoint]>([
    ['after the intents', { moment: 'intentsCommitted', nth: 1 }],
    ['between the first create and the second', { moment: 'answered', nth: 1 }],
    ['when the second is sent', { moment: 'sending', nth: 2 }],
    ['between the second create and the settlement', { moment: 'answered', nth: 2 }],
    ['before the commit of the settlement', { statement: /insert into link_body/, side: 'before' }],
    ['after it', { statement: /insert into link_body/, side: 'after' }],
  ])('LNK-3, engine invariant 4: a process dies %s: every account is made once and is ours', async (_, point) => {
    await start('P', 'W');
    await workWithCrash(engine, world.hr, point);
    expect(users(cloud.simulator)).toEqual(
      ['P', 'W'].flatMap((id) => [`${id}@example.com idp1`, `${id}@example.com idp2`]),
    );
    await world.job();
    expect((await links(engine, cloud)).map(({ state, origin }) => [state, origin])).toEqual(Array(4).fill([1, 1]));
    world.source.store.remove('User', 'P');
    await world.job();
    expect(users(cloud.simulator)).toEqual(['W@example.com idp1', 'W@example.com idp2']);
  });

  it('LNK-3, WRT-7: a group has all accounts of its members, also of one whose second account came later', async () => {
    world = await World.join(engine, {
      source: { users: [person('P'), person('Q')], groups: [group('G', ['P', 'Q'])] },
    });
    cloud = await world.addTarget('Cloud', { dialect: 'uaa' }, UAA_TARGET);
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['POST'], key: 'P@example.com' },
      skip: 1,
      times: 1,
    });
    await world.job();
    const [made] = cloud.simulator.store.list('Group');
    expect(memberNames(cloud.simulator, String(made?.['id']))).toHaveLength(3);
    expect(made?.['members']).toContainEqual(expect.objectContaining({ type: 'USER' }));
    await world.job();
    expect(memberNames(cloud.simulator, String(made?.['id']))).toEqual(
      ['P', 'P', 'Q', 'Q'].map((id) => `${id}@example.com`),
    );
    world.source.store.remove('User', 'P');
    world.source.store.update('Group', 'G', { members: [{ value: 'Q', type: 'User' }] });
    await world.job();
    expect(memberNames(cloud.simulator, String(made?.['id']))).toEqual(['Q', 'Q'].map((id) => `${id}@example.com`));
  });

  it('LNK-3, CONN-SCIM-101: a group in a group is known as one, beside the accounts of users', async () => {
    world = await World.join(engine, { source: { users: [person('P')], groups: [group('Inner', [])] } });
    const outer = group('Outer', ['P']);
    world.source.store.add('Group', {
      ...outer,
      members: [
        { value: 'Inner', type: 'Group' },
        { value: 'P', type: 'User' },
      ],
    });
    cloud = await world.addTarget('Cloud', { dialect: 'uaa' }, UAA_TARGET);
    await world.job();
    await world.job();
    const [made] = cloud.simulator.store.find('Group', 'displayName', 'Group Outer');
    const types = (Array.isArray(made?.['members']) ? made['members'] : []).map((member) => Object(member).type);
    expect(types.sort()).toEqual(['GROUP', 'USER', 'USER']);
  });

  it('LNK-3, CHG-6: a Resync that one account refuses leaves the person due: the next Read writes it', async () => {
    await start('P');
    await world.job();
    const [second] = cloud.simulator.store.find('User', 'origin', 'idp2');
    cloud.simulator.store.update('User', String(second?.['id']), { name: { givenName: 'Changed' } });
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['PUT'] },
      skip: 1,
      times: 1,
    });
    expect((await world.job('resync')).statistics).toEqual({
      'HR user': 'read 1',
      'Cloud user': 'updated 1, failed 1',
    });
    expect(cloud.simulator.store.find('User', 'name.givenName', 'Changed')).toHaveLength(1);
    await world.job();
    expect(cloud.simulator.store.find('User', 'name.givenName', 'Changed')).toHaveLength(0);
  });

  it('LNK-3, WRT-2: two people who swap their names swap them under each origin', async () => {
    await start('P', 'Q');
    await world.job();
    const nameOf = (id: string): unknown => cloud.simulator.store.get('User', id)?.['userName'];
    const ids = cloud.simulator.store.snapshot().users.map((user) => String(user['id']));
    const before = ids.map(nameOf);
    world.source.store.update('User', 'P', { userName: 'X@example.com' });
    world.source.store.update('User', 'Q', { userName: 'P@example.com' });
    world.source.store.update('User', 'P', { userName: 'Q@example.com' });
    await world.job();
    const swapped = (name: unknown): string => (name === 'P@example.com' ? 'Q@example.com' : 'P@example.com');
    expect(ids.map(nameOf)).toEqual(before.map(swapped));
  });
});
