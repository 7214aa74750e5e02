import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '../../activities/index.js';
import { listUnknown, listUnknownCounts } from '../../state/absence/unknown.js';
import { closeAbandonedStop, closeRunAs, requestStop } from '../../state/runs/index.js';
import { Mortal } from '../support/crash.js';
import { TestEngine, withGroups } from '../support/engine.js';
import { group, person, World } from '../support/world.js';

const PEOPLE = Array.from({ length: 12 }, (_, n) => `p${String(n).padStart(2, '0')}`);

describe('runs that are closed without their own end', () => {
  let engine: TestEngine;
  let world: World;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  afterEach(() => world.stop());

  /** A run of a company that is known already, whose process dies there; the groups were never asked for, unless it dies later. */
  async function lostAt(
    moment: FaultPoint,
    properties: Record<string, string> = {},
    target: Record<string, string> = {},
  ): Promise<{ runKey: string; jobId: string }> {
    world = await World.join(engine, {
      source: { users: PEOPLE.map((id) => person(id)), groups: [group('G', ['p00'])] },
      hr: { properties: { 'scim.page.size': '5', ...properties } },
    });
    await world.addTarget('Cloud', {}, { properties: target });
    await world.job();
    for (const id of ['p10', 'p11']) world.source.store.remove('User', id);
    const run = await engine.request(world.hr);
    const mortal = new Mortal({ moment, nth: 1 });
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({ pool, reached: mortal.reached });
    await expect(engine.workThrough(run.runKey, process)).rejects.toThrow();
    expect(mortal.diedAt).toBe(`${moment} 1`);
    await process.activities.close();
    await pool.close();
    return run;
  }

  async function unknownOf(runKey: string): Promise<string[]> {
    const counts = await listUnknownCounts(engine.pool, runKey);
    const { items } = await listUnknown(engine.pool, runKey, { limit: 100 });
    // UNK-6: each can be listed, and the lists are as long as the counts say.
    expect(items).toHaveLength(counts.reduce((sum, { count }) => sum + count, 0));
    return counts.map(({ entity, cause, count }) => `${entity} ${cause} ${count}`);
  }

  for (const end of ['terminated', 'timedOut', 'failed'] as const) {
    it(`UNK-1, UNK-2, UNK-6: of a read that broke off and was ${end}, everybody who had not been delivered is listed`, async () => {
      const { runKey } = await lostAt('pageCommitted');
      await closeRunAs(engine.pool, runKey, end, 'the workflow was lost');
      expect(await unknownOf(runKey)).toEqual(['user interrupted 7', 'group interrupted 1']);
      const { items } = await listUnknown(engine.pool, runKey, { type: 'user', limit: 100 });
      expect(items.map((item) => item.sourceKey)).toEqual(PEOPLE.slice(5));
      // Closing it once more changes nothing, and the next good run knows everybody.
      await closeRunAs(engine.pool, runKey, end, 'the workflow was lost');
      expect(await unknownOf(runKey)).toEqual(['user interrupted 7', 'group interrupted 1']);
      const next = await world.job();
      expect(await unknownOf(next.runKey)).toEqual([]);
      expect(next.statistics['Cloud user']).toBe('deleted 2');
    });
  }

  it('UNK-6, STP-9: the same of a job that was stopped when its worker was gone', async () => {
    const { runKey, jobId } = await lostAt('pageCommitted');
    await requestStop(engine.pool, jobId);
    const times = ['requested_at', 'heartbeat_at', 'stop_requested_at'].map(
      (name) => `${name} = now() - interval '1 hour'`,
    );
    await engine.pool.query(`update run set ${times.join(', ')} where run_key = $1`, [runKey]);
    expect(await closeAbandonedStop(engine.pool, runKey)).toBe(true);
    expect(await unknownOf(runKey)).toEqual(['user interrupted 7', 'group interrupted 1']);
  });

  it('UNK-2: whoever was missing in a complete read that came to no decision is unknown, and nobody else', async () => {
    const { runKey } = await lostAt('planningAbsence');
    await closeRunAs(engine.pool, runKey, 'lost', 'the workflow was lost');
    expect(await unknownOf(runKey)).toEqual(['user interrupted 2']);
  });

  it('UNK-1, GOV-10, ORD-4: a source that follows the reference knows no unknown, and an ignored type has none', async () => {
    const { runKey } = await lostAt('pageCommitted', { 'ips.reference.behavior': 'true' });
    await closeRunAs(engine.pool, runKey, 'lost', 'the workflow was lost');
    expect(await unknownOf(runKey)).toEqual([]);

    await engine.changeProperties(world.hr, { 'ips.reference.behavior': 'false' });
    const document = withGroups('source');
    await engine.setTransformation(world.hr, { ...document, group: { ...Object(document['group']), ignore: true } });
    const { runKey: second } = await engine.request(world.hr);
    await engine.activities.openRun({ runKey: second });
    await closeRunAs(engine.pool, second, 'terminated', 'by hand');
    expect(await unknownOf(second)).toEqual([expect.stringMatching(/^user interrupted 1[02]$/)]);
  });

  it('DEL-8, STA-12: the outcome of such a run names the threshold that has kept everybody', async () => {
    const { runKey, jobId } = await lostAt('finishing', {}, { 'ips.delete.threshold.users': '1' });
    await closeRunAs(engine.pool, runKey, 'lost', 'the workflow was lost');
    expect((await world.result(jobId)).outcome).toContain(
      'Cloud, user: Deletion not executed: threshold 1 exceeded (2)',
    );
  });
});
