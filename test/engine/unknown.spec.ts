import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listUnknown, listUnknownCounts } from '../../state/absence/unknown.js';
import { promoteQueuedRuns, requestRun } from '../../state/runs/index.js';
import type { Acceptances } from '../../state/runs/index.js';
import { TestEngine } from '../support/engine.js';
import { UnreliableSource } from '../support/unreliable-source.js';
import { group, memberNames, person, userNames, World, writesSince } from '../support/world.js';
import type { JobResult, WorldTarget } from '../support/world.js';

const NO_RETRIES = { 'ips.failed.request.retry.attempts': '0' };

describe('three-valued reads', () => {
  let engine: TestEngine;
  let world: World;
  let source: UnreliableSource;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  afterEach(async () => {
    await source.close();
    await world.stop();
  });

  const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `p${String(n).padStart(2, '0')}`);

  async function begin(
    people: readonly string[],
    properties: Record<string, string> = {},
    target: Record<string, string> = {},
  ): Promise<void> {
    world = await World.join(engine, {
      source: { users: people.map((id) => person(id)), groups: [group('G', people.slice(0, 2))] },
      hr: { properties: { ...NO_RETRIES, 'scim.page.size': '5', ...properties } },
    });
    cloud = await world.addTarget('Cloud', {}, { properties: { 'ips.governor.delete': 'off', ...target } });
    source = new UnreliableSource(world);
    await source.job();
  }

  /** `user interrupted 3` for each type and cause of a job; the lists have exactly as many entities as were counted. */
  async function unknownOf({ runKey }: JobResult): Promise<string[]> {
    const counts = await listUnknownCounts(engine.pool, runKey);
    for (const { entity, cause, count } of counts) {
      const { items } = await listUnknown(engine.pool, runKey, { type: entity, cause, limit: 1_000 });
      expect(new Set(items.map((item) => item.entityNo)).size).toBe(count);
    }
    return counts.map(({ entity, cause, count }) => `${entity} ${cause} ${count}`);
  }

  async function keysOf({ runKey }: JobResult): Promise<string[]> {
    const { items } = await listUnknown(engine.pool, runKey, { limit: 1_000 });
    return items.map((item) => `${item.entity} ${item.sourceKey}`);
  }

  const accepting = (accepts: Partial<Acceptances>) => (): ReturnType<typeof requestRun> =>
    requestRun(engine.pool, {
      sourceNo: world.hr.no,
      kind: 'read',
      trigger: 'IMMEDIATE',
      triggeredBy: 'test',
      accepts: { emptyRead: [], readSize: [], ...accepts },
    });

  const remove = (...people: readonly string[]): void => {
    for (const id of people) world.source.store.remove('User', id);
  };

  it('UNK-2, UNK-3, UNK-6: a page that fails, a read that breaks off, a list that moves: who was not delivered is unknown and untouched', async () => {
    const people = ids(12);
    await begin(people);
    remove('p11');
    const mark = cloud.simulator.journal.mark();
    const second = { operations: ['list'], type: 'User', minStartIndex: 6 } as const;
    const armed = world.source.faults.arm({ effect: { kind: 'status', status: 500 }, match: second });
    const failed = await source.job();
    world.source.faults.disarm(armed);
    expect(failed.status).toBe('Finished with Error');
    // One page of five was read. The group was never asked for.
    expect(await unknownOf(failed)).toEqual(['user pageFailed 7', 'group interrupted 1']);
    expect((await keysOf(failed)).filter((key) => key.startsWith('user'))).toEqual([
      ...people.slice(5).map((id) => `user ${id}`),
    ]);

    const shrinks = world.source.faults.arm({ effect: { kind: 'shrinkTotal', by: 3 }, match: second });
    const moved = await source.job();
    world.source.faults.disarm(shrinks);
    // The list of groups was read to its end, but nothing may be concluded; nobody is missing in it.
    expect((await unknownOf(moved))[0]).toMatch(/^user moved \d+$/);

    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(memberNames(cloud.simulator, groupId())).toEqual(['p00@example.com', 'p01@example.com']);
    // Nobody is lost by it either: the next good read deletes who has left.
    const last = await source.job();
    expect(last.statistics['Cloud user']).toBe('deleted 1');
    expect(await unknownOf(last)).toEqual([]);
  });

  it('UNK-1, UNK-2, UNK-3, DEL-23: who is found, or cannot be asked for, when the source is asked is unknown; memberships stay', async () => {
    await begin(ids(8));
    source.faults.hidden = ['p00', 'p01'];
    remove('p02');
    const refuses = {
      effect: { kind: 'status', status: 500 },
      match: { operations: ['get'], entityId: 'p01' },
    } as const;
    const armed = world.source.faults.arm(refuses);
    const job = await source.job();
    world.source.faults.disarm(armed);
    expect(await unknownOf(job)).toEqual(['user confirmationFound 1', 'user confirmationFailed 1']);
    expect(await keysOf(job)).toEqual(['user p00', 'user p01']);
    expect(job.statistics['Cloud user']).toBe('deleted 1');
    expect(memberNames(cloud.simulator, groupId())).toEqual(['p00@example.com', 'p01@example.com']);
  });

  it('DEL-24: one who cannot be read blocks all; the outcome names the first and the switch; with it only they are unknown', async () => {
    await begin(ids(8));
    remove('p02');
    source.faults.unreadable = ['p03', 'p04', 'p05', 'p06'];
    const off = await source.job();
    const names = 'user p03, user p04, user p05; isolateFailedEntities is off';
    expect(off.outcome[0]).toBe(
      `Cloud, user: Deletion not executed: 4 entities failed in the source system (${names})`,
    );
    expect(await unknownOf(off)).toEqual(['user unreadable 4', 'user notAsked 1']);

    await configure({ isolateFailedEntities: 'true' });
    const on = await source.job();
    expect(on).toMatchObject({ status: 'Finished with Error', statistics: { 'Cloud user': 'deleted 1' } });
    expect(await unknownOf(on)).toEqual(['user unreadable 4']);
    expect(userNames(cloud.simulator)).toHaveLength(7);

    // A failure without an id may be about anybody.
    remove('p07');
    const armed = world.source.faults.arm({
      effect: { kind: 'missingId', at: 0 },
      match: { operations: ['list'], type: 'User', minStartIndex: 1 },
      times: 1,
    });
    const unnamed = await source.job();
    world.source.faults.disarm(armed);
    expect(unnamed.outcome[0]).toMatch(/^Cloud, user: Deletion not executed: 5 entities failed in the source system$/);
    expect(userNames(cloud.simulator)).toHaveLength(7);
  });

  it('DEL-24: where nobody is asked, a failure that names somebody unknown blocks, because it may be somebody under another key', async () => {
    await begin(ids(6), { isolateFailedEntities: 'true', 'ips.delete.confirmation': 'disabled' });
    remove('p01');
    world.source.store.add('User', person('new'));
    source.faults.unreadable = ['new'];
    expect((await source.job()).outcome[0]).toContain('Deletion not executed: 1 entities failed in the source system');
    expect(userNames(cloud.simulator)).toHaveLength(6);
    source.faults.unreadable = ['p02'];
    const named = await source.job();
    expect(named.statistics['Cloud user']).toBe('created 1, deleted 1');
    expect(userNames(cloud.simulator)).toContain('p02@example.com');
  });

  it('DEL-21, UNK-2: an empty read is released for one job, also when that job waits already; a delta read becomes a full one', async () => {
    await begin(ids(3), { 'ips.delta.read': 'enabled', 'ips.delta.max.share': '100' });
    world.source.store.remove('Group', 'G');
    const guarded = await source.job('resync');
    expect(guarded).toMatchObject({ status: 'Finished with Error' });
    expect(await unknownOf(guarded)).toEqual(['group emptyRead 1']);

    const running = await engine.request(world.hr, 'resync');
    const waiting = await engine.request(world.hr);
    const released = await accepting({ emptyRead: ['group'] })();
    expect(released).toMatchObject({ jobId: waiting.jobId, existing: true });
    await source.job('resync', () => Promise.resolve(running));
    await promoteQueuedRuns(engine.pool);
    const job = await source.job('read', () => Promise.resolve(released));
    expect(job).toMatchObject({ status: 'Success', statistics: { 'Cloud group': 'deleted 1' } });
    expect(cloud.simulator.store.snapshot().groups).toEqual([]);
  });

  it('UNK-4: far fewer than usual: who is missing is unknown, and the outcome says so; accepted for one job, it is what is usual', async () => {
    const people = ids(30);
    await begin(people);
    for (let more = 0; more < 2; more += 1) await source.job();
    const left = people.slice(20);
    remove(...people.slice(5, 15));
    const guarded = await source.job();
    expect(guarded.outcome).toEqual([
      'Cloud, user: Deletion not executed: source system returned 20 entities instead of usually 30: who is missing is unknown',
    ]);
    expect(guarded.status).toBe('Success');
    expect(await unknownOf(guarded)).toEqual(['user sizeGuard 10']);
    expect(userNames(cloud.simulator)).toHaveLength(30);
    // Time and repetition make it no truer.
    expect(await unknownOf(await source.job())).toEqual(['user sizeGuard 10']);

    const accepted = await source.job('read', accepting({ readSize: ['user'] }));
    expect(accepted.statistics['Cloud user']).toBe('deleted 10');
    remove(...left.slice(0, 2));
    expect((await source.job()).statistics['Cloud user']).toBe('deleted 2');
  });

  it('UNK-4, GOV-9, DEL-17: a threshold that an administrator has set decides in its target; who is skipped by a condition is delivered', async () => {
    const people = ids(20);
    await begin(people, {}, { 'ips.delete.threshold.users': '10' });
    const wiki = await world.addTarget('Wiki');
    await source.job();
    remove(...people.slice(0, 10));
    const job = await source.job();
    expect(job.statistics).toMatchObject({ 'Cloud user': 'deleted 10' });
    expect(job.outcome).toContain(
      'Wiki, user: Deletion not executed: source system returned 10 entities instead of usually 20: who is missing is unknown',
    );
    expect(userNames(wiki.simulator)).toHaveLength(20);
  });

  it('UNK-2, DEL-23: a source that cannot be asked is not believed after its filter changed; the next full read is', async () => {
    await begin(ids(8));
    source.faults.capabilities = { readOne: false, stableOrder: true };
    await source.job();
    remove('p03');
    await configure({ 'scim.user.filter': 'active eq true' });
    const first = await source.job();
    expect(await unknownOf(first)).toEqual(['user configurationChanged 1']);
    expect(first.outcome.join()).toContain('filter or API version changed since the last full read');
    expect(userNames(cloud.simulator)).toHaveLength(8);
    expect((await source.job()).statistics['Cloud user']).toBe('deleted 1');
  });

  it('UNK-2: after another API version nobody who is missing is believed to be, although the source can be asked', async () => {
    await begin(ids(4), { 'scim.api.version': '1' });
    remove('p00');
    await configure({ 'scim.api.version': '2' });
    expect(await unknownOf(await source.job())).toEqual(['user configurationChanged 1']);
    expect((await source.job()).statistics['Cloud user']).toBe('deleted 1');
  });

  it('DEL-23, UNK-6: the question is switched off for one source; held deletions were not asked for, and say so', async () => {
    await begin(ids(30), {}, { 'ips.governor.delete': '1' });
    remove('p10', 'p11');
    const held = await source.job();
    expect(held.statistics['Cloud user']).toBe('held 2');
    expect(await unknownOf(held)).toEqual(['user notAsked 2']);

    await configure({ 'ips.delete.confirmation': 'disabled' });
    remove('p12');
    const mark = world.source.journal.mark();
    const job = await source.job();
    expect(job.statistics['Cloud user']).toBe('deleted 1, held 2');
    expect(world.source.journal.since(mark).filter(({ operation }) => operation === 'get')).toEqual([]);
  });

  async function configure(properties: Record<string, string>): Promise<void> {
    const address = { Type: 'HTTP', URL: world.source.url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
    await engine.setProperties(world.hr, { ...address, ...NO_RETRIES, 'scim.page.size': '5', ...properties });
  }

  function groupId(): string {
    return String(cloud.simulator.store.snapshot().groups[0]?.['id']);
  }
});
