import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { isJsonObject } from '../../core/json.js';
import { listResults } from '../../state/runs/index.js';
import { deactivating, DeletionScene, EXISTED_BEFORE } from '../support/deletion-scene.js';
import type { SceneStart } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import { group, person } from '../support/world.js';

const EXTENSION = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

describe('deletions that are none', () => {
  let engine: TestEngine;
  let scene: DeletionScene;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => scene.stop());
  afterAll(() => engine.stop());

  /** A group with a user and a nested group, which has left the source; another one stays, so that the read is not empty. */
  async function ownedGroupLeft(supportedOperations: string, start: SceneStart = {}): Promise<void> {
    const owned: JsonObject = {
      ...group('G', ['P']),
      members: [
        { value: 'P', type: 'User' },
        { value: 'N', type: 'Group' },
      ],
      [EXTENSION]: { applicationId: 'app', supportedOperations },
    };
    const nested = { id: 'nested', displayName: 'Nested', members: [] };
    const there = { id: 'there', displayName: 'Group G', members: [{ value: 'nested', type: 'Group' }] };
    const accountGroups = [nested, there];
    const cloud = { ...start.cloud, properties: { 'ips.application.id': 'app', ...start.cloud?.properties } };
    scene = await DeletionScene.start(engine, { groups: [group('N', []), owned], accountGroups, ...start, cloud });
    await scene.job();
    scene.world.source.store.remove('Group', 'G');
  }

  function membersNow(): unknown[] | undefined {
    const members = scene.cloud.simulator.store.get('Group', 'there')?.['members'];
    return Array.isArray(members) ? members.map((one) => (isJsonObject(one) ? one['type'] : one)) : [];
  }

  const groupLinks = (): Promise<object[]> =>
    engine.pool.query(`select 1 from link where target_id = $1 and target_key = 'there' and state = 1`, [
      scene.cloud.system.no,
    ]);

  it.each([
    ['readWrite', 'deleted', 'deleted 1', undefined],
    ['userOnlyMembership', 'its users removed, counted Deleted', 'deleted 1', ['Group']],
    ['membership', 'all members removed, counted Deleted', 'deleted 1', []],
  ])('DEL-18: %s, property true: %s', async (operations, _result, counted, members) => {
    await ownedGroupLeft(operations, { cloud: { properties: EXISTED_BEFORE } });
    const { status, statistics } = await scene.job();
    expect([status, statistics]).toEqual([
      'Success',
      { 'HR user': 'read 2', 'HR group': 'read 1', 'Cloud group': counted },
    ]);
    if (members === undefined) expect(scene.cloud.simulator.store.get('Group', 'there')).toBeUndefined();
    else expect(membersNow()).toEqual(members);
    expect(await groupLinks()).toEqual([]);
  });

  it.each([
    [2, 'failed 1', 'Entity cannot be deleted because the threshold of 2 is exceeded: 3 assignments would be removed'],
    [3, 'deleted 1', 'deleted'],
  ])(
    'DEL-8: where a group is deleted by taking its assignments away these are counted: threshold %i, 3 assignments',
    async (threshold, counted, result) => {
      const properties = { 'ips.delete.threshold.groups': String(threshold) };
      const people = ['P', 'Q', 'R', 'W'];
      scene = await DeletionScene.start(engine, {
        people,
        groups: [group('G', ['P', 'Q', 'R']), group('N', [])],
        cloud: { properties },
      });
      await scene.job();
      scene.world.source.store.remove('Group', 'G');
      const process = engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (own, role) => ({ ...factory.capabilities(own, role), deletesAssignments: true }),
        }),
      });
      const { runKey, jobId } = await engine.request(scene.world.hr);
      await engine.workThrough(runKey, process);
      await process.activities.close();
      const ended = await scene.world.result(jobId);
      expect(ended.statistics).toMatchObject({ 'Cloud group': counted });
      // What stands behind the threshold is what it counts; what was deleted is as many as the statistics say.
      const line = threshold === 2 ? 'not executed: threshold 2 exceeded (3)' : 'executed: 1';
      expect(ended.outcome).toEqual([`Cloud, group: Deletion ${line}`]);
      const log = await engine.pool.query('select result, message from entity_log where run_key = $1 and type = 2', [
        runKey,
      ]);
      expect(JSON.stringify(log)).toContain(result);
      // One group is no more than two groups: elsewhere it is deleted.
      expect((await scene.job()).statistics).toEqual(
        threshold === 2
          ? { 'HR user': 'read 4', 'HR group': 'read 1', 'Cloud group': 'deleted 1' }
          : { 'HR user': 'read 4', 'HR group': 'read 1' },
      );
    },
  );

  it('DEL-20: an account that a create of unknown outcome may have met is not deleted; whoever it belongs to keeps it', async () => {
    const people = ['P', 'W'];
    scene = await DeletionScene.start(engine, { people });
    await scene.job();
    const { simulator } = scene.cloud;
    const account = simulator.store.snapshot().users.find((user) => user['userName'] === 'P@example.com');
    // P leaves, and comes back under another id; the create meets the account of P, and neither its answer nor a search gets through.
    scene.leave('P');
    scene.world.source.store.add('User', person('P2', { userName: 'P@example.com' }));
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['POST'] } });
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { operations: ['list'], type: 'User' } });
    const first = await scene.job();
    expect(first.statistics).toMatchObject({ 'Cloud user': 'failed 1' });
    expect(first.outcome).toContain(
      'Cloud, user: 1 entities kept because another source entity has the same target entity',
    );
    expect(simulator.store.get('User', String(account?.['id']))).toBeDefined();
    // The target answers, but still nobody has looked for what was sent: the search finds the account of the leaver.
    simulator.faults.clear();
    const second = await scene.job();
    expect(second.statistics).toMatchObject({ 'Cloud user': 'updated 1' });
    expect(simulator.store.snapshot().users.map((user) => user['id'])).toContain(account?.['id']);
    await scene.job();
    expect(
      simulator.store
        .snapshot()
        .users.map((user) => user['userName'])
        .sort(),
    ).toEqual(['P@example.com', 'W@example.com']);
  });

  it('DEL-18: a group that is readOnly by now, property true: skipped in every job, its link kept', async () => {
    await ownedGroupLeft('membership', { cloud: { properties: EXISTED_BEFORE } });
    const changed = { ...group('G', ['P']), [EXTENSION]: { supportedOperations: 'readOnly' } };
    scene.world.source.store.add('Group', changed);
    await scene.job();
    scene.world.source.store.remove('Group', 'G');
    for (let run = 0; run < 2; run += 1) {
      const { status, statistics, runKey } = await scene.job();
      expect([status, statistics['Cloud group']]).toEqual(['Success', 'skipped 1']);
      const { results } = await listResults(engine.pool, runKey, { limit: 5, result: 'skipped' });
      expect(results[0]?.message).toContain('readOnly');
    }
    expect(await groupLinks()).toHaveLength(1);
  });

  it.each(['readWrite', 'membership', 'userOnlyMembership'])(
    'DEL-18: %s, property missing: nothing is tried and nothing counted',
    async (operations) => {
      await ownedGroupLeft(operations);
      const mark = scene.cloud.simulator.journal.mark();
      const { status, statistics, outcome } = await scene.job();
      expect([status, statistics]).toEqual(['Success', { 'HR user': 'read 2', 'HR group': 'read 1' }]);
      expect(outcome).toEqual(['Cloud, group: 1 entities kept because they existed before']);
      expect(scene.cloud.simulator.journal.writesSince(mark)).toEqual([]);
      expect(await groupLinks()).toEqual([]);
    },
  );

  it('DEL-18: a group of an application that the platform created needs the property too', async () => {
    await ownedGroupLeft('readWrite', { accountGroups: [] });
    expect((await scene.job()).outcome).toEqual(['Cloud, group: 1 entities kept because they existed before']);
    expect(scene.cloud.simulator.store.find('Group', 'displayName', 'Group G')).toHaveLength(1);
  });

  it.each([
    ['not set: nothing is deleted and the entity says which property to set', false, 'failed 1', true],
    ['true: it is sent, and the user stays', true, 'deleted 1', false],
  ])(
    'DEL-11: deleteEntity mappings that give a PATCH message, property %s',
    async (_name, enabled, counted, active) => {
      const transformation = deactivating();
      const user = Object(transformation['user']);
      const patch = [
        { constant: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], targetPath: '$.schemas', scope: 'deleteEntity' },
        { constant: 'replace', targetPath: '$.Operations[0].op', scope: 'deleteEntity' },
        { constant: 'active', targetPath: '$.Operations[0].path', scope: 'deleteEntity' },
        { constant: false, targetPath: '$.Operations[0].value', scope: 'deleteEntity' },
      ];
      const mappings = user['mappings'].filter((one: JsonObject) => one['scope'] !== 'deleteEntity');
      scene = await DeletionScene.start(engine, {
        cloud: { transformation: { ...transformation, user: { ...user, mappings: [...mappings, ...patch] } } },
      });
      await scene.job();
      scene.leave('P');
      const property = 'ias.user.update.instead.delete';
      const run = await engine.request(scene.world.hr);
      const process = engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (properties, role) => ({
            ...factory.capabilities(properties, role),
            updateInsteadOfDelete: { property, enabled },
          }),
        }),
      });
      await engine.workThrough(run.runKey, process);
      await process.activities.close();
      const { statistics } = await scene.world.result(run.jobId);
      expect(statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': counted });
      const { results } = await listResults(engine.pool, run.runKey, { limit: 5 });
      if (!enabled) expect(results[0]?.message).toContain(`only if ${property} is true`);
      const [account] = scene.cloud.simulator.store.find('User', 'userName', 'P@example.com');
      expect(account).toMatchObject({ active, name: { givenName: 'P' } });
    },
  );

  it('DEL-4, CHG-5: time-dependent conditions: nothing changes but the date, and a person leaves', async () => {
    let now = new Date('2026-05-01T00:00:00Z');
    const timed = await TestEngine.start({ clock: () => now });
    try {
      scene = await DeletionScene.start(timed, { people: ['W'] });
      scene.arrive('P', { title: '2026-06-01' });
      scene.change('W', { title: '2099-01-01' });
      await scene.configure('target', { 'ips.date.variable.format': 'yyyy-MM-dd' });
      await scene.transform('target', { condition: "$.title > '${currentDate}'" });
      expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'created 2' });
      now = new Date('2026-07-01T00:00:00Z');
      const last = await scene.job();
      expect([last.status, last.statistics]).toEqual(['Success', { 'HR user': 'read 2', 'Cloud user': 'deleted 1' }]);
      expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'skipped 1' });
    } finally {
      await timed.stop();
    }
  });
});
