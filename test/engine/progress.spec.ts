import { afterEach, describe, expect, it } from '@jest/globals';
import { readProgress } from '../../state/runs/index.js';
import type { JobProgress } from '../../state/runs/index.js';
import { group, person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('the progress of a job', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  /** `chunkMs` 0: a page for each chunk. */
  async function start(chunkMs?: number): Promise<void> {
    const users = Array.from({ length: 30 }, (_, n) => person(`p${n}`));
    world = await World.start({
      source: { users, groups: [group('G', ['p1', 'unknown'])] },
      engine: { timing: chunkMs === undefined ? {} : { chunkMs } },
      hr: { properties: { 'scim.page.size': '10' } },
    });
    cloud = await world.addTarget('Cloud');
  }

  /** One line for each phase. */
  function lines({ phases }: JobProgress): string[] {
    return phases.map(({ systemName, entity, phase, done, total, waiting, endedAt, retries }) =>
      [
        `${systemName} ${entity} ${phase} ${done}`,
        total === null ? '' : ` of ${total}`,
        waiting === null ? '' : `, ${waiting} wait`,
        endedAt === null ? '' : ', over',
        retries === 0 ? '' : `, ${retries} retries`,
      ].join(''),
    );
  }

  const progress = (runKey: string): Promise<JobProgress> => readProgress(world.engine.pool, runKey);

  it('LOG-7, LOG-8: tells phases, what is read, written and waits, while it runs and afterwards', async () => {
    await start(0);
    const { activities, pool } = world.engine;
    const { runKey } = await world.engine.request(world.hr);
    expect(await progress(runKey)).toEqual({ phases: [], remainingSeconds: null, unresolvedReferences: 0 });
    await activities.openRun({ runKey });
    await activities.intakeChunk({ runKey, type: 'user' });
    expect(lines(await progress(runKey))).toEqual(['HR user read 10 of 30']);
    // As if it had taken ten seconds.
    await pool.query(`update run_phase set started_at = now() - interval '10 seconds'`);
    const { phases, remainingSeconds } = await progress(runKey);
    expect(phases[0]?.perSecond).toBeCloseTo(1, 0);
    expect(remainingSeconds).toBeGreaterThanOrEqual(19);
    expect(remainingSeconds).toBeLessThanOrEqual(22);
    await activities.intakeChunk({ runKey, type: 'user' });
    await activities.intakeChunk({ runKey, type: 'user' });
    await activities.drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: false });
    expect(lines(await progress(runKey))).toEqual(['HR user read 30 of 30, over', 'Cloud user write 0, 30 wait']);
    await pool.query(`update run_phase set ended_at = null`);
    await world.engine.activities.finishRun({ runKey, end: 'stopped' });
    const stopped = await progress(runKey);
    expect(stopped.remainingSeconds).toBeNull();
    expect(stopped.phases.map((phase) => phase.endedAt === null)).toEqual([false, false]);
    // STA-5: what operators see in Temporal.
    const { markdown } = await activities.describeProgress({ runKey });
    const time = String.raw`\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d \+00`;
    expect(markdown.split('\n')[0]).toMatch(new RegExp(`^Start Time ${time} · End Time ${time}$`));
  });

  it('LOG-7, WRT-7: tells the requests that were repeated, deletions, and references that could not be resolved', async () => {
    await start();
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
      'ips.failed.request.retry.attempts': '2',
      'ips.failed.request.retry.attempts.interval': '1',
    });
    world.source.faults.arm({
      effect: { kind: 'status', status: 503 },
      match: { operations: ['list'], type: 'Group' },
      times: 1,
    });
    await world.engine.runJob(world.hr);
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 503 }, match: { methods: ['PUT'] }, times: 1 });
    world.source.store.update('User', 'p3', { title: 'Lead' });
    world.source.store.remove('User', 'p7');
    const { job } = await world.engine.runJob(world.hr);
    const first = await progress(String(Number(job.runKey) - 1));
    expect(lines(first).sort()).toEqual([
      'Cloud group write 1, over',
      'Cloud user write 30, over',
      'HR group read 1 of 1, over, 1 retries',
      'HR user read 30 of 30, over',
    ]);
    const second = await progress(job.runKey);
    expect(lines(second)).toEqual(
      expect.arrayContaining(['Cloud user write 1, over, 1 retries', 'Cloud user delete 1 of 1, over']),
    );
    expect(second.unresolvedReferences).toBe(1);
  });
});
