import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import { listChanges } from '../../state/plans/index.js';
import type { ChangeView } from '../../state/plans/index.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = ['P', 'Q', 'R', 'S'];
const HOLD_ALL = { 'ips.governor.delete': '0', 'ips.governor.disable': '0' };

describe('an account that somebody changes while its change waits for an approval', () => {
  let world: World;
  afterEach(() => world.stop());

  async function start(dialect?: 'etags'): Promise<WorldTarget> {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id, { title: 'Clerk' })) } });
    const target = await world.addTarget('Cloud', dialect === undefined ? {} : { dialect }, { properties: HOLD_ALL });
    await world.job();
    return target;
  }

  const idOf = ({ simulator }: WorldTarget, id: string): string =>
    String(simulator.store.find('User', 'userName', `${id}@example.com`)[0]?.['id']);

  /** The change of a person in the newest plan. */
  async function changeOf(sourceKey: string): Promise<ChangeView> {
    const plan = await world.engine.newestPlan(world.hr);
    const found = (await listChanges(world.engine.pool, plan.planNo, {}, { limit: 100 })).find(
      (change) => change.sourceKey === sourceKey,
    );
    if (found === undefined) throw new Error(`the newest plan says nothing of ${sourceKey}`);
    return found;
  }

  async function found(change: ChangeView): Promise<JsonObject | null> {
    const { dataSource, keyring } = world.engine;
    const sealer = createBodySealer((await loadInstallationKeys(dataSource, keyring)).deriveKey('link-body'));
    return change.basis === null ? null : sealer.open(change.basis, `change/${change.targetNo}/${change.entityNo}`);
  }

  async function approve(): Promise<string[]> {
    const { job } = await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    return [...job.outcome];
  }

  for (const dialect of [undefined, 'etags'] as const) {
    it(`PLN-10, PLN-12, GOV-8: a held delete that drifted is held anew on what the account holds now, and is executed when that is approved${dialect === undefined ? '' : ' (with entity tags)'}`, async () => {
      const cloud = await start(dialect);
      const { store, journal } = cloud.simulator;
      for (const id of ['P', 'Q']) world.source.store.remove('User', id);
      await world.job();
      expect(await changeOf('P')).toMatchObject({ state: 'held', verb: 'delete', basis: null });
      store.update('User', idOf(cloud, 'P'), { active: 'suspended' });
      const mark = journal.mark();
      expect(await approve()).toContain('1 changes not applied: the account or the source has moved (drifted)');
      expect(await changeOf('P')).toMatchObject({
        state: 'drifted',
        reason: 'somebody has changed active in the target',
      });

      // One deletion is within any limit that is no limit of zero: it is held because it was held before.
      await world.engine.changeProperties(cloud.system, { 'ips.governor.delete': 'on' });
      const { statistics, outcome } = await world.job();
      expect(statistics['Cloud user']).toBe('held 1');
      expect(outcome).toContain('Held for approval: 1 delete in Cloud');
      const again = await changeOf('P');
      expect(again).toMatchObject({ state: 'held', risks: ['deletes', 'overGovernor', 'changedInTarget'] });
      expect(await found(again)).toMatchObject({ active: 'suspended', userName: 'P@example.com' });
      expect(writesSince(cloud.simulator, mark)).toEqual([expect.stringMatching(/^DELETE .*Users/)]);

      // Changed once more before the approval: what is executed is what was approved, and nothing else.
      store.update('User', idOf(cloud, 'P'), { active: false });
      await approve();
      expect(await changeOf('P')).toMatchObject({ state: 'drifted' });
      await world.job();
      expect(await found(await changeOf('P'))).toMatchObject({ active: false });
      expect(await approve()).toContain('1 changes of the plan applied');
      expect(await changeOf('P')).toMatchObject({ state: 'applied' });
      expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
      expect((await world.job()).outcome).toEqual([]);
    });
  }

  it('PLN-10, PLN-11: a planned disable that drifted is planned anew on what the account holds, and is executed exactly', async () => {
    const cloud = await start();
    world.source.store.update('User', 'R', { active: false });
    await world.job('readPlan');
    cloud.simulator.store.update('User', idOf(cloud, 'R'), { active: 'suspended' });
    await approve();
    expect(await changeOf('R')).toMatchObject({ state: 'drifted', verb: 'disable' });
    await world.job('readPlan');
    const again = await changeOf('R');
    expect(again).toMatchObject({ state: 'planned', risks: expect.arrayContaining(['changedInTarget']) });
    expect(await found(again)).toEqual({ active: 'suspended' });
    const mark = cloud.simulator.journal.mark();
    await approve();
    expect(await changeOf('R')).toMatchObject({ state: 'applied' });
    expect(writesSince(cloud.simulator, mark)).toHaveLength(1);
    expect(cloud.simulator.store.get('User', idOf(cloud, 'R'))).toMatchObject({ active: false });
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'HR user': 'read 4' });
  });

  it('PLN-5, PLN-9: what was found is part of the hash: who has seen another state applies nothing', async () => {
    const cloud = await start();
    world.source.store.remove('User', 'S');
    await world.job('readPlan');
    const { hash: first } = await world.engine.newestPlan(world.hr);
    await world.job('readPlan');
    const { hash: same } = await world.engine.newestPlan(world.hr);
    expect(same).toBe(first);
    cloud.simulator.store.update('User', idOf(cloud, 'S'), { active: false });
    await approve();
    await world.job('readPlan');
    expect((await world.engine.newestPlan(world.hr)).hash).not.toBe(first);
  });

  it('DEL-7, CONN-SCIM-64: a delete whose tag is refused because somebody has touched the account reads the tag again, once', async () => {
    const cloud = await start('etags');
    await world.engine.changeProperties(cloud.system, { 'ips.governor.delete': 'off' });
    world.source.store.remove('User', 'S');
    cloud.simulator.store.update('User', idOf(cloud, 'S'), { nickName: 'seen yesterday' });
    const mark = cloud.simulator.journal.mark();
    expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'deleted 1' });
    const deletes = cloud.simulator.journal.writesSince(mark).map((record) => record.status);
    expect(deletes).toEqual([412, 204]);
  });
});
