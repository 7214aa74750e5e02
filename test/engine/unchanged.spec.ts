import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { withCondition, withGroups } from '../support/engine.js';
import { UnreliableSource } from '../support/unreliable-source.js';
import { group, person, World, writesSince } from '../support/world.js';

type Mappings = readonly JsonObject[];

/** The default read transformation with other mappings of users. */
function readUsers(change: (mappings: Mappings) => Mappings): JsonObject {
  const read = withGroups('source');
  const { user } = read;
  if (!isJsonObject(user) || !Array.isArray(user['mappings'])) throw new Error('the default has no mappings');
  return { ...read, user: { ...user, mappings: [...change(user['mappings'].filter(isJsonObject))] } };
}

/** The source key is made of this attribute. */
function keyedBy(sourcePath: string): JsonObject {
  const variable = 'entityIdSourceSystem';
  return readUsers((mappings) => [
    { sourcePath, targetVariable: variable },
    ...mappings.filter(({ targetVariable }) => targetVariable !== variable),
  ]);
}

describe('entities that are stored as they came', () => {
  let world: World;
  afterEach(() => world.stop());

  it.each([
    ['the id of the source', '$.id'],
    ['another attribute', '$.externalId'],
  ])('CHG-2, VAR-3: are recognised where the source key is %s', async (_what, path) => {
    const users = ['P', 'Q', 'R'].map((id) => person(id, { externalId: `key of ${id}` }));
    world = await World.start({ source: { users }, hr: { transformation: keyedBy(path) } });
    const { simulator } = await world.addTarget('Cloud');
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
    const mark = simulator.journal.mark();
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 3' });
    world.source.store.update('User', 'Q', { title: 'Lead' });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 1' });
    expect(writesSince(simulator, mark)).toHaveLength(1);
  });

  it('VAR-3, DEL-6: somebody who comes under the key of a person who has not changed is a failure, and takes nothing over', async () => {
    const users = [
      person('K', { externalId: 'K' }),
      person('B', { externalId: 'B' }),
      person('C', { externalId: 'C' }),
    ];
    world = await World.start({ source: { users }, hr: { transformation: keyedBy('$.externalId') } });
    const { simulator } = await world.addTarget('Cloud');
    await world.job();
    const mark = simulator.journal.mark();
    world.source.store.update('User', 'B', { externalId: 'K' });
    const job = await world.job();
    expect(job).toMatchObject({ status: 'Finished with Error', statistics: { 'HR user': 'read 2, failed 1' } });
    expect(writesSince(simulator, mark)).toEqual([]);
    expect(simulator.store.snapshot().users).toHaveLength(3);
  });

  it('VAR-3: two people under one id of the source are told apart by their source keys, and neither is lost', async () => {
    const users = ['P', 'Q', 'R'].map((id) => person(id, { externalId: `key of ${id}` }));
    world = await World.start({ source: { users }, hr: { transformation: keyedBy('$.externalId') } });
    const { simulator } = await world.addTarget('Cloud');
    const source = new UnreliableSource(world);
    source.faults.deliver = (one) => (one.id === 'Q' ? { ...one, id: 'P' } : one);
    try {
      expect((await source.job()).statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
      world.source.store.update('User', 'P', { title: 'Lead' });
      expect((await source.job()).statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 1' });
      expect(simulator.store.snapshot().users).toHaveLength(3);
    } finally {
      await source.close();
    }
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half of a surrogate pair', 'a\ud800b'],
    [
      'more than an index takes',
      Array.from({ length: 3_000 }, (_one, n) => String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000))).join(''),
    ],
  ])('VAR-3, CONN-CORE-21: a key with %s is one failed entity, and the others go on', async (_what, externalId) => {
    const users = [person('P', { externalId: 'p' }), person('Q', { externalId }), person('R', { externalId: 'r' })];
    world = await World.start({ source: { users }, hr: { transformation: keyedBy('$.externalId') } });
    await world.addTarget('Cloud');
    const job = await world.job();
    expect(job).toMatchObject({
      status: 'Finished with Error',
      statistics: { 'HR user': 'read 3, failed 1', 'Cloud user': 'created 2' },
    });
  });

  it('CONN-CORE-21: a group names a member that nobody can be: its other members are provisioned', async () => {
    const users = [person('P')];
    const members = ['P', 'a\0b'].map((value) => ({ value }));
    const groups = [{ ...group('G', []), members }];
    world = await World.start({ source: { users, groups }, hr: { transformation: withGroups('source') } });
    const { simulator } = await world.addTarget('Cloud', {}, { transformation: withGroups('target') });
    expect((await world.job()).statistics).toMatchObject({ 'HR group': 'read 1', 'Cloud user': 'created 1' });
    expect(simulator.store.snapshot().groups).toHaveLength(1);
  });

  it('CHG-2, JOB-15: are mapped again when the read transformation has changed', async () => {
    world = await World.start({ source: { users: [person('P', { title: 'Lead', nickName: 'Boss' })] } });
    const { simulator } = await world.addTarget('Cloud');
    await world.job();
    const nickName = { sourcePath: '$.nickName', targetPath: '$.title' };
    await world.engine.setTransformation(
      world.hr,
      readUsers((mappings) => [...mappings, nickName]),
    );
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });
    expect(simulator.store.snapshot().users[0]).toMatchObject({ title: 'Boss' });
  });

  it('CHG-2, SKP-1: who does not meet the read condition stays skipped, and is read again when it is met', async () => {
    const users = [person('P', { title: 'Lead' }), person('Q', { title: 'Guest' })];
    world = await World.start({
      source: { users },
      hr: { transformation: withCondition('source', "$.title == 'Lead'") },
    });
    await world.addTarget('Cloud');
    const first = { 'HR user': 'read 2, skipped 1', 'Cloud user': 'created 1' };
    expect((await world.job()).statistics).toEqual(first);
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2, skipped 1' });
    world.source.store.update('User', 'Q', { title: 'Lead' });
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 1' });
  });

  it('CHG-2, UNK-3: somebody who was gone and comes back as he or she was is provisioned again', async () => {
    const users = ['P', 'Q', 'R'].map((id) => person(id));
    world = await World.start({ source: { users } });
    await world.addTarget('Cloud');
    await world.job();
    const before = world.source.store.snapshot().users.find(({ id }) => id === 'Q');
    world.source.store.remove('User', 'Q');
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
    world.source.store.add('User', before ?? {});
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 1' });
  });
});
