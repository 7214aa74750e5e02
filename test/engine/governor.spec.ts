import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import type { Row } from '../../state/database.js';
import { listResults } from '../../state/runs/index.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

const REFERENCE = { 'ips.reference.behavior': 'true' };

describe('governor', () => {
  let world: World;
  afterEach(() => world.stop());

  const people = (count: number, change: JsonObject = {}): JsonObject[] =>
    Array.from({ length: count }, (_, index) => person(`p${String(index).padStart(3, '0')}`, change));

  const changes = (): Promise<Row[]> =>
    world.engine.pool.query(
      'select verb, class, state, count(*)::int as count from change group by 1, 2, 3 order by 1, 2, 3',
    );

  const lose = (count: number): void => {
    for (let index = 0; index < count; index += 1)
      world.source.store.remove('User', `p${String(index).padStart(3, '0')}`);
  };

  it('GOV-2, GOV-5, GOV-6, GOV-7, STA-10: too many deletions are all held before the first is executed; everything else goes on', async () => {
    world = await World.start({ source: { users: people(40), groups: [group('G', ['p039']), group('H', ['p039'])] } });
    const { simulator: cloud, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    lose(11);
    world.source.store.update('User', 'p020', { title: 'Lead' });
    world.source.store.add('User', person('new'));
    world.source.store.remove('Group', 'G');
    const mark = cloud.journal.mark();

    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Success');
    expect(summary(second.statistics)).toEqual({
      'HR user': 'read 30',
      'HR group': 'read 1',
      'Cloud user': 'created 1, updated 1, held 11',
      'Cloud group': 'deleted 1',
    });
    expect(second.job.outcome).toEqual(['Cloud, group: Deletion executed: 1', 'Held for approval: 11 delete in Cloud']);
    expect(writesSince(cloud, mark).filter((line) => line.startsWith('DELETE /Users'))).toEqual([]);
    const { results } = await listResults(world.engine.pool, second.job.runKey, { result: 'held', limit: 50 });
    expect(results).toHaveLength(11);
    expect(await changes()).toEqual([{ verb: 'delete', class: 'delete', state: 'held', count: 11 }]);

    // GOV-8: neither a higher limit nor another run releases anything.
    await world.engine.setProperties(system, { ...(await propertiesOf(system.no)), 'ips.governor.delete': 'off' });
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toMatchObject({ 'HR user': 'read 30', 'Cloud user': 'held 11' });
    expect(await changes()).toEqual([{ verb: 'delete', class: 'delete', state: 'held', count: 11 }]);

    // The source recovers: nothing is left to be decided, and nothing was lost.
    for (const body of people(11)) world.source.store.add('User', body);
    const fourth = await world.engine.runJob(world.hr);
    // The run in between has marked them as gone, so each account is written once more.
    expect(summary(fourth.statistics)).toEqual({
      'HR user': 'read 41',
      'HR group': 'read 1',
      'Cloud user': 'updated 11',
    });
    expect(fourth.job.outcome).toEqual([]);
    expect(await changes()).toEqual([{ verb: 'delete', class: 'delete', state: 'superseded', count: 11 }]);
    expect(userNames(cloud)).toEqual(userNames(world.source));
  });

  it('GOV-3: the window is a day over all runs, and budget of deletions that did not happen goes back', async () => {
    world = await World.start({ source: { users: people(30) } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    lose(6);
    await cloud.down();
    await world.engine.runJob(world.hr);
    await cloud.up();
    expect(userNames(cloud)).toHaveLength(30);
    // None was sent, so all six may be now.
    const second = await world.engine.runJob(world.hr);
    expect(summary(second.statistics)).toMatchObject({ 'Cloud user': 'deleted 6' });
    lose(11);
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toMatchObject({ 'Cloud user': 'held 5' });
    // A day later the same five are still held: time alone releases nothing (GOV-8), but the budget is free again.
    await world.engine.pool.query(`update governor_use set hour = hour - interval '25 hours'`);
    const fourth = await world.engine.runJob(world.hr);
    expect(summary(fourth.statistics)).toMatchObject({ 'Cloud user': 'held 5' });
    world.source.store.remove('User', 'p020');
    const fifth = await world.engine.runJob(world.hr);
    expect(summary(fifth.statistics)).toMatchObject({ 'Cloud user': 'deleted 1, held 5' });
  });

  it('GOV-1, GOV-5, GOV-8: of disables the ones beyond the limit are held; they are looked at again when their data changes', async () => {
    world = await World.start({ source: { users: people(25) } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    for (const body of people(25).slice(0, 13))
      world.source.store.update('User', String(body['id']), { active: false });
    world.source.store.update('User', 'p020', { title: 'Lead' });
    const second = await world.engine.runJob(world.hr);
    expect(second.job.status).toBe('Success');
    expect(summary(second.statistics)).toMatchObject({ 'Cloud user': 'updated 11, held 3' });
    expect(second.job.outcome).toEqual(['Held for approval: 3 disable in Cloud']);

    const [a, b, c] = await heldKeys();
    world.source.store.update('User', a ?? '', { title: 'Other' });
    world.source.store.update('User', b ?? '', { active: true, title: 'Back' });
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toMatchObject({ 'Cloud user': 'updated 1, held 2' });
    expect(await heldKeys()).toEqual([a, c].sort());
    expect(await changes()).toEqual([
      { verb: 'disable', class: 'disable', state: 'held', count: 2 },
      { verb: 'disable', class: 'disable', state: 'superseded', count: 2 },
    ]);
    expect(cloud.store.find('User', 'userName', `${b ?? ''}@example.com`)[0]).toMatchObject({
      active: true,
      title: 'Back',
    });
  });

  it('GOV-1, CNF-1: accounts that were there before and would be switched off count; they are linked, and stay active until somebody approves', async () => {
    const ids = people(4).map((body) => String(body['id']));
    world = await World.start({ source: { users: ids.map((id) => person(id, { active: id === ids[3] })) } });
    const limit = { 'ips.governor.disable': '1' };
    const { simulator: cloud } = await world.addTarget('Cloud', { users: people(4) }, { properties: limit });
    const { statistics, job } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud user': 'updated 2, held 2' });
    expect(job).toMatchObject({ status: 'Success', outcome: ['Held for approval: 2 disable in Cloud'] });
    const active = (): unknown[] => cloud.store.snapshot().users.filter((user) => user['active'] !== false);
    expect(active()).toHaveLength(3);
    expect(await world.engine.pool.query('select distinct state, origin from link')).toEqual([{ state: 1, origin: 2 }]);
    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    expect(active()).toHaveLength(1);
    expect((await world.engine.runJob(world.hr)).job.outcome).toEqual([]);
  });

  it('GOV-1: a target that lost everybody does not get them all back unseen', async () => {
    world = await World.start({ source: { users: people(15) } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    for (const user of cloud.store.snapshot().users) cloud.store.remove('User', String(user['id']));
    const { statistics, job } = await world.engine.runJob(world.hr, 'resync');
    expect(summary(statistics)).toMatchObject({ 'Cloud user': 'created 10, held 5' });
    expect(job.outcome).toEqual(['Held for approval: 5 recreate in Cloud']);
    expect(userNames(cloud)).toHaveLength(10);
    // GOV-8, and no force left of the Resync: the next run leaves them alone.
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toMatchObject({ 'Cloud user': 'held 5' });
  });

  it('GOV-6, WRT-7: whose new creation is held is a member of no group until then, and the group gets its other members', async () => {
    const ids = people(4).map((body) => String(body['id']));
    const limit = { 'ips.governor.recreate': '0' };
    world = await World.start({ source: { users: people(4), groups: [group('G', ids.slice(0, 3))] } });
    const { simulator: cloud } = await world.addTarget('Cloud', {}, { properties: limit });
    await world.engine.runJob(world.hr);
    const lost = cloud.store.find('User', 'userName', `${ids[0] ?? ''}@example.com`)[0]?.['id'];
    cloud.store.remove('User', String(lost));
    world.source.store.update('User', ids[0] ?? '', { title: 'Lead' });
    world.source.store.update('Group', 'G', { members: ids.map((value) => ({ value, type: 'User' })) });
    const { statistics, job } = await world.engine.runJob(world.hr);
    expect(job).toMatchObject({
      status: 'Success',
      outcome: [
        'Cloud, group: 1 entities refer to 1 that are not in the target',
        'Held for approval: 1 recreate in Cloud',
      ],
    });
    expect(summary(statistics)).toMatchObject({ 'Cloud user': 'held 1', 'Cloud group': 'updated 1' });
    expect(Object(cloud.store.snapshot().groups[0]?.['members'])).toHaveLength(3);
    const mark = cloud.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, mark)).toEqual([]);

    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    const last = await world.engine.runJob(world.hr);
    expect(last.job).toMatchObject({ status: 'Success', outcome: [] });
    const members = cloud.store.snapshot().groups.flatMap((one) => one['members']);
    const again = cloud.store.find('User', 'userName', `${ids[0] ?? ''}@example.com`)[0]?.['id'];
    expect(members).toHaveLength(4);
    expect(members).toContainEqual(expect.objectContaining({ value: again }));
  });

  it.each(['resync', 'read'] as const)(
    'GOV-8, CHG-7: an account that is gone and was held in a %s is not taken for one in step, also when the data is as it was',
    async (kind) => {
      world = await World.start({ source: { users: people(2) } });
      const limit = { 'ips.governor.recreate': '0' };
      const { simulator: cloud } = await world.addTarget('Cloud', {}, { properties: limit });
      await world.engine.runJob(world.hr);
      const [id] = people(2).map((body) => String(body['id']));
      const find = () => cloud.store.find('User', 'userName', `${id ?? ''}@example.com`);
      const before = world.source.store.get('User', id ?? '')?.['title'];
      cloud.store.remove('User', String(find()[0]?.['id']));
      if (kind === 'read') world.source.store.update('User', id ?? '', { title: 'Lead' });
      await world.engine.runJob(world.hr, kind);
      if (kind === 'read') world.source.store.update('User', id ?? '', { title: before ?? null });
      else await world.engine.pool.query(`update plan set expires_at = now() - interval '1 minute'`);
      await world.engine.runJob(world.hr);
      const { statistics } = await world.engine.runJob(world.hr);
      expect(summary(statistics)).toMatchObject({ 'Cloud user': 'held 1' });
      expect(find()).toHaveLength(0);
      await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
      expect(find()).toHaveLength(1);
    },
  );

  it('GOV-4, GOV-6: a group that would lose too many members keeps them, gets its new ones, and no other group waits', async () => {
    const ids = people(12).map((body) => String(body['id']));
    world = await World.start({
      source: { users: [...people(12), person('x')], groups: [group('G', ids), group('H', ids)] },
    });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const members = (...names: string[]): JsonObject => ({ members: names.map((value) => ({ value, type: 'User' })) });
    world.source.store.update('Group', 'G', members('x', ...ids.slice(4)));
    world.source.store.update('Group', 'H', members('x', ...ids.slice(3)));
    const { statistics, job } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud group': 'updated 2' });
    expect(job.outcome).toEqual(['Held for approval: 1 removeMember in Cloud']);
    const sizes = cloud.store.snapshot().groups.map((one) => [one['displayName'], Object(one['members']).length]);
    expect(sizes.sort()).toEqual([
      ['Group G', 13],
      ['Group H', 10],
    ]);
    const mark = cloud.journal.mark();
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toMatchObject({ 'Cloud group': 'held 1' });
    expect(writesSince(cloud, mark)).toEqual([]);
  });

  it('GOV-4, GOV-6: members whose accounts are gone are neither kept nor counted; the group gets its new ones all the same', async () => {
    const ids = people(13).map((body) => String(body['id']));
    world = await World.start({ source: { users: people(13), groups: [group('G', ids.slice(0, 12))] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const members = (names: readonly string[]): JsonObject => ({
      members: names.map((value) => ({ value, type: 'User' })),
    });
    world.source.store.update('Group', 'G', members(ids.slice(6, 12)));
    await world.engine.runJob(world.hr);
    for (const id of ids.slice(0, 3)) world.source.store.remove('User', id);
    await world.engine.runJob(world.hr);
    // Six were to go, of whom three are gone: of the nine that are left three are more than thirty per cent.
    world.source.store.update('Group', 'G', members(ids.slice(6, 13)));
    const { statistics, job } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud group': 'updated 1' });
    expect(job.outcome).toContain('Held for approval: 1 removeMember in Cloud');
    expect(Object(cloud.store.snapshot().groups[0]?.['members'])).toHaveLength(10);
    for (const id of ids.slice(3, 6)) world.source.store.remove('User', id);
    await world.engine.runJob(world.hr);
    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    const last = await world.engine.runJob(world.hr);
    expect(last.job).toMatchObject({ status: 'Success', outcome: [] });
    expect(Object(cloud.store.snapshot().groups[0]?.['members'])).toHaveLength(7);
  }, 60_000);

  it('GOV-8: what is held stays held when the governor is switched off; a source that follows the reference has none', async () => {
    const limit = { 'ips.governor.disable': '0' };
    world = await World.start({ source: { users: people(2) } });
    const { system, simulator: cloud } = await world.addTarget('Cloud', {}, { properties: limit });
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'p000', { active: false });
    await world.engine.runJob(world.hr);
    const off = Object.fromEntries(
      ['delete', 'disable', 'recreate', 'group.members.percent'].map((name) => [`ips.governor.${name}`, 'off']),
    );
    await world.engine.changeProperties(system, off);
    world.source.store.update('User', 'p000', { title: 'Lead' });
    const mark = cloud.journal.mark();
    const { job } = await world.engine.runJob(world.hr);
    expect(job.outcome).toEqual(['Held for approval: 1 disable in Cloud']);
    expect(writesSince(cloud, mark)).toEqual([]);
    await world.engine.changeProperties(world.hr, REFERENCE);
    world.source.store.update('User', 'p000', { title: 'Expert' });
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, mark)).toHaveLength(1);
  });

  it('GOV-7, PLN-10: a removal that waits can be approved although one of the members has been deleted since; one that drifted waits anew', async () => {
    const ids = people(12).map((body) => String(body['id']));
    world = await World.start({ source: { users: people(12), groups: [group('G', ids)] } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    const members = ids.slice(6).map((value) => ({ value, type: 'User' }));
    world.source.store.update('Group', 'G', { members });
    await world.engine.runJob(world.hr);
    // The target drops him from the group together with his account.
    world.source.store.remove('User', 'p000');
    await world.engine.runJob(world.hr);
    const ofG = String(cloud.store.find('Group', 'displayName', 'Group G')[0]?.['id']);
    const memberIds = (): JsonObject[] => Object(cloud.store.get('Group', ofG)?.['members']);
    const own = memberIds();
    const stranger = cloud.store.add('User', { userName: 'somebody.else' });
    cloud.store.update('Group', ofG, { members: [...own, { value: stranger }] });
    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    expect(await changes()).toMatchObject([{ class: 'removeMember', state: 'drifted', count: 1 }]);
    await world.engine.runJob(world.hr);
    expect(await changes()).toMatchObject([{ state: 'drifted' }, { state: 'held', count: 1 }]);
    cloud.store.update('Group', ofG, { members: own });
    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    expect(await changes()).toMatchObject([{ state: 'applied', count: 1 }, { state: 'drifted' }]);
    expect(memberIds()).toHaveLength(6);
    const mark = cloud.journal.mark();
    await world.engine.runJob(world.hr);
    expect(writesSince(cloud, mark)).toEqual([]);
  });

  it('GOV-9, DEL-8, DEL-9: beside the governor a threshold comes first; what it blocks fails, is not held and uses no budget', async () => {
    world = await World.start({ source: { users: people(40) } });
    const threshold = { 'ips.delete.threshold.users': '12' };
    const { simulator: cloud, system } = await world.addTarget('Cloud', {}, { properties: threshold });
    await world.engine.runJob(world.hr);
    // Beyond both: the threshold speaks.
    lose(13);
    const blocked = await world.engine.runJob(world.hr);
    expect(blocked.job).toMatchObject({
      status: 'Finished with Error',
      outcome: ['Cloud, user: Deletion not executed: threshold 12 exceeded (13)'],
    });
    expect(summary(blocked.statistics)).toMatchObject({ 'Cloud user': 'failed 13' });
    expect(await changes()).toEqual([]);
    expect(await world.engine.pool.query('select 1 from governor_use where used > 0')).toEqual([]);
    // Within the threshold and beyond the governor: held. A raised threshold releases only what it has blocked itself.
    await world.engine.changeProperties(system, { 'ips.delete.threshold.users': '13' });
    const held = await world.engine.runJob(world.hr);
    expect(held.job).toMatchObject({ status: 'Success', outcome: ['Held for approval: 13 delete in Cloud'] });
    expect(summary(held.statistics)).toMatchObject({ 'Cloud user': 'held 13' });
    expect(userNames(cloud)).toHaveLength(40);
    // Approved, they are executed.
    await world.engine.approveAndApply(await world.engine.newestPlan(world.hr));
    expect(userNames(cloud)).toHaveLength(27);
    // Within both: deleted.
    world.source.store.remove('User', 'p020');
    const last = await world.engine.runJob(world.hr);
    expect(summary(last.statistics)).toMatchObject({ 'Cloud user': 'deleted 1' });
  });

  it('GOV-9, GOV-10: thresholds come first and act as documented; a source that follows the reference has no governor and no guard', async () => {
    world = await World.start({ source: { users: people(20) }, hr: { properties: REFERENCE } });
    const { simulator: cloud } = await world.addTarget('Cloud');
    const { simulator: wiki } = await world.addTarget(
      'Wiki',
      {},
      { properties: { 'ips.delete.threshold.users': '3' } },
    );
    await world.engine.runJob(world.hr);
    lose(20);
    const mark = world.source.journal.mark();
    const { statistics, job } = await world.engine.runJob(world.hr);
    expect(job.outcome.join()).toContain('Behavior of the reference: no governor');
    expect(world.source.journal.since(mark).filter(({ path }) => /Users\/p/.test(path))).toEqual([]);
    expect(summary(statistics)).toEqual({ 'Cloud user': 'deleted 20', 'Wiki user': 'failed 20' });
    expect([userNames(cloud).length, userNames(wiki).length]).toEqual([0, 20]);
    expect(await changes()).toEqual([]);
  });

  async function heldKeys(): Promise<string[]> {
    const rows = await world.engine.pool.query<{ key: string }>(
      `select source_key as key from change where state = 'held' order by 1`,
    );
    return rows.map((row) => row.key);
  }

  async function propertiesOf(systemNo: number): Promise<Record<string, string>> {
    const rows = await world.engine.pool.query<{ name: string; value: string }>(
      'select name, value from system_property where system_no = $1 and value is not null',
      [systemNo],
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.value]));
  }
});
