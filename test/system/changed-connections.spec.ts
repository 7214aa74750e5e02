import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isJsonObject } from '../../core/json.js';
import { applyEvolution, evolve } from '../../simulators/evolution.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';

const temporal = await testTemporal();

temporal.describe('targets and mappings that change between two jobs', () => {
  let population = generatePopulation({ people: 120, groups: 5, seed: 13 });
  let muster: TestMuster;
  let source: ScimSimulator;
  let first: ScimSimulator;
  let second: ScimSimulator;
  let hr: System;
  let secondTarget: System;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    [first, second] = await Promise.all([startScimSimulator(), startScimSimulator()]);
    hr = await muster.addSource('HR', source);
    await muster.addTarget('First', first, hr);
    expect(endOf(await muster.run(hr))).toEqual(SUCCESS);
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await Promise.all([source, first, second].map((simulator) => simulator?.stop()));
  });

  it('CHG-1: a target that is connected after the first load gets everybody with the next read', async () => {
    secondTarget = await muster.addTarget('Second', second, hr);
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 120',
      'HR group': 'read 5',
      'Second user': 'created 120',
      'Second group': 'created 5',
    });
    expectSameContent(source, first, second);
    await expectNothingLeft(muster, hr, [first, second]);
  });

  it('SYS-19, SYS-21: a target that was disabled during changes gets them when it is enabled again', async () => {
    await muster.client.setEnabled(secondTarget.id, false);
    const evolution = evolve(population, { changed: 6, joined: 3, left: 2, seed: 1 });
    applyEvolution(source.store, evolution);
    population = evolution.population;
    const mark = second.journal.mark();
    const without = await muster.run(hr);
    expect(endOf(without)).toEqual(SUCCESS);
    expect(without.statistics.filter((row) => row.systemName === 'Second')).toEqual([]);
    expect(second.journal.since(mark)).toEqual([]);

    await muster.client.setEnabled(secondTarget.id, true);
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 121',
      'HR group': 'read 5',
      'Second user': 'created 3, updated 6, deleted 2',
      'Second group': `updated ${evolution.changedGroups.length}`,
    });
    expectSameContent(source, first, second);
    await expectNothingLeft(muster, hr, [first, second]);
  });

  it('CHG-4: a changed write mapping updates everybody in that target only', async () => {
    await changeUserPart(secondTarget, (user) => ({
      ...user,
      mappings: [...listOf(user['mappings']), { constant: 'Muster', targetPath: '$.nickName' }],
    }));
    const job = await muster.run(hr);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({ 'HR user': 'read 121', 'HR group': 'read 5', 'Second user': 'updated 121' });
    expect(second.store.list('User').every((user) => user['nickName'] === 'Muster')).toBe(true);
    await expectNothingLeft(muster, hr, [first, second]);
  });

  it('CHG-5, DEL-5, SKP-1: a new condition of a target deletes there who does not meet it, and lifting it creates them again', async () => {
    const contractors = source.store.find('User', 'userType', 'Contractor').length;
    expect(contractors).toBeGreaterThan(3);
    await changeUserPart(secondTarget, (user) => ({ ...user, condition: "$.userType == 'Employee'" }));
    const narrowed = await muster.run(hr);
    expect(endOf(narrowed)).toEqual(SUCCESS);
    expect(statisticsOf(narrowed)['Second user']).toMatch(new RegExp(`^deleted ${contractors}\\b`));
    expect(second.store.find('User', 'userType', 'Contractor')).toEqual([]);
    expect(first.store.find('User', 'userType', 'Contractor')).toHaveLength(contractors);
    // Deletions come last (ORD-3); groups that had them as members are written once more after them, in the same job.
    expect(statisticsOf(narrowed)['Second group']).toMatch(/^updated \d+$/);
    await expectNothingLeft(muster, hr, [first, second]);

    await changeUserPart(secondTarget, ({ condition: _condition, ...user }) => user);
    const widened = await muster.run(hr);
    expect(endOf(widened)).toEqual(SUCCESS);
    expect(statisticsOf(widened)['Second user']).toBe(`created ${contractors}`);
    expectSameContent(source, first, second);
    await expectNothingLeft(muster, hr, [first, second]);
  });

  it('JOB-4, CHG-6: a resync overwrites what was changed in a target and creates again who was removed there', async () => {
    const [changed, removed] = first.store.list('User');
    first.store.update('User', String(changed?.['id']), { title: 'Somebody else' });
    first.store.remove('User', String(removed?.['id']));
    // The journal knows nothing of a removal by hand.
    first.journal.clear();
    const job = await muster.run(hr, 'RESYNC');
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 121',
      'HR group': 'read 5',
      'First user': 'created 1, updated 120',
      'First group': 'updated 5',
      'Second user': 'updated 121',
      'Second group': 'updated 5',
    });
    expectSameContent(source, first, second);
    await expectNothingLeft(muster, hr, [first, second]);
  });

  async function changeUserPart(
    system: System,
    change: (user: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const transformation = await muster.client.readTransformation(system.id);
    const user = transformation['user'];
    if (!isJsonObject(user)) throw new Error('the transformation has no part for users');
    await muster.client.saveTransformation(system.id, { ...transformation, user: change(user) }, 'test');
  }
});

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
