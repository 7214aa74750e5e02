import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { listResults } from '../../state/runs/index.js';
import { documentedResult } from '../support/documented-result.js';
import { withUserMappings } from '../support/engine.js';
import { group, memberNames, person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** The default write transformation with more mappings for users; groups stay out unless `writesGroups`. */
function assigning(mappings: readonly JsonObject[], writesGroups = false): JsonObject {
  const document = withUserMappings(mappings);
  if (!writesGroups) delete document['group'];
  return document;
}

const EVERYBODY = { constant: [{ id: 'everybody' }], targetVariable: 'assignGroup' };

describe.each([
  ['PUT', 'false'],
  ['PATCH', 'true'],
])('users are assigned to groups through variables, groups written with %s', (method, patch) => {
  let world: World;
  afterEach(() => world.stop());

  const people = ['P', 'Q', 'R'];
  const all = people.map((id) => `${id}@example.com`);

  async function start(
    mappings: readonly JsonObject[],
    options: {
      readonly writesGroups?: boolean;
      readonly existing?: readonly JsonObject[];
      readonly properties?: Record<string, string>;
    } = {},
  ): Promise<WorldTarget> {
    world = await World.start({ source: { users: people.map((id) => person(id)) } });
    const groups = ['everybody', 'leavers'].map((id) => group(id, []));
    const cloud = await world.addTarget(
      'Cloud',
      { users: [...(options.existing ?? [])], groups, journal: { keepBodies: true } },
      {
        properties: { 'scim.support.patch.operation': patch, ...options.properties },
        transformation: assigning(mappings, options.writesGroups),
      },
    );
    return cloud;
  }

  async function messages(runKey: string): Promise<string[]> {
    const { results } = await listResults(world.engine.pool, runKey, { limit: 100 });
    return results.flatMap((result) => (result.message === null ? [] : [result.message]));
  }

  it('VAR-10, VAR-11, WRT-9: after a user is created or updated it joins and leaves groups', async () => {
    const joins = { ...EVERYBODY, condition: "$.title != 'Guest'" };
    const leaves = {
      constant: [{ id: 'everybody' }],
      targetVariable: 'unassignGroup',
      condition: "$.title == 'Guest'",
    };
    const { simulator } = await start([joins, leaves]);
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
    expect(memberNames(simulator, 'everybody')).toEqual(all);
    world.source.store.update('User', 'P', { title: 'Guest' });
    const mark = simulator.journal.mark();
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 1' });
    expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
    expect(simulator.journal.writesSince(mark).map((record) => record.method)).toEqual([method, method]);
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 3' });
  });

  it('VAR-10, CHG-4: another group in the transformation is an update of everybody', async () => {
    const { simulator, system } = await start([EVERYBODY]);
    await world.engine.runJob(world.hr);
    await world.engine.setTransformation(
      system,
      assigning([{ constant: [{ id: 'leavers' }], targetVariable: 'assignGroup' }]),
    );
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 3' });
    expect(memberNames(simulator, 'leavers')).toEqual(all);
  });

  it('VAR-12: a group that does not exist fails the entity; the account stands, is not created again, and gets its group later', async () => {
    const { simulator } = await start([{ ...EVERYBODY, scope: 'createEntity' }]);
    simulator.store.remove('Group', 'everybody');
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'failed 3' });
    expect(await messages(first.job.runKey)).toEqual(
      Array(3).fill(
        'The account was written, its groups were not: assignGroup names group everybody, which does not exist in the target; create it there or correct the mapping',
      ),
    );
    const [message] = await messages(first.job.runKey);
    expect(documentedResult(message)).toMatchObject({
      whatHappened: 'VAR-12',
      whatNext: expect.stringContaining('again'),
    });
    expect(userNames(simulator)).toEqual(all);
    simulator.store.add('Group', group('everybody', []));
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 3' });
    expect(memberNames(simulator, 'everybody')).toEqual(all);
    expect([...simulator.journal.createsPerKey().values()].map(({ creates }) => creates)).toEqual([1, 1, 1]);
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toEqual({ 'HR user': 'read 3' });
  });

  it('VAR-12: a group that refuses the change fails the entity, which gets its group by the next job', async () => {
    const { simulator } = await start([EVERYBODY]);
    simulator.faults.arm({ effect: { kind: 'status', status: 403 }, match: { path: '^/Groups' }, times: 100 });
    const first = await world.engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'failed 3' });
    for (const message of await messages(first.job.runKey))
      expect(documentedResult(message).whatHappened).toBe('The target refused the change of the group');
    simulator.faults.clear();
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 3' });
    expect(memberNames(simulator, 'everybody')).toEqual(all);
  });

  it('VAR-10: a mapping that gives no list fails the entity before anything is sent', async () => {
    const { simulator } = await start([{ constant: 'everybody', targetVariable: 'assignGroup' }]);
    const { job, statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'failed 3' });
    const [message] = await messages(job.runKey);
    expect(documentedResult(message).whatToDo).toBe('Correct the mapping');
    expect(simulator.journal.writesSince(0)).toEqual([]);
  });

  it('CNF-9, VAR-10: an account that existed joins the groups of an update, not those of a create', async () => {
    const leavers = { constant: [{ id: 'leavers' }], targetVariable: 'assignGroup', scope: 'createEntity' };
    const { simulator } = await start([EVERYBODY, leavers], { existing: [person('P', { id: 'old' })] });
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 2, updated 1' });
    expect(memberNames(simulator, 'everybody')).toEqual(['P@example.com']);
    expect(memberNames(simulator, 'leavers')).toEqual(all.slice(1));
  });

  it('VAR-14: the group, provisioned later, overwrites them', async () => {
    const { simulator } = await start(
      [
        {
          constant: [{ id: 'Cloud-G' }],
          targetVariable: 'assignGroup',
          optional: true,
          condition: "$.title == 'Guest'",
        },
      ],
      {
        writesGroups: true,
      },
    );
    world.source.store.add('Group', group('G', ['P']));
    await world.engine.runJob(world.hr);
    const id = String(simulator.store.find('Group', 'displayName', 'Group G')[0]?.['id']);
    const target = assigning(
      [{ constant: [{ id }], targetVariable: 'assignGroup', condition: "$.title == 'Guest'" }],
      true,
    );
    const [cloud] = await world.engine.pool.query<{ no: number; id: string; name: string }>(
      "select no, id, name from system where name = 'Cloud'",
    );
    if (cloud === undefined) throw new Error('there is no target');
    await world.engine.setTransformation(cloud, target);
    world.source.store.update('User', 'Q', { title: 'Guest' });
    await world.engine.runJob(world.hr);
    expect(memberNames(simulator, id)).toEqual(['P@example.com', 'Q@example.com']);
    world.source.store.update('Group', 'G', { displayName: 'Group G', externalId: 'changed' });
    await world.engine.runJob(world.hr);
    expect(memberNames(simulator, id)).toEqual(['P@example.com']);
  });

  describe('VAR-16, DEL-6: unassignGroup with scope deleteEntity', () => {
    const leaves = { constant: [{ id: 'everybody' }], targetVariable: 'unassignGroup', scope: 'deleteEntity' };
    const closed = [
      { sourcePath: '$.userName', targetPath: '$.userName', scope: 'deleteEntity' },
      { constant: false, targetPath: '$.active', scope: 'deleteEntity' },
    ];

    async function leaver(
      mappings: readonly JsonObject[],
      existing: boolean,
      properties: Record<string, string> = {},
    ): Promise<WorldTarget> {
      const cloud = await start([EVERYBODY, ...mappings], {
        existing: existing ? [person('P', { id: 'old' })] : [],
        properties,
      });
      await world.engine.runJob(world.hr);
      expect(memberNames(cloud.simulator, 'everybody')).toEqual(all);
      world.source.store.remove('User', 'P');
      return cloud;
    }

    it('origin created: all mappings of the scope run, the user stays', async () => {
      const { simulator } = await leaver([leaves, ...closed], false);
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
      expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
      expect(simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({ active: false });
    });

    it('origin created, and nothing but groups in the scope: the user is not touched', async () => {
      const { simulator } = await leaver([leaves], false);
      const before = simulator.store.find('User', 'userName', 'P@example.com')[0];
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
      expect(simulator.store.find('User', 'userName', 'P@example.com')[0]?.['meta']).toEqual(before?.['meta']);
      expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
    });

    it('DEL-17 (16): existed before, property false: only the memberships change, and nothing is counted', async () => {
      const { simulator } = await leaver([leaves, ...closed], true);
      const mark = simulator.journal.mark();
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toEqual({ 'HR user': 'read 2' });
      expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
      expect(simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({ active: true });
      expect(simulator.journal.writesSince(mark).map((record) => record.method)).toEqual([method]);
    });

    it('existed before, property true: all mappings of the scope run', async () => {
      const { simulator } = await leaver([leaves, ...closed], true, { 'ips.delete.existedbefore.entities': 'true' });
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
      expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
      expect(simulator.store.find('User', 'userName', 'P@example.com')[0]).toMatchObject({ active: false });
    });

    it('VAR-12: a group that does not exist keeps nobody from leaving', async () => {
      const { simulator } = await leaver([leaves, ...closed], false);
      simulator.store.remove('Group', 'everybody');
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'deleted 1' });
    });

    it('DEL-7: a refused change keeps the link, and the next job tries again', async () => {
      const { simulator } = await leaver([leaves], true);
      const refusal = simulator.faults.arm({
        effect: { kind: 'status', status: 400 },
        match: { methods: [method], path: '^/Groups' },
      });
      const first = await world.engine.runJob(world.hr);
      expect(summary(first.statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'failed 1' });
      simulator.faults.disarm(refusal);
      const second = await world.engine.runJob(world.hr);
      expect(summary(second.statistics)).toEqual({ 'HR user': 'read 2' });
      expect(memberNames(simulator, 'everybody')).toEqual(all.slice(1));
    });
  });
});
