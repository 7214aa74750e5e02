import { afterEach, describe, expect, it } from '@jest/globals';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { group, person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const COUNT = 40;
const ids = Array.from({ length: COUNT }, (_, n) => `p${n + 10}`);

describe('a target that is written with bulk requests', () => {
  let world: World;
  afterEach(() => world.stop());

  async function start(): Promise<WorldTarget> {
    const groups = [group('G', ids.slice(0, 5))];
    world = await World.start({ source: { users: ids.map((id) => person(id)), groups }, engine: { concurrency: 4 } });
    const properties = { 'scim.support.bulk.operation': 'true' };
    return world.addTarget('Cloud', { dialect: 'bulk' }, { properties });
  }

  const envelopes = ({ journal }: ScimSimulator): number =>
    journal.since(0).filter(({ operation }) => operation === 'bulk').length;

  function createdOnce({ journal }: ScimSimulator): boolean {
    const counts = [...journal.createsPerKey()].filter(([key]) => key.startsWith('User'));
    return counts.length === COUNT && counts.every(([, { creates }]) => creates === 1);
  }

  it('WRT-3: creates, updates and deletes go together, and the statistics are those of single requests', async () => {
    const { simulator } = await start();
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({
      'HR user': `read ${COUNT}`,
      'HR group': 'read 1',
      'Cloud user': `created ${COUNT}`,
      'Cloud group': 'created 1',
    });
    expect(envelopes(simulator)).toBeLessThan(COUNT / 4);
    for (const id of ids.slice(0, 20)) world.source.store.update('User', id, { title: 'Lead' });
    for (const id of ids.slice(30)) world.source.store.remove('User', id);
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({
      'HR user': 'read 30',
      'HR group': 'read 1',
      'Cloud user': 'updated 20, deleted 10',
    });
    expect(userNames(simulator)).toEqual(userNames(world.source));
  });

  it('WRT-3: an operation that is refused fails its entity and no other', async () => {
    const { simulator } = await start();
    simulator.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { operations: ['create'], key: 'p12@example.com' },
    });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud user': `created ${COUNT - 1}, failed 1` });
  });

  it.each([
    ['the connection was cut after it', { kind: 'applyThenDrop' }],
    ['an error was answered after it', { kind: 'status', status: 500, apply: true }],
    ['half of the answer came', { kind: 'truncatedJson' }],
  ] as const)(
    'RTY-5, RTY-7: a bulk request is done and %s: everybody is created once and ours',
    async (_how, effect) => {
      const { simulator } = await start();
      simulator.faults.arm({ effect, match: { path: '^/Bulk' }, times: 1 });
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toMatchObject({ 'Cloud user': `created ${COUNT}` });
      expect(createdOnce(simulator)).toBe(true);
    },
  );

  it('RTY-5: a process that dies between the answer to a bulk request and its settlement: everybody is created once and ours', async () => {
    const { simulator } = await start();
    const mortal = new Mortal({ statement: /delete from backlog b\s+where b\.target_id/, side: 'before' });
    const pool = mortal.pool(world.engine.databaseUrl);
    const dying = world.engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    const { runKey, jobId } = await world.engine.request(world.hr);
    await world.engine.workThrough(runKey, dying).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await dying.activities.close();
    await pool.close();
    expect([mortal.isDead, envelopes(simulator) > 0]).toEqual([true, true]);
    await expireLeases(world.engine.pool, world.hr.no);
    await world.engine.workThrough(runKey);
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toMatchObject({ 'Cloud user': `created ${COUNT}`, 'Cloud group': 'created 1' });
    expect(createdOnce(simulator)).toBe(true);
  });

  it('RTY-5: a bulk request that was cut off before it was done is done entity by entity', async () => {
    const { simulator } = await start();
    simulator.faults.arm({ effect: { kind: 'drop' }, match: { path: '^/Bulk' }, times: 1 });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud user': `created ${COUNT}` });
    expect(createdOnce(simulator)).toBe(true);
  });
});
