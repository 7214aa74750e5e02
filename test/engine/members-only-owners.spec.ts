import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { resetSystem } from '../../state/config/index.js';
import { removeOperationalData } from '../../state/config/operational-data.js';
import { EXISTED_BEFORE } from '../support/deletion-scene.js';
import { TestEngine, withUserMappings } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { groupOfOwner, MembersOnlyScene } from '../support/members-only-scene.js';
import { workWithCrash } from '../support/origins-scene.js';
import { group, person } from '../support/world.js';

/** CONN-CORE-12 against owners who change their groups by hand, refuse changes, make groups anew; and against other acts of ours. */
describe('members of groups that others make, and their owners', () => {
  let engine: TestEngine;
  let scene: MembersOnlyScene;
  let second: ScimSimulator | undefined;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(async () => {
    await second?.stop();
    second = undefined;
    await scene.deletion.stop();
  });
  afterAll(() => engine.stop());

  const start = async (properties: Record<string, string> = {}): Promise<void> => {
    scene = await MembersOnlyScene.start(engine, { ...EXISTED_BEFORE, ...properties });
    await scene.deletion.job();
  };
  const job = async (): Promise<Record<string, string>> => (await scene.deletion.job()).statistics;

  it('CONN-CORE-12: whom the owner took out, another write of the group puts back, and he is the platform’s from then on', async () => {
    await start();
    scene.setMembers('P');
    scene.changeSource('P', 'W', 'Q');
    await job();
    expect(scene.members()).toEqual(['P', 'Q', 'W']);
    expect(await scene.assigned()).toEqual(['P', 'Q', 'W']);
  });

  it('CONN-CORE-12: whom the owner took out, and a write takes out as well, is not asked for twice', async () => {
    await start();
    scene.setMembers('W', 'Q');
    scene.changeSource('W');
    await job();
    expect(scene.members()).toEqual(['Q', 'W']);
    expect(await scene.assigned()).toEqual([]);
  });

  it('CONN-CORE-12: whom the target refused and the owner put in by hand is the owner’s', async () => {
    await start();
    const mend = scene.deletion.fault(scene.deletion.cloud.simulator, {
      effect: { kind: 'status', status: 400 },
      match: { operations: ['replace', 'patch'], type: 'Group' },
    });
    scene.changeSource('P', 'W', 'Q');
    expect((await job())['Cloud group']).toBe('failed 1');
    mend();
    scene.setMembers('P', 'W', 'Q');
    await job();
    expect(await scene.assigned()).toEqual(['P']);
    scene.groupLeaves();
    await job();
    expect(scene.members()).toEqual(['Q', 'W']);
  });

  it('CONN-CORE-12: a group that its owner has made anew under another id is found and filled again', async () => {
    await start();
    const { store } = scene.deletion.cloud.simulator;
    store.remove('Group', 'there-G');
    store.add('Group', groupOfOwner('G', [], 'anew-G'));
    scene.changeSource('P', 'Q');
    expect((await job())['Cloud group']).toBe('updated 1');
    expect(scene.members('anew-G')).toEqual(['P', 'Q']);
    expect(await scene.assigned('anew-G')).toEqual(['P', 'Q']);
    expect(await scene.assigned()).toEqual([]);
    scene.groupLeaves();
    await job();
    expect(scene.members('anew-G')).toEqual([]);
  });

  it.each([
    [true, ['W']],
    [false, ['P', 'W']],
  ])(
    'CONN-CORE-12, RST-7: a reset of the target that keeps origins (%s) keeps who is whose',
    async (keepOrigins, left) => {
      await start();
      const { system } = scene.deletion.cloud;
      await engine.dataSource.transaction((manager) =>
        resetSystem(manager, system.no, { role: 'target', keepOrigins }),
      );
      await job();
      expect(scene.members()).toEqual(['P', 'W']);
      scene.groupLeaves();
      await job();
      expect(scene.members()).toEqual(left);
    },
  );

  it('CONN-CORE-12, DEL-8: a threshold counts the members of a group that was ours before its target stopped letting us make groups', async () => {
    scene = await MembersOnlyScene.start(engine, { 'scim.profile': '{}' }, { dialect: 'standard', accountGroups: [] });
    await job();
    const [made] = scene.deletion.cloud.simulator.store.find('Group', 'displayName', 'Group G');
    const key = String(made?.['id']);
    expect(scene.members(key)).toEqual(['P', 'W']);
    await scene.deletion.configure('target', {
      'scim.profile': '{"groups":"members-only"}',
      'ips.delete.threshold.groups': '1',
    });
    scene.groupLeaves();
    expect((await job())['Cloud group']).toBe('failed 1');
    expect(scene.members(key)).toEqual(['P', 'W']);
  });

  it('CONN-CORE-12, VAR-10: whom a variable puts into such a group, a deletion of the group takes out; whom it has taken out is forgotten', async () => {
    await start();
    const { system } = scene.deletion.cloud;
    await engine.setTransformation(
      system,
      withUserMappings([{ constant: [{ id: 'there-G' }], targetVariable: 'assignGroup' }]),
    );
    await job();
    expect(scene.members()).toEqual(['P', 'Q', 'W']);
    expect(await scene.assigned()).toEqual(['P', 'Q']);
    await engine.setTransformation(
      system,
      withUserMappings([{ constant: [{ id: 'there-G' }], targetVariable: 'unassignGroup' }]),
    );
    await job();
    expect(await scene.assigned()).toEqual([]);
  });

  it.each([
    ['before it notes anybody', { statement: /insert into assigned_member/, side: 'before' }],
    ['when it has noted them', { statement: /insert into assigned_member/, side: 'after' }],
    ['before it sends the members', { moment: 'sending', nth: 1 }],
    ['when they are answered', { moment: 'answered', nth: 1 }],
    [
      'before it forgets who left',
      { statement: /delete from assigned_member where target_id = \$1 and group_key = \$2 and/, side: 'before' },
    ],
    [
      'when it has forgotten them',
      { statement: /delete from assigned_member where target_id = \$1 and group_key = \$2 and/, side: 'after' },
    ],
  ] as const)(
    'CONN-CORE-12: a process that changes members dies %s: the next one knows whose they are',
    async (_, point) => {
      await start();
      scene.changeSource('W', 'Q');
      await workWithCrash(engine, scene.deletion.world.hr, point);
      expect(scene.members()).toEqual(['Q', 'W']);
      expect(await scene.assigned()).toEqual(['Q']);
      scene.groupLeaves();
      await job();
      expect(scene.members()).toEqual(['W']);
    },
  );

  it('CONN-CORE-12, CNF-11: a second source has the same group: who was put in for the one is no member of before for the other', async () => {
    const simulator = await startScimSimulator({
      users: [person('R'), person('S')],
      groups: [{ ...group('G2', ['R']), displayName: 'Group G' }, group('N2', ['S'])],
    });
    second = simulator;
    let other: TestSystem | undefined;
    const moreSources = async (): Promise<TestSystem[]> => [
      (other = await engine.addSource('Contractors', simulator.url)),
    ];
    scene = await MembersOnlyScene.start(engine, EXISTED_BEFORE, { moreSources });
    const contractors = (): Promise<unknown> => engine.runJob(other ?? scene.deletion.world.hr);
    await job();
    await contractors();
    expect(scene.members()).toEqual(['R']);
    expect(await scene.assigned()).toEqual(['R']);
    await scene.deletion.job('resync');
    expect(scene.members()).toEqual(['P', 'W']);
    expect(await scene.assigned()).toEqual(['P', 'W']);
    // The group stays as long as one of them has it, and then everybody goes whom the platform has put in for either.
    simulator.store.remove('Group', 'G2');
    await contractors();
    expect(scene.members()).toEqual(['P', 'W']);
    scene.groupLeaves();
    await job();
    expect(scene.members()).toEqual([]);
    expect(await scene.assigned()).toEqual([]);
  });

  it('CONN-CORE-12, RST-9: a system that is deleted takes along what was known of its members', async () => {
    await start();
    const { system } = scene.deletion.cloud;
    await engine.dataSource.transaction((manager) => removeOperationalData(manager, system.no));
    expect(await scene.assigned()).toEqual([]);
  });
});
