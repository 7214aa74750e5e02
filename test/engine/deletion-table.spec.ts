import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listResults } from '../../state/runs/index.js';
import { deactivating, DELTA, DeletionScene, EXISTED_BEFORE, users } from '../support/deletion-scene.js';
import type { SceneStart } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import { person } from '../support/world.js';
import type { JobResult } from '../support/world.js';

/** One row of a table: what happens, and what the last job says and leaves. */
interface Row {
  readonly row: string;
  readonly start?: SceneStart;
  /** Ends with the job that the row is about. */
  readonly act: (scene: DeletionScene) => Promise<JobResult>;
  readonly statistics: Record<string, string>;
  readonly outcome?: readonly string[];
  readonly status?: string;
  readonly accounts: readonly string[];
  readonly links: Record<string, string>;
}

const THRESHOLD_10 = { 'ips.delete.threshold.users': '10' };
const KEPT = ['Cloud, user: 1 entities kept because they existed before'];
const ONE_DELETED = ['Cloud, user: Deletion executed: 1'];
/** A deletion that an earlier job was kept from. */
const ONE_POSTPONED = [...ONE_DELETED, 'Cloud, user: 1 deletions postponed from earlier jobs'];
const NO_GUESTS = { condition: "$.userType != 'guest'" };
const TWENTY = Array.from({ length: 20 }, (_, n) => `p${String(n).padStart(2, '0')}`);

/** First job, the person leaves, `between` happens, last job. */
function leaves(between?: (scene: DeletionScene) => Promise<unknown>): Row['act'] {
  return async (scene) => {
    await scene.job();
    scene.leave('P');
    await between?.(scene);
    return scene.job();
  };
}

/** The person has left, and a job has failed entities on the source: the second of three persons. */
async function failsOnTheSource(scene: DeletionScene): Promise<() => void> {
  await scene.job();
  scene.leave('P');
  return scene.breakReading();
}

const SCENARIOS: readonly Row[] = [
  {
    row: '1: in both before the first job; left: kept',
    start: { accounts: ['P'] },
    act: leaves(),
    statistics: { 'HR user': 'read 1' },
    outcome: KEPT,
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '1, DEL-13: … with the property set before the last job: deleted',
    start: { accounts: ['P'] },
    act: leaves((scene) => scene.configure('target', EXISTED_BEFORE)),
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '2, DEL-12: added to both between jobs; left: kept',
    start: { people: ['W'] },
    act: async (scene) => {
      await scene.job();
      scene.arrive('P');
      scene.cloud.simulator.store.add('User', person('P', { id: 'old-P' }));
      expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1' });
      scene.leave('P');
      return scene.job();
    },
    statistics: { 'HR user': 'read 1' },
    outcome: KEPT,
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '2, DEL-13: … with the property set before the last job: deleted',
    start: { people: ['W'] },
    act: async (scene) => {
      await scene.job();
      scene.arrive('P');
      scene.cloud.simulator.store.add('User', person('P', { id: 'old-P' }));
      await scene.job();
      await scene.configure('target', EXISTED_BEFORE);
      scene.leave('P');
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  ...(['source', 'target'] as const).flatMap((side): Row[] => [
    {
      row: `3, DEL-12: created, ${side} reset, found again; left: kept`,
      act: async (scene) => {
        await scene.job();
        await scene.reset(side);
        expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 2' });
        scene.leave('P');
        return scene.job();
      },
      statistics: { 'HR user': 'read 1' },
      outcome: KEPT,
      accounts: ['P', 'W'],
      links: { W: 'existedBefore' },
    },
    {
      row: `3, DEL-13: … ${side} reset, with the property set before the last job: deleted`,
      act: async (scene) => {
        await scene.job();
        await scene.reset(side);
        await scene.job();
        await scene.configure('target', EXISTED_BEFORE);
        scene.leave('P');
        return scene.job();
      },
      statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
      outcome: ONE_DELETED,
      accounts: ['W'],
      links: { W: 'existedBefore' },
    },
  ]),
  {
    row: '4: not created by the platform; left; the job has failed entities on the source: kept, link kept',
    start: { accounts: ['P'] },
    act: async (scene) => {
      await failsOnTheSource(scene);
      return scene.job();
    },
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1, failed 1' },
    outcome: ['Cloud, user: Deletion not executed: 1 entities failed in the source system'],
    accounts: ['P', 'W'],
    links: { P: 'existedBefore', W: 'created' },
  },
  {
    row: '4, DEL-4: … source repaired, property set, full job: deleted',
    start: { accounts: ['P'] },
    act: async (scene) => {
      const repair = await failsOnTheSource(scene);
      await scene.job();
      repair();
      await scene.configure('target', EXISTED_BEFORE);
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_POSTPONED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '5: created by the platform; left; the job has failed entities on the source: kept, link kept',
    act: async (scene) => {
      await failsOnTheSource(scene);
      return scene.job();
    },
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1, failed 1' },
    outcome: ['Cloud, user: Deletion not executed: 1 entities failed in the source system'],
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '5, DEL-14: … source repaired, full job, without the property: deleted',
    act: async (scene) => {
      const repair = await failsOnTheSource(scene);
      await scene.job();
      repair();
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_POSTPONED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '5, DEL-16: … failed entities on the target do not matter: deleted',
    act: leaves(async (scene) => {
      scene.change('W', { title: 'refused' });
      scene.fault(scene.cloud.simulator, {
        effect: { kind: 'status', status: 400, scimType: 'invalidValue' },
        match: { methods: ['PUT'] },
      });
    }),
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1, failed 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '6: created by the platform; left; successful delta job: kept, link kept',
    start: { hr: { properties: DELTA } },
    act: leaves(),
    statistics: {},
    outcome: ['Cloud, user: Deletion not executed: delta read'],
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '6, DEL-14: … delta reads switched off: deleted',
    start: { hr: { properties: DELTA } },
    act: leaves(async (scene) => {
      await scene.job();
      await scene.configure('source', { 'ips.delta.read': 'disabled' });
    }),
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
];

const CASES: readonly Row[] = [
  {
    row: '7, SKP-3: source condition newly not met, created, full job',
    act: async (scene) => {
      await scene.transform('source', NO_GUESTS);
      await scene.job();
      scene.change('P', { userType: 'guest' });
      return scene.job();
    },
    statistics: { 'HR user': 'read 2, skipped 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '8, SKP-4: as 7, delta job',
    start: { hr: { properties: DELTA } },
    act: async (scene) => {
      await scene.transform('source', NO_GUESTS);
      await scene.job();
      scene.change('P', { userType: 'guest' });
      return scene.job();
    },
    statistics: { 'HR user': 'read 1, skipped 1' },
    outcome: ['Cloud, user: Deletion not executed: delta read'],
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '8, SKP-4: … the target condition in a delta job: only counted as skipped',
    start: { hr: { properties: DELTA }, cloud: { transformation: users('target', NO_GUESTS) } },
    act: async (scene) => {
      await scene.job();
      scene.change('P', { userType: 'guest' });
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'skipped 1' },
    outcome: ['Cloud, user: Deletion not executed: delta read'],
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '8, DEL-4: … and the full read after it deletes',
    start: { hr: { properties: DELTA }, cloud: { transformation: users('target', NO_GUESTS) } },
    act: async (scene) => {
      await scene.job();
      scene.change('P', { userType: 'guest' });
      await scene.job();
      return scene.job('resync');
    },
    statistics: { 'HR user': 'read 2', 'Cloud user': 'updated 1, deleted 1' },
    outcome: ONE_POSTPONED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '9: target condition newly not met for one of two targets: deleted there only',
    start: { cloud: { transformation: users('target', NO_GUESTS) } },
    act: async (scene) => {
      const { simulator: wiki } = await scene.world.addTarget('Wiki');
      await scene.job();
      scene.change('P', { userType: 'guest' });
      const last = await scene.job();
      expect(scene.accounts(wiki)).toEqual(['P', 'W']);
      return last;
    },
    statistics: { 'HR user': 'read 2', 'Cloud user': 'deleted 1', 'Wiki user': 'updated 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '9, SKP-3: … and skipped in later jobs',
    start: { cloud: { transformation: users('target', NO_GUESTS) } },
    act: async (scene) => {
      await scene.job();
      scene.change('P', { userType: 'guest' });
      await scene.job();
      return scene.job();
    },
    statistics: { 'HR user': 'read 2', 'Cloud user': 'skipped 1' },
    accounts: ['W'],
    links: { P: 'skipped', W: 'created' },
  },
  {
    row: '10, DEL-19: a filter that does not return the person any more: like deleted in the source',
    act: async (scene) => {
      await scene.job();
      await scene.configure('source', { 'scim.user.filter': 'userName sw "W"' });
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '11, DEL-8: 12 users to delete, threshold 10: none deleted, all failed',
    start: { people: TWENTY, cloud: { properties: THRESHOLD_10 } },
    act: async (scene) => {
      await scene.job();
      scene.leave(...TWENTY.slice(0, 12));
      return scene.job();
    },
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 8', 'Cloud user': 'failed 12' },
    outcome: ['Cloud, user: Deletion not executed: threshold 10 exceeded (12)'],
    accounts: TWENTY,
    links: Object.fromEntries(TWENTY.map((id) => [id, 'created'])),
  },
  {
    row: '11, DEL-9: … and in the next job again; raising the value releases them',
    start: { people: TWENTY, cloud: { properties: THRESHOLD_10 } },
    act: async (scene) => {
      await scene.job();
      scene.leave(...TWENTY.slice(0, 12));
      await scene.job();
      expect((await scene.job()).statistics).toEqual({ 'HR user': 'read 8', 'Cloud user': 'failed 12' });
      await scene.configure('target', { 'ips.delete.threshold.users': '12' });
      return scene.job();
    },
    statistics: { 'HR user': 'read 8', 'Cloud user': 'deleted 12' },
    outcome: ['Cloud, user: Deletion executed: 12', 'Cloud, user: 12 deletions postponed from earlier jobs'],
    accounts: TWENTY.slice(12),
    links: Object.fromEntries(TWENTY.slice(12).map((id) => [id, 'created'])),
  },
  {
    row: '12, DEL-8: 10 users to delete, threshold 10: all deleted',
    start: { people: TWENTY, cloud: { properties: THRESHOLD_10 } },
    act: async (scene) => {
      await scene.job();
      scene.leave(...TWENTY.slice(0, 10));
      return scene.job();
    },
    statistics: { 'HR user': 'read 10', 'Cloud user': 'deleted 10' },
    outcome: ['Cloud, user: Deletion executed: 10'],
    accounts: TWENTY.slice(10),
    links: Object.fromEntries(TWENTY.slice(10).map((id) => [id, 'created'])),
  },
  {
    row: '12, DEL-8: … those that step 3 keeps do not count',
    start: { people: ['P', 'Q', 'W'], accounts: ['P'], cloud: { properties: { 'ips.delete.threshold.users': '1' } } },
    act: async (scene) => {
      await scene.job();
      scene.leave('P', 'Q');
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED.concat(KEPT),
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '12, DEL-8: … those that are updated instead of deleted do',
    start: {
      people: ['P', 'Q', 'W'],
      cloud: { transformation: deactivating(), properties: { 'ips.delete.threshold.users': '1' } },
    },
    act: async (scene) => {
      await scene.job();
      scene.leave('P', 'Q');
      return scene.job();
    },
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1', 'Cloud user': 'failed 2' },
    outcome: ['Cloud, user: Deletion not executed: threshold 1 exceeded (2)'],
    accounts: ['P', 'Q', 'W'],
    links: { P: 'created', Q: 'created', W: 'created' },
  },
  {
    row: '13, SKP-8: skipOperations with delete: skipped in every job, whatever the threshold',
    start: {
      people: ['P', 'Q', 'W'],
      cloud: {
        transformation: users('target', { skipOperations: ['delete'] }),
        properties: { 'ips.delete.threshold.users': '1' },
      },
    },
    act: async (scene) => {
      await scene.job();
      scene.leave('P', 'Q');
      await scene.job();
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'skipped 2' },
    outcome: ['Cloud, user: 2 deletions skipped by skipOperations'],
    accounts: ['P', 'Q', 'W'],
    links: { P: 'created', Q: 'created', W: 'created' },
  },
  {
    row: '13, SKP-8: … until it is removed, then deleted',
    start: { cloud: { transformation: users('target', { skipOperations: ['delete'] }) } },
    act: async (scene) => {
      await leaves()(scene);
      await scene.transform('target', {});
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_POSTPONED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '14, DEL-7: the delete fails with 500: failed',
    act: leaves(async (scene) =>
      scene.fault(scene.cloud.simulator, { effect: { kind: 'status', status: 500 }, match: { methods: ['DELETE'] } }),
    ),
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1', 'Cloud user': 'failed 1' },
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '14, DEL-7: … and tried again by the next job',
    act: async (scene) => {
      await scene.job();
      scene.leave('P');
      const repair = scene.fault(scene.cloud.simulator, {
        effect: { kind: 'status', status: 500 },
        match: { methods: ['DELETE'] },
      });
      await scene.job();
      repair();
      return scene.job();
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_POSTPONED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '14, DEL-7: … the account is not there any more: deleted',
    act: leaves(async (scene) => {
      const [account] = scene.cloud.simulator.store.find('User', 'userName', 'P@example.com');
      scene.cloud.simulator.store.remove('User', String(account?.['id']));
    }),
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['W'],
    links: { W: 'created' },
  },
  {
    row: '15, DEL-10: deleteEntity mappings, created: updated, link dropped, counted Deleted',
    start: { cloud: { transformation: deactivating() } },
    act: async (scene) => {
      const last = await leaves()(scene);
      const [account] = scene.cloud.simulator.store.find('User', 'userName', 'P@example.com');
      // Nothing but what these mappings say, not even the name.
      expect([account?.['active'], account?.['name']]).toEqual([false, undefined]);
      return last;
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '16: deleteEntity mappings, existed before, property false: not executed',
    start: { accounts: ['P'], cloud: { transformation: deactivating() } },
    act: async (scene) => {
      const last = await leaves()(scene);
      expect(scene.cloud.simulator.store.get('User', 'old-P')).toMatchObject({ active: true });
      return last;
    },
    statistics: { 'HR user': 'read 1' },
    outcome: KEPT,
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '16, DEL-13: … property true: updated instead of deleted',
    start: { accounts: ['P'], cloud: { transformation: deactivating(), properties: EXISTED_BEFORE } },
    act: async (scene) => {
      const last = await leaves()(scene);
      expect(scene.cloud.simulator.store.get('User', 'old-P')).toMatchObject({ active: false });
      return last;
    },
    statistics: { 'HR user': 'read 1', 'Cloud user': 'deleted 1' },
    outcome: ONE_DELETED,
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: '17, DEL-1: stopped while reading: nothing deleted',
    act: async (scene) => {
      await scene.job();
      scene.leave('P');
      const { engine, hr } = scene.world;
      const { runKey, jobId } = await engine.request(hr);
      await engine.activities.openRun({ runKey });
      await engine.activities.intakeChunk({ runKey, type: 'user' });
      await engine.requestStop(jobId);
      await engine.activities.planAbsence({ runKey, targetNo: scene.cloud.system.no }).catch(() => undefined);
      await engine.activities.finishRun({ runKey, end: 'stopped' });
      return scene.world.result(jobId);
    },
    status: 'Manually Terminated',
    statistics: { 'HR user': 'read 1' },
    outcome: ['Cloud, user: Deletion not executed: reading from the source system was not completed'],
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: '18, CNF-10, DEL-20: created anew in the source with another id, the same user name: the account survives',
    act: async (scene) => {
      await scene.job();
      const before = scene.cloud.simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id'];
      scene.leave('P');
      scene.arrive('P2', { userName: 'P@example.com' });
      const last = await scene.job();
      expect(scene.cloud.simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id']).toBe(before);
      return last;
    },
    statistics: { 'HR user': 'read 2', 'Cloud user': 'updated 1' },
    outcome: ['Cloud, user: 1 entities kept because another source entity has the same target entity'],
    accounts: ['P', 'W'],
    links: { P2: 'created', W: 'created' },
  },
];

const MORE: readonly Row[] = [
  {
    row: 'DEL-13: the property set afterwards has no effect on those whose links were dropped',
    start: { accounts: ['P'] },
    act: async (scene) => {
      await leaves()(scene);
      await scene.configure('target', EXISTED_BEFORE);
      return scene.job();
    },
    statistics: { 'HR user': 'read 1' },
    accounts: ['P', 'W'],
    links: { W: 'created' },
  },
  {
    row: 'DEL-10: a mandatory path that is missing in scope deleteEntity: failed, nothing written, link kept',
    start: {
      cloud: {
        transformation: deactivating({ sourcePath: '$.costCenter', targetPath: '$.title', scope: 'deleteEntity' }),
      },
    },
    act: leaves(),
    status: 'Finished with Error',
    statistics: { 'HR user': 'read 1', 'Cloud user': 'failed 1' },
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: 'ORD-4: a type that is ignored from now on deletes nobody',
    act: async (scene) => {
      await scene.job();
      await scene.transform('target', { ignore: true });
      scene.leave('P');
      return scene.job();
    },
    statistics: { 'HR user': 'read 1' },
    accounts: ['P', 'W'],
    links: { P: 'created', W: 'created' },
  },
  {
    row: 'SKP-10, SKP-9: skipped entities do not make a job fail, and say why they were skipped',
    start: { cloud: { transformation: users('target', NO_GUESTS) } },
    act: async (scene) => {
      scene.change('P', { userType: 'guest' });
      const last = await scene.job();
      const { results } = await listResults(scene.world.engine.pool, last.runKey, { limit: 5, result: 'skipped' });
      expect(results.map(({ sourceKey, message }) => [sourceKey, message])).toEqual([
        ['P', "Entity condition [$.userType != 'guest'] is not fulfilled"],
      ]);
      return last;
    },
    statistics: { 'HR user': 'read 2', 'Cloud user': 'created 1, skipped 1' },
    accounts: ['W'],
    links: { P: 'skipped', W: 'created' },
  },
];

describe('the tables of deletion', () => {
  let engine: TestEngine;
  let scene: DeletionScene | undefined;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => scene?.stop());
  afterAll(() => engine.stop());

  async function check(row: Row): Promise<void> {
    scene = await DeletionScene.start(engine, row.start);
    const last = await row.act(scene);
    expect({
      status: last.status,
      statistics: last.statistics,
      outcome: last.outcome,
      accounts: scene.accounts(),
      links: await scene.links(),
    }).toEqual({
      status: row.status ?? 'Success',
      statistics: row.statistics,
      outcome: row.outcome ?? [],
      accounts: row.accounts,
      links: row.links,
    });
  }

  it.each(SCENARIOS)('DEL-15, $row', check);
  it.each(CASES)('DEL-17, $row', check);
  it.each(MORE)('$row', check);
});
