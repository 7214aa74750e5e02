import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { decide, listChanges } from '../../state/plans/index.js';
import { listResults } from '../../state/runs/index.js';
import { DeletionScene, EXISTED_BEFORE } from '../support/deletion-scene.js';
import type { SceneStart } from '../support/deletion-scene.js';
import { documentedResult } from '../support/documented-result.js';
import { TestEngine } from '../support/engine.js';
import { group, memberNames, writesSince } from '../support/world.js';
import { workWithCrash } from '../support/origins-scene.js';

/** The target has its groups from somebody else: they are neither made nor deleted here. */
const MEMBERS_ONLY = { 'scim.profile': '{"groups":"members-only"}' };

describe('groups of which only members are written', () => {
  let engine: TestEngine;
  let scene: DeletionScene;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => scene.stop());
  afterAll(() => engine.stop());

  /** The target has the group G with W in it, put there by hand; the source has P, W and Q, the first two of them in G. */
  async function start(change: SceneStart = {}, properties: Record<string, string> = {}): Promise<void> {
    scene = await DeletionScene.start(engine, {
      people: ['P', 'W', 'Q'],
      groups: [group('G', ['P', 'W']), group('N', [])],
      accounts: ['W'],
      accountGroups: [there('G', [{ value: 'old-W', type: 'User' }]), there('N', [])],
      cloud: { properties: { ...MEMBERS_ONLY, ...properties } },
      dialect: 'fixed-groups',
      ...change,
    });
  }

  const there = (id: string, members: JsonObject[]): JsonObject => ({
    id: `there-${id}`,
    displayName: `Group ${id}`,
    externalId: 'of its owner',
    members,
  });

  const members = (): string[] =>
    memberNames(scene.cloud.simulator, 'there-G').map((name) => name.replace('@example.com', ''));

  function setMembers(...ids: string[]): void {
    const users = new Map(scene.cloud.simulator.store.snapshot().users.map((user) => [user['userName'], user['id']]));
    const list = ids.map((id) => ({ value: users.get(`${id}@example.com`) ?? id, type: 'User' }));
    scene.cloud.simulator.store.update('Group', 'there-G', { members: list });
  }

  const changeSource = (...ids: string[]): void => {
    scene.later();
    scene.world.source.store.update('Group', 'G', group('G', ids));
  };

  const groupLeaves = (): void => void scene.world.source.store.remove('Group', 'G');

  const assigned = async (): Promise<string[]> => {
    const rows = await engine.pool.query<{ id: string }>(
      'select member_key as id from assigned_member where target_id = $1 order by 1',
      [scene.cloud.system.no],
    );
    const { users } = scene.cloud.simulator.store.snapshot();
    return rows.map(({ id }) =>
      String(users.find((user) => user['id'] === id)?.['userName']).replace('@example.com', ''),
    );
  };

  it('CONN-CORE-12: a create of an existing group becomes a membership update, and so does every update', async () => {
    await start();
    const first = await scene.job();
    expect(first.statistics).toMatchObject({ 'Cloud user': 'created 2, updated 1', 'Cloud group': 'updated 2' });
    expect(members()).toEqual(['P', 'W']);
    const mark = scene.cloud.simulator.journal.mark();
    changeSource('Q', 'W');
    expect((await scene.job()).statistics).toMatchObject({ 'Cloud group': 'updated 1' });
    expect(members()).toEqual(['Q', 'W']);
    expect(scene.cloud.simulator.store.get('Group', 'there-G')).toMatchObject({ externalId: 'of its owner' });
    expect(writesSince(scene.cloud.simulator, mark).filter((line) => !line.includes('/Groups/there-G'))).toEqual([]);
  });

  it('CONN-CORE-12: whatever else changes of a group is no change there: nothing is sent, and nothing counted', async () => {
    await start();
    await scene.job();
    const mark = scene.cloud.simulator.journal.mark();
    scene.later();
    scene.world.source.store.update('Group', 'G', { ...group('G', ['P', 'W']), externalId: 'of the source' });
    expect((await scene.job()).statistics['Cloud group']).toBeUndefined();
    expect(writesSince(scene.cloud.simulator, mark)).toEqual([]);
  });

  it('CONN-CORE-12, PLN-10: an approved deletion is not taken for drifted because of what is not ours', async () => {
    await start({}, EXISTED_BEFORE);
    await scene.job();
    groupLeaves();
    scene.later();
    await engine.runJob(scene.world.hr, 'readPlan');
    const plan = await engine.newestPlan(scene.world.hr);
    const { planNo, sourceNo } = plan;
    const all = { by: 'test', comment: '', filter: {}, secondPersonFor: [] };
    await decide(engine.pool, { planNo, sourceNo, decision: 'approve', ...all });
    await engine.apply(plan);
    const changes = await listChanges(engine.pool, planNo, {}, { limit: 10 });
    expect(changes.map(({ verb, state }) => [verb, state])).toEqual([['delete', 'applied']]);
    expect(members()).toEqual(['W']);
  });

  it('CONN-CORE-12: a group that is missing fails with unsupported, is never created, and is filled when it is there', async () => {
    await start({ accountGroups: [there('N', [])] });
    for (let run = 0; run < 2; run += 1) {
      const { statistics, runKey } = await scene.job();
      expect(statistics['Cloud group']).toBe(run === 0 ? 'updated 1, failed 1' : 'failed 1');
      const { results } = await listResults(engine.pool, runKey, { limit: 5, result: 'failed' });
      expect(results.map(({ code }) => code)).toEqual(['unsupported']);
      expect(documentedResult(results[0]?.message).whatHappened).toContain('CONN-CORE-12');
    }
    expect(
      scene.cloud.simulator.journal.writesSince(0).filter(({ method, type }) => method === 'POST' && type === 'Group'),
    ).toEqual([]);
    scene.cloud.simulator.store.add('Group', there('G', []));
    expect((await scene.job()).statistics['Cloud group']).toBe('updated 1');
    expect(members()).toEqual(['P', 'W']);
  });

  it('CONN-CORE-12: a group that vanishes from the target fails, and is not created anew', async () => {
    await start();
    await scene.job();
    scene.cloud.simulator.store.remove('Group', 'there-G');
    changeSource('Q');
    const { statistics, runKey } = await scene.job();
    expect(statistics['Cloud group']).toBe('failed 1');
    const { results } = await listResults(engine.pool, runKey, { limit: 5, result: 'failed' });
    expect(results.map(({ code }) => code)).toEqual(['unsupported']);
    expect(scene.cloud.simulator.store.find('Group', 'displayName', 'Group G')).toEqual([]);
  });

  it('CONN-CORE-12: a deletion takes out whom the platform has assigned; who was in it before, or came by hand, stays', async () => {
    await start({}, EXISTED_BEFORE);
    await scene.job();
    expect(await assigned()).toEqual(['P']);
    setMembers('P', 'W', 'Q');
    groupLeaves();
    const { statistics, runKey } = await scene.job();
    expect(statistics['Cloud group']).toBe('deleted 1');
    const { results } = await listResults(engine.pool, runKey, { limit: 5, result: 'deleted' });
    expect(results.map(({ message }) => message)).toEqual(['kept: assigned members removed']);
    expect(members()).toEqual(['Q', 'W']);
    expect(await assigned()).toEqual([]);
    expect((await scene.job()).statistics['Cloud group']).toBeUndefined();
  });

  it("CONN-CORE-12: whom the platform has taken out and somebody has put back is not the platform's any more", async () => {
    await start({}, EXISTED_BEFORE);
    await scene.job();
    changeSource('Q');
    await scene.job();
    expect(await assigned()).toEqual(['Q']);
    setMembers('P', 'Q');
    groupLeaves();
    await scene.job();
    expect(members()).toEqual(['P']);
  });

  it('CONN-CORE-12, DEL-6 step 3: these groups existed before: without the property nobody is taken out, and who is whose stays known', async () => {
    await start();
    await scene.job();
    groupLeaves();
    const { statistics, outcome } = await scene.job();
    expect(statistics['Cloud group']).toBeUndefined();
    expect(outcome).toEqual(['Cloud, group: 1 entities kept because they existed before']);
    expect(members()).toEqual(['P', 'W']);
    scene.world.source.store.add('Group', group('G', ['P', 'W', 'Q']));
    await scene.job();
    expect(members()).toEqual(['P', 'Q', 'W']);
    expect(await assigned()).toEqual(['P', 'Q']);
  });

  it.each([
    [1, 'failed 1', ['P', 'Q', 'W']],
    [2, 'deleted 1', ['W']],
  ])(
    'CONN-CORE-12, DEL-8: a threshold counts those whom the platform has assigned: threshold %i, 2 of 3 members',
    async (threshold, counted, left) => {
      await start({}, { ...EXISTED_BEFORE, 'ips.delete.threshold.groups': String(threshold) });
      changeSource('P', 'W', 'Q');
      await scene.job();
      groupLeaves();
      expect((await scene.job()).statistics['Cloud group']).toBe(counted);
      expect(members()).toEqual(left);
    },
  );

  it.each([
    ['before the members are sent', { moment: 'membersNoted', nth: 1 }],
    ['before the members are noted', { statement: /insert into assigned_member/, side: 'before' }],
    ['when they are written, before the commit', { statement: /insert into link_member/, side: 'before' }],
  ] as const)('CONN-CORE-12: a process dies %s: whose member is whose is known all the same', async (_, point) => {
    await start({ people: ['P', 'W'], accounts: ['P', 'W'] }, EXISTED_BEFORE);
    await workWithCrash(engine, scene.world.hr, point);
    await scene.job();
    expect(members()).toEqual(['P', 'W']);
    expect(await assigned()).toEqual(['P']);
    groupLeaves();
    await scene.job();
    expect(members()).toEqual(['W']);
  });

  it('CONN-CORE-12: a process dies after a deletion was answered: it is repeated, and nobody else is taken out', async () => {
    await start({}, EXISTED_BEFORE);
    await scene.job();
    groupLeaves();
    await workWithCrash(engine, scene.world.hr, { statement: /delete from assigned_member where/, side: 'before' });
    expect(members()).toEqual(['W']);
    setMembers('W', 'Q');
    await scene.job();
    expect(members()).toEqual(['Q', 'W']);
    expect(await assigned()).toEqual([]);
  });

  it('CONN-CORE-12, JOB-9: Simulate with a look at the target says that the missing group would fail', async () => {
    await start({ accountGroups: [there('N', [])] });
    expect((await scene.world.job('simulateCompare')).statistics).toMatchObject({
      'Cloud group': 'updated 1, failed 1',
    });
  });
});
