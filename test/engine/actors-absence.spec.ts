import { afterEach, describe, expect, it } from '@jest/globals';
import { closeRunAs } from '../../state/runs/index.js';
import { Actor } from '../support/actors.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

/** Removed from the list of the source, then there again: what paging drift does to a present person. */
function hidden(world: World, id: string): { show(): void } {
  const body = world.source.store.snapshot().users.find((user) => user['id'] === id);
  if (body === undefined) throw new Error(`nobody has the id ${id}`);
  world.source.store.remove('User', id);
  return { show: () => void world.source.store.add('User', body) };
}

const THRESHOLD = { properties: { 'ips.delete.threshold.users': '1' } };

describe('the absence phase among other actors', () => {
  let world: World;
  afterEach(() => world.stop());

  it('§2, §7: out of scope is only who was judged so on what he is now: who returned and could not be updated is not deleted', async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    const { simulator: cloud, system } = await world.addTarget('Cloud', {}, THRESHOLD);
    await world.engine.runJob(world.hr);
    const absent = [hidden(world, 'P'), hidden(world, 'Q')];
    // The threshold keeps both; the second run marks them as out of scope.
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud)).toHaveLength(3);
    for (const one of absent) one.show();
    const refusal = cloud.faults.arm({
      effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
      match: { methods: ['PUT', 'PATCH'], key: 'P@example.com' },
    });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 1, failed 1' });
    expect(userNames(cloud)).toHaveLength(3);
    cloud.faults.disarm(refusal);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud)).toHaveLength(3);
    expect(system.no).toBeGreaterThan(0);
  });

  it('DEL-23: found by the confirmation for one target, not deleted in another that had marked it out of scope before', async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    const { simulator: a } = await world.addTarget('A', {}, THRESHOLD);
    const { simulator: b } = await world.addTarget('B', {}, THRESHOLD);
    await world.engine.runJob(world.hr);
    const absent = [hidden(world, 'P'), hidden(world, 'Q')];
    await world.engine.runJob(world.hr);
    absent[1]?.show();
    // P is hidden from the list once more, but there when the source is asked for it: first for A, then, later, for B.
    const actor = Actor.join(world.engine);
    const { runKey } = await world.engine.request(world.hr);
    const opened = await actor.activities.openRun({ runKey });
    await world.engine.readAll(runKey, opened.types, actor.activities);
    const [first, second] = opened.targets;
    if (first === undefined || second === undefined) throw new Error('two targets are expected');
    for (const { targetNo, types } of [first, second])
      for (const type of types)
        for (const late of [false, true]) await actor.activities.drainChunk({ runKey, targetNo, type, late });
    absent[0]?.show();
    await actor.activities.planAbsence({ runKey, targetNo: first.targetNo });
    await actor.activities.deleteChunk({ runKey, targetNo: first.targetNo, type: 'user' });
    await actor.activities.planAbsence({ runKey, targetNo: second.targetNo });
    await actor.activities.deleteChunk({ runKey, targetNo: second.targetNo, type: 'user' });
    await actor.activities.finishRun({ runKey, end: 'completed' });
    await actor.leave();
    expect(userNames(a)).toHaveLength(3);
    expect(userNames(b)).toHaveLength(3);
    await world.engine.runJob(world.hr);
    expect(userNames(a)).toHaveLength(3);
    expect(userNames(b)).toHaveLength(3);
    const marks = [a.journal.mark(), b.journal.mark()];
    await world.engine.runJob(world.hr);
    expect([...writesSince(a, marks[0] ?? 0), ...writesSince(b, marks[1] ?? 0)]).toEqual([]);
  });

  it('§6: a lease for a deletion is given only while the run is running under my fence and the pair is enabled', async () => {
    world = await World.start({ source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    const { simulator: cloud, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    for (const disturb of ['closed', 'stopped', 'overtaken', 'disabled'] as const) {
      const gone = hidden(world, 'P');
      const { runKey, jobId } = await world.engine.request(world.hr);
      const actor = Actor.join(world.engine);
      const opened = await actor.activities.openRun({ runKey });
      await world.engine.readAll(runKey, opened.types, actor.activities);
      for (const late of [false, true])
        await actor.activities.drainChunk({ runKey, targetNo: system.no, type: 'user', late });
      await actor.activities.planAbsence({ runKey, targetNo: system.no });
      // The last moment before the pairs are leased.
      actor.after(/outcome is null order by entity_no limit/, async () => {
        if (disturb === 'closed') await closeRunAs(world.engine.pool, runKey, 'terminated', 'test');
        if (disturb === 'stopped') await world.engine.requestStop(jobId);
        if (disturb === 'overtaken')
          await world.engine.activities.deleteChunk({ runKey, targetNo: system.no, type: 'group' });
        if (disturb === 'disabled') await world.engine.setEnabled(system, false);
      });
      const mark = cloud.journal.mark();
      await actor.activities.deleteChunk({ runKey, targetNo: system.no, type: 'user' }).catch(() => undefined);
      expect([disturb, actor.unreached, writesSince(cloud, mark)]).toEqual([disturb, 0, []]);
      if (disturb !== 'closed') await actor.activities.finishRun({ runKey, end: 'stopped' });
      if (disturb === 'disabled') await world.engine.setEnabled(system, true);
      await actor.leave();
      gone.show();
      await world.engine.runJob(world.hr);
    }
    expect(userNames(cloud)).toHaveLength(3);
    expect(group('G', [])).toBeDefined();
  });
});
