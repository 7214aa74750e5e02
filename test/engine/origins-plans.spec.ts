import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { countChanges } from '../../state/plans/index.js';
import { listResults } from '../../state/runs/index.js';
import { bothAccounts, links, startOrigins, users } from '../support/origins-scene.js';
import { TestEngine } from '../support/engine.js';
import { person } from '../support/world.js';
import type { JobResult, WorldTarget, World } from '../support/world.js';

describe('one user, several accounts: simulations, plans, limits', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  async function start(ids: readonly string[], properties: Readonly<Record<string, string>> = {}): Promise<void> {
    ({ world, cloud } = await startOrigins(engine, ids, properties));
  }

  const numbers = ({ statistics }: JobResult): string | undefined => statistics['Cloud user'];
  const rename = (id: string): void => {
    world.source.store.update('User', id, { name: { givenName: 'New', familyName: 'Name' } });
  };

  async function apply(): Promise<string | undefined> {
    const { job } = await engine.approveAndApply(await engine.newestPlan(world.hr));
    return numbers(await world.result(job.jobId));
  }

  async function states(): Promise<Readonly<Record<string, number>>> {
    return (await countChanges(engine.pool, (await engine.newestPlan(world.hr)).planNo)).byState;
  }

  it('LNK-3, JOB-7: a simulation counts each account: created, updated, deleted, as the Resync does then', async () => {
    await start(['P', 'Q']);
    const first = await world.job('simulate');
    expect(numbers(first)).toBe('created 4');
    expect(users(cloud.simulator)).toEqual([]);
    expect((await listResults(engine.pool, first.runKey, { limit: 10 })).results).toHaveLength(4);
    expect(numbers(await world.job('resync'))).toBe('created 4');
    world.source.store.remove('User', 'P');
    world.source.store.add('User', person('R'));
    expect(numbers(await world.job('simulate'))).toBe('created 2, updated 2, deleted 2');
    expect(numbers(await world.job('resync'))).toBe('created 2, updated 2, deleted 2');
  });

  it('LNK-3, JOB-9: compared with the target, an account that is there under one origin would be updated', async () => {
    await start(['P']);
    cloud.simulator.store.add('User', { ...person('P'), id: 'old', origin: 'idp2' });
    expect(numbers(await world.job('simulateCompare'))).toBe('created 1, updated 1');
  });

  it('LNK-3, STA-8: a page of results is never cut between the accounts of a person', async () => {
    await start(['P', 'Q']);
    const { runKey } = await world.job();
    const first = await listResults(engine.pool, runKey, { limit: 1 });
    expect(first.results.map(({ sourceKey }) => sourceKey)).toEqual(['P', 'P']);
    const second = await listResults(engine.pool, runKey, { limit: 1, ...(first.next && { after: first.next }) });
    expect(second.results.map(({ sourceKey }) => sourceKey)).toEqual(['Q', 'Q']);
    expect(second.next).toBeNull();
    expect(new Set([...first.results, ...second.results].map(({ targetKey }) => targetKey)).size).toBe(4);
  });

  it('LNK-3, PLN-3, PLN-9: a plan has one change for a person, and applying it writes all accounts', async () => {
    await start(['P', 'Q']);
    await world.job('readPlan');
    expect(users(cloud.simulator)).toEqual([]);
    expect(await apply()).toBe('created 4');
    expect(await states()).toEqual({ applied: 2 });
    rename('P');
    world.source.store.remove('User', 'Q');
    await world.job('readPlan');
    expect(await apply()).toBe('updated 2, deleted 2');
    expect(await states()).toEqual({ applied: 2 });
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
    expect(cloud.simulator.store.find('User', 'name.givenName', 'New')).toHaveLength(2);
    const mark = cloud.simulator.journal.mark();
    await world.job();
    expect(cloud.simulator.journal.writesSince(mark)).toEqual([]);
  });

  it('LNK-3, PLN-10: one of the accounts was changed by somebody else: none of them is deleted', async () => {
    await start(['P', 'W']);
    await world.job();
    world.source.store.remove('User', 'P');
    await world.job('readPlan');
    const second = cloud.simulator.store
      .find('User', 'origin', 'idp2')
      .find((user) => user['userName'] === 'P@example.com');
    cloud.simulator.store.update('User', String(second?.['id']), { active: false });
    expect(await apply()).toBeUndefined();
    expect(await states()).toEqual({ drifted: 1 });
    expect(users(cloud.simulator)).toEqual(bothAccounts('P', 'W'));
  });

  it('LNK-3, PLN-14: a plan that looks for existing accounts is refused; one that nobody asked to look does not', async () => {
    await start(['P']);
    const asked = await engine.requestPlan(world.hr, true);
    await engine.workThrough(asked.runKey);
    expect((await engine.finished(asked.jobId)).job.errorMessage).toMatch(
      /xsuaa.origin names several, .* ask for a plan without a match/,
    );
    await world.job('readPlan');
    expect(await apply()).toBe('created 2');
  });

  it('LNK-3, GOV-2, GOV-5, GOV-7: the governor counts accounts: six people with two each are held, and deleted when approved', async () => {
    const ids = Array.from({ length: 7 }, (_, n) => `P${n}`);
    await start(ids);
    await world.job();
    for (const id of ids.slice(0, 6)) world.source.store.remove('User', id);
    const held = await world.job();
    expect(held.statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'held 6' });
    expect(users(cloud.simulator)).toHaveLength(14);
    expect(await apply()).toBe('deleted 12');
    expect(users(cloud.simulator)).toEqual(bothAccounts('P6'));
  });

  it('LNK-3, GOV-2, GOV-3: five people with two accounts each use the whole budget of ten', async () => {
    const ids = Array.from({ length: 7 }, (_, n) => `P${n}`);
    await start(ids);
    await world.job();
    for (const id of ids.slice(0, 5)) world.source.store.remove('User', id);
    expect(numbers(await world.job())).toBe('deleted 10');
    world.source.store.remove('User', 'P5');
    expect(numbers(await world.job())).toBe('held 1');
  });

  it('LNK-3, GOV-5: creates are counted by accounts too', async () => {
    await start(['P', 'Q'], { 'ips.governor.create': '3' });
    expect(numbers(await world.job())).toBe('created 2, held 1');
    expect(await apply()).toBe('created 2');
  });

  it('LNK-3, GOV-1, GOV-7: one account that is gone waits for its approval, the other is updated at once', async () => {
    await start(['P'], { 'ips.governor.recreate': '0' });
    await world.job();
    const [second] = cloud.simulator.store.find('User', 'origin', 'idp2');
    cloud.simulator.store.remove('User', String(second?.['id']));
    rename('P');
    expect(numbers(await world.job())).toMatch(/^updated 1/);
    expect(users(cloud.simulator)).toEqual(['P@example.com idp1']);
    await world.job();
    expect(users(cloud.simulator)).toEqual(['P@example.com idp1']);
    expect(await apply()).toMatch(/created 1/);
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
    expect(await links(engine, cloud)).toHaveLength(2);
    expect(numbers(await world.job())).toBeUndefined();
  });

  it.each([
    ['3', 'failed 4', 4],
    ['4', 'deleted 4', 0],
  ])('LNK-3, DEL-8: a threshold of %s counts accounts: two people who leave: %s', async (threshold, result, left) => {
    await start(['P', 'Q', 'W'], { 'ips.delete.threshold.users': threshold });
    await world.job();
    world.source.store.remove('User', 'P');
    world.source.store.remove('User', 'Q');
    expect(numbers(await world.job('simulate'))).toContain(result);
    expect(numbers(await world.job())).toBe(result);
    expect(users(cloud.simulator)).toHaveLength(left + 2);
  });
});
