import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { saveProperties } from '../../state/config/index.js';
import { TestEngine } from '../support/engine.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const SECONDS = 120;
/** The engine's clock is ahead of the simulators' by so many seconds. */
const AHEAD_SECONDS = 60;
const REFERENCE = { 'ips.reference.behavior': 'true' };

describe('how a job repeats its requests', () => {
  let engine: TestEngine;
  let world: World;
  beforeAll(async () => {
    engine = await TestEngine.start({ clock: () => new Date(Date.now() + AHEAD_SECONDS * 1_000) });
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  /** The token endpoint is on the server itself, whose address is known when it runs. */
  async function useTokens({ simulator, system }: WorldTarget): Promise<void> {
    const plain = {
      Type: 'HTTP',
      URL: simulator.url,
      Authentication: 'BasicAuthentication',
      User: 'muster',
      OAuth2TokenServiceURL: simulator.tokenUrl,
    };
    const set = { plain, secrets: { Password: 'secret' }, keptSecretNames: [] };
    await engine.dataSource.transaction((manager) => saveProperties(manager, engine.keyring, system, set));
  }

  /** A date says when, so the clock of the engine decides how long that is; a number says how long. */
  const WAITS = [
    ['seconds', { retryAfter: SECONDS }, SECONDS],
    ['an HTTP date', { retryAfterDateSeconds: SECONDS }, SECONDS - AHEAD_SECONDS],
  ] as const;

  it.each(WAITS)(
    'RTY-4, CONN-CORE-72: a target that names %s gets nothing until then, from nobody',
    async (_, header, wait) => {
      world = await World.join(engine, { source: { users: [person('P')] } });
      const { simulator, system } = await world.addTarget('Cloud');
      simulator.faults.arm({ effect: { kind: 'status', status: 429, ...header }, match: { methods: ['POST'] } });
      const { runKey } = await engine.request(world.hr);
      const opened = await engine.activities.openRun({ runKey });
      await engine.readAll(runKey, opened.types);
      const drain = { runKey, targetNo: system.no, type: 'user', late: false } as const;
      const { more, pauseMs = 0 } = await engine.activities.drainChunk(drain);
      expect(more).toBe(true);
      expect(pauseMs).toBeGreaterThan((wait - 5) * 1_000);
      // What was asked for is never undercut, and jitter adds a second at most.
      expect(pauseMs).toBeLessThanOrEqual((wait + 1) * 1_000);
      const mark = simulator.journal.mark();
      expect((await engine.activities.drainChunk(drain)).pauseMs).toBeGreaterThan(0);
      expect(simulator.journal.since(mark)).toEqual([]);
      await engine.activities.finishRun({ runKey, end: 'stopped' });
    },
  );

  it.each(WAITS)(
    'RTY-4: a source that names %s is left alone until then, and no slot is held',
    async (_, header, wait) => {
      world = await World.join(engine, { source: { users: [person('P')] } });
      await world.addTarget('Cloud');
      world.source.faults.arm({
        effect: { kind: 'status', status: 429, ...header },
        match: { operations: ['list'] },
        times: 1,
      });
      const { runKey, jobId } = await engine.request(world.hr);
      await engine.activities.openRun({ runKey });
      const { pauseMs = 0 } = await engine.activities.intakeChunk({ runKey, type: 'user' });
      expect(pauseMs).toBeGreaterThan((wait - 5) * 1_000);
      expect(pauseMs).toBeLessThanOrEqual((wait + 1) * 1_000);
      // The pause is the workflow's; without it the source answers.
      await engine.workThrough(runKey);
      expect((await engine.finished(jobId)).job.status).toBe('Success');
    },
  );

  it('RTY-6: a 401 leads to one new token and one repetition; a second one ends the target for this job', async () => {
    world = await World.join(engine, { source: { users: ['P', 'Q', 'R'].map((id) => person(id)) } });
    const auth = { kind: 'oauth', clientId: 'muster', clientSecret: 'secret' } as const;
    const target = await world.addTarget('Cloud', { auth });
    await useTokens(target);
    const { simulator } = target;
    simulator.faults.arm({
      effect: { kind: 'status', status: 401 },
      match: { methods: ['POST'], key: 'Q@example.com' },
      times: 1,
    });
    const first = await engine.runJob(world.hr);
    expect(summary(first.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'created 3' });
    expect(simulator.journal.writesSince(0).filter((record) => record.key === 'Q@example.com')).toHaveLength(2);

    world.source.store.update('User', 'P', { title: 'Lead' });
    simulator.faults.arm({ effect: { kind: 'status', status: 401 }, match: { methods: ['PUT'] } });
    const mark = simulator.journal.mark();
    const second = await engine.runJob(world.hr);
    expect(second.job.status).toBe('Finished with Error');
    expect(summary(second.statistics)).toEqual({ 'HR user': 'read 3' });
    expect(writesSince(simulator, mark)).toHaveLength(2);
  });

  it('RTY-3: as in the reference a full read of a SCIM source is repeated after 429, and not after 502', async () => {
    world = await World.join(engine, { source: { users: [person('P')] }, hr: { properties: REFERENCE } });
    await world.addTarget('Cloud');
    const lists = async (status: number): Promise<[string, number]> => {
      const mark = world.source.journal.mark();
      const rule = {
        effect: { kind: 'status', status },
        match: { operations: ['list'], type: 'User' },
        times: 1,
      } as const;
      world.source.faults.arm(rule);
      const { job } = await engine.runJob(world.hr);
      world.source.faults.clear();
      const asked = world.source.journal
        .since(mark)
        .filter((record) => record.operation === 'list' && record.type === 'User');
      return [job.status, asked.length];
    };
    expect(await lists(429)).toEqual(['Success', 2]);
    expect(await lists(502)).toEqual(['Finished with Error', 1]);
  });

  it('RTY-3, ORD-7: as in the reference a target that answers 429 to every repetition is left out of the job; nobody closes its gate', async () => {
    world = await World.join(engine, { source: { users: [person('P')] }, hr: { properties: REFERENCE } });
    const { simulator, system } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: { kind: 'status', status: 429 }, match: { methods: ['POST'] }, times: 1 });
    expect(await world.job()).toMatchObject({ status: 'Success', statistics: { 'Cloud user': 'created 1' } });
    world.source.store.add('User', person('Q'));
    simulator.faults.arm({ effect: { kind: 'status', status: 429 }, match: { methods: ['POST'] } });
    const mark = simulator.journal.mark();
    const throttled = await world.job();
    expect(throttled).toMatchObject({ status: 'Finished with Error', statistics: { 'HR user': 'read 2' } });
    expect(writesSince(simulator, mark)).toHaveLength(2);
    expect(
      await engine.pool.query('select 1 from target_gate where target_id = $1 and closed_until > now()', [system.no]),
    ).toEqual([]);
    simulator.faults.clear();
    await world.job();
    expect(userNames(simulator)).toEqual(['P@example.com', 'Q@example.com']);
  });

  it('RTY-3: as in the reference a write is not repeated after 503; the entity fails', async () => {
    world = await World.join(engine, { source: { users: [person('P')] }, hr: { properties: REFERENCE } });
    const { simulator } = await world.addTarget('Cloud');
    await world.job();
    world.source.store.update('User', 'P', { title: 'Lead' });
    simulator.faults.arm({ effect: { kind: 'status', status: 503 }, match: { methods: ['PUT'] }, times: 1 });
    const mark = simulator.journal.mark();
    expect(await world.job()).toMatchObject({ statistics: { 'Cloud user': 'failed 1' } });
    expect(writesSince(simulator, mark)).toHaveLength(1);
  });
});
