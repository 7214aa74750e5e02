import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listResults } from '../../state/runs/index.js';
import { TestEngine } from '../support/engine.js';
import { group, memberNames, person, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const SAP_GROUP = 'urn:ietf:params:scim:schemas:extension:sap:2.0:Group';

describe('prefixes of groups', () => {
  let engine: TestEngine;
  let world: World;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  const named = (id: string, displayName: string, members: string[]) => ({ ...group(id, members), displayName });
  const groupNames = ({ simulator }: WorldTarget): unknown[] =>
    simulator.store
      .snapshot()
      .groups.map((one) => one['displayName'])
      .sort();

  it('CONN-CORE-84, CONN-SCIM-110: a source with a prefix: the groups of its targets carry it, and know their name of before', async () => {
    world = await World.join(engine, {
      source: { users: [person('P')], groups: [group('G', ['P'])] },
      hr: { properties: { 'scim.group.prefix': 'HR_', 'ips.application.id': 'payroll' } },
    });
    const cloud = await world.addTarget('Cloud');
    expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'created 1', 'Cloud group': 'created 1' });
    const [found] = cloud.simulator.store.snapshot().groups;
    expect(found).toMatchObject({
      displayName: 'HR_Group G',
      [SAP_GROUP]: { externalName: 'Group G', applicationId: 'payroll' },
    });
    expect(memberNames(cloud.simulator, String(found?.['id']))).toEqual(['P@example.com']);
    // Nothing has changed: the prefix is not put before it once more.
    expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'HR group': 'read 1' });
  });

  it('CONN-SCIM-111, CONN-SCIM-112, PRP-97: a target with a prefix: only its groups, without it, and only who is in one of them', async () => {
    world = await World.join(engine, {
      source: {
        dialect: 'shows-groups',
        users: [person('P'), person('Q'), person('R')],
        groups: [named('S', 'CRM_Sales', ['P']), named('T', 'Staff', ['P', 'Q'])],
      },
    });
    const crm = await world.addTarget('CRM', {}, { properties: { 'scim.group.prefix': 'CRM_' } });
    const first = await world.job();
    expect(first.statistics).toMatchObject({ 'CRM user': 'created 1, skipped 2', 'CRM group': 'created 1, skipped 1' });
    expect(userNames(crm.simulator)).toEqual(['P@example.com']);
    expect(groupNames(crm)).toEqual(['Sales']);
    const [sales] = crm.simulator.store.snapshot().groups;
    expect(memberNames(crm.simulator, String(sales?.['id']))).toEqual(['P@example.com']);
    const { results } = await listResults(engine.pool, first.runKey, { limit: 5, result: 'skipped' });
    expect(results.every(({ message }) => message?.includes('scim.group.prefix'))).toBe(true);
    // Q joins a group that carries the prefix, and P leaves it.
    world.source.store.update('Group', 'S', named('S', 'CRM_Sales', ['Q']));
    const second = await world.job();
    expect(second.statistics).toMatchObject({
      'CRM user': 'created 1, deleted 1, skipped 1',
      'CRM group': 'updated 1, skipped 1',
    });
    expect(userNames(crm.simulator)).toEqual(['Q@example.com']);
    expect(memberNames(crm.simulator, String(sales?.['id']))).toEqual(['Q@example.com']);
  });

  it('CONN-CORE-84: from a source with a prefix to a target with the same: names are as they were', async () => {
    world = await World.join(engine, {
      source: { dialect: 'shows-groups', users: [person('P')], groups: [group('G', ['P'])] },
      hr: { properties: { 'scim.group.prefix': 'X_' } },
    });
    const cloud = await world.addTarget('Cloud', {}, { properties: { 'scim.group.prefix': 'X_' } });
    expect((await world.job()).statistics).toMatchObject({ 'Cloud user': 'created 1', 'Cloud group': 'created 1' });
    expect(groupNames(cloud)).toEqual(['Group G']);
  });

  it('PRP-97, GOV-5: a prefix that comes to a target later, with a source that does not tell the groups of its users, is held: nobody is deleted', async () => {
    const people = Array.from({ length: 60 }, (_, n) => person(`p${n}`));
    world = await World.join(engine, {
      source: { users: people, groups: [named('S', 'CRM_Sales', ['p0']), named('T', 'Staff', ['p0', 'p1'])] },
    });
    const own = { id: 'own', displayName: 'Of somebody else', members: [] };
    const crm = await world.addTarget('CRM', { groups: [own] });
    await world.job();
    expect(groupNames(crm)).toEqual(['CRM_Sales', 'Of somebody else', 'Staff']);
    await engine.changeProperties(crm.system, { 'scim.group.prefix': 'CRM_' });
    const mark = crm.simulator.journal.mark();
    const { statistics } = await world.job();
    expect(statistics['CRM user']).toContain('held 60');
    expect(userNames(crm.simulator)).toHaveLength(60);
    const written = crm.simulator.journal
      .writesSince(mark)
      .map(({ method, path }) => `${method} ${path.split('/')[1]}`);
    expect(written.filter((line) => line.startsWith('DELETE') && line.endsWith('Users'))).toEqual([]);
    // A group that is no link of ours is never touched, and the one without the prefix is out of scope.
    expect(groupNames(crm)).toContain('Of somebody else');
    const [sales] = crm.simulator.store.find('Group', 'displayName', 'Sales');
    expect(memberNames(crm.simulator, String(sales?.['id']))).toEqual(['p0@example.com']);
    expect(statistics['CRM group']).toBe('updated 1, deleted 1');
  });
});
