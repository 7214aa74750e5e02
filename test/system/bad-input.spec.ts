import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { applyEvolution, evolve } from '../../simulators/evolution.js';
import { generatePopulation, personAt } from '../../simulators/population.js';
import type { FaultRule } from '../../simulators/scim/faults.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator, ScimSimulatorOptions } from '../../simulators/scim/simulator.js';
import { sized } from '../support/sizes.js';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { duplicatesIn, endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';

const temporal = await testTemporal();
const LISTS = { operations: ['list'] } as const;
/** Three pages. */
const PEOPLE = 60;
const PAGE = 25;
const SECOND_PAGE = { ...LISTS, type: 'User', minStartIndex: PAGE + 1 } as const;
/** Of the read that drifts. */
const MANY = sized(300, 1_000);

/** What a back end does wrong, and what the job says about it. */
const FAULTS: readonly (readonly [string, FaultRule, RegExp])[] = [
  ['cuts its answer in the middle of the JSON', { effect: { kind: 'truncatedJson' }, match: LISTS }, /JSON/i],
  ['answers a login page in HTML', { effect: { kind: 'html' }, match: LISTS }, /HTML|JSON/i],
  ['repeats a page', { effect: { kind: 'repeatPage' }, match: SECOND_PAGE }, /repeat|again|twice|page/i],
  [
    'gives an empty page before the end',
    { effect: { kind: 'emptyPage' }, match: SECOND_PAGE },
    /moved while it was read/,
  ],
  [
    'shrinks its total',
    { effect: { kind: 'shrinkTotal', by: PEOPLE / 2 }, match: SECOND_PAGE },
    /moved while it was read/,
  ],
  ['cuts the connection', { effect: { kind: 'drop' }, match: SECOND_PAGE }, /connection|socket|closed/i],
  ['fails for good on its second page', { effect: { kind: 'status', status: 500 }, match: SECOND_PAGE }, /500/],
];

temporal.describe('a back end that answers badly', () => {
  let muster: TestMuster;
  const simulators: ScimSimulator[] = [];
  let places = 0;

  beforeAll(async () => {
    muster = await TestMuster.start({ temporalAddress: temporal.address });
  }, 60_000);

  afterEach(async () => {
    await Promise.all(simulators.splice(0).map((simulator) => simulator.stop()));
  });

  afterAll(() => muster?.stop());

  /** A source and a target of their own, after the first load; then two people leave and three change. */
  async function loaded(
    options: ScimSimulatorOptions = {},
    properties: Record<string, string> = {},
  ): Promise<{ hr: System; source: ScimSimulator; target: ScimSimulator; people: number }> {
    places += 1;
    const population = generatePopulation({ people: PEOPLE, groups: 3, seed: places });
    const source = await startScimSimulator({ ...options, users: population.people, groups: population.groups });
    const target = await startScimSimulator();
    simulators.push(source, target);
    const hr = await muster.addSource(`HR ${places}`, source, { 'scim.page.size': String(PAGE), ...properties });
    await muster.addTarget(`Cloud ${places}`, target, hr);
    expect(endOf(await muster.run(hr))).toEqual(SUCCESS);
    applyEvolution(source.store, evolve(population, { changed: 3, joined: 0, left: 2, seed: 1 }));
    return { hr, source, target, people: PEOPLE - 2 };
  }

  /** The next job repairs everything, and one more sends nothing. */
  async function expectHealed(hr: System, source: ScimSimulator, target: ScimSimulator): Promise<void> {
    expect(endOf(await muster.run(hr))).toEqual(SUCCESS);
    expectSameContent(source, target);
    await expectNothingLeft(muster, hr, [target]);
  }

  it.each(FAULTS)(
    'DEL-1, ORD-8: a source that %s is told by name, and nobody is deleted',
    async (_name, rule, message) => {
      const { hr, source, target } = await loaded();
      source.faults.arm(rule);
      const job = await muster.run(hr);
      expect(job.status).toBe('Finished with Error');
      expect([job.errorMessage ?? '', ...job.outcome].join('\n')).toMatch(message);
      expect(target.store.size('User')).toBe(PEOPLE);
      source.faults.clear();
      await expectHealed(hr, source, target);
    },
    60_000,
  );

  it('PRP-6: a property that nobody knows is told when it is saved, with the name that may be meant', async () => {
    const source = await startScimSimulator();
    simulators.push(source);
    const hr = await muster.addSource('HR with a slip', source);
    const properties = { 'scim.user.fliter': 'active eq true' };
    const saved = await muster.client.send('PATCH', `/systems/${hr.id}/properties`, { properties });
    expect(saved).toMatchObject({
      warnings: [{ property: 'scim.user.fliter', message: expect.stringContaining('scim.user.filter') }],
    });
  });

  it('ORD-8, ORD-11: a source that is not reachable is named with its address, and nobody is deleted', async () => {
    const { hr, source, target } = await loaded();
    await source.down();
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toContain(String(source.port));
    expect(target.store.size('User')).toBe(PEOPLE);
    await source.up();
    await expectHealed(hr, source, target);
  }, 60_000);

  it('ORD-11, RTY-6: a wrong password of the source is an error of the source', async () => {
    const account = { kind: 'basic', user: 'svc', password: 'right' } as const;
    places += 1;
    const population = generatePopulation({ people: 20, groups: 0, seed: places });
    const source = await startScimSimulator({ auth: account, users: population.people });
    const target = await startScimSimulator();
    simulators.push(source, target);
    const login = { Authentication: 'BasicAuthentication', User: 'svc' };
    const hr = await muster.addSource(`HR ${places}`, source, login, { Password: 'pa55-of-yesterday' });
    await muster.addTarget(`Cloud ${places}`, target, hr);
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toMatch(/HTTP operation failed invoking http\S+Users\S* with statusCode: 401/);
    expect(job.errorMessage).not.toContain('pa55-of-yesterday');
    expect(target.store.size('User')).toBe(0);
    await muster.client.changeProperties(hr.id, {}, { Password: 'right' });
    await expectHealed(hr, source, target);
  }, 60_000);

  it('ORD-11: a wrong password of the target is an error of the target, and the source is read to its end', async () => {
    places += 1;
    const population = generatePopulation({ people: 20, groups: 0, seed: places });
    const source = await startScimSimulator({ users: population.people });
    const target = await startScimSimulator({ auth: { kind: 'basic', user: 'svc', password: 'right' } });
    simulators.push(source, target);
    const login = { Authentication: 'BasicAuthentication', User: 'svc' };
    const hr = await muster.addSource(`HR ${places}`, source);
    const cloud = await muster.addTarget(`Cloud ${places}`, target, hr, login, { Password: 'pa55-of-yesterday' });
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.errorMessage).toBeNull();
    const reason = expect.stringMatching(/^HTTP operation failed.* with statusCode: 401/);
    expect(job.endedTargets).toEqual([{ systemName: cloud.name, reason }]);
    expect(statisticsOf(job)).toEqual({ [`${hr.name} user`]: 'read 20' });
    await muster.client.changeProperties(cloud.id, {}, { Password: 'right' });
    await expectHealed(hr, source, target);
  }, 60_000);

  it('DEL-21: an empty answer deletes nobody and says so', async () => {
    const { hr, source, target } = await loaded();
    const { users, groups } = source.store.snapshot();
    for (const user of users) source.store.remove('User', String(user['id']));
    const job = await muster.run(hr);
    expect(job.status).toBe('Finished with Error');
    expect(job.outcome.join('\n')).toMatch(/Deletion not executed: source system returned no entities/);
    expect(target.store.size('User')).toBe(PEOPLE);
    source.store.addMany('User', users);
    // Their memberships went with them, and come back with them.
    for (const group of groups) source.store.remove('Group', String(group['id']));
    source.store.addMany('Group', groups);
    await expectHealed(hr, source, target);
  }, 60_000);

  it('DEL-23, UNK-1: a person who slips over the edge of two pages is not deleted, though total and count agree', async () => {
    places += 1;
    const population = generatePopulation({ people: MANY, groups: 0, seed: places });
    const source = await startScimSimulator({ users: population.people });
    const target = await startScimSimulator();
    simulators.push(source, target);
    const hr = await muster.addSource(`HR ${places}`, source, { 'scim.page.size': '100' });
    await muster.addTarget(`Cloud ${places}`, target, hr);
    expect(statisticsOf(await muster.run(hr))).toMatchObject({ [`Cloud ${places} user`]: `created ${MANY}` });

    const drift = source.armPagingDrift({ page: 1, pageSizeEntities: 100, joiner: personAt(5_000, places) });
    const mark = target.journal.mark();
    const job = await muster.run(hr);
    expect(drift.trace).toBeDefined();
    const slipped = source.store.get('User', drift.trace?.undeliveredId ?? '');
    const deleted = target.journal.writesSince(mark).filter((record) => record.operation === 'delete');
    expect(deleted.map((record) => record.key)).not.toContain(slipped?.['userName']);
    expect(target.store.find('User', 'userName', String(slipped?.['userName']))).toHaveLength(1);
    expect(['Success', 'Finished with Error']).toContain(job.status);

    await expectHealed(hr, source, target);
    expect(duplicatesIn(target)).toEqual([]);
  }, 90_000);
});
