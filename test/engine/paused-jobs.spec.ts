import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeAbandonedStop,
  listJobs,
  listResults,
  promoteQueuedRuns,
  readJob,
  requestRun,
  requestStop,
} from '../../state/runs/index.js';
import type { JobView } from '../../state/runs/index.js';
import { closeRunAs } from '../../state/runs/reconcile.js';
import type { LostEnd } from '../../state/runs/reconcile.js';
import { noteWorkersAlive } from '../../state/runs/worker-report.js';
import { Actor } from '../support/actors.js';
import { person, summary, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

describe('jobs that are paused for reasons outside the user’s control', () => {
  let world: World;
  let cloud: WorldTarget;
  let runKey = '';
  let jobId = '';
  const actors: Actor[] = [];
  afterEach(async () => {
    for (const actor of actors.splice(0)) await actor.leave();
    await world.stop();
  });

  const PEOPLE = ['P', 'Q', 'R', 'S'];

  /** A job whose users are read, and whose workers are gone. */
  async function paused(): Promise<void> {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    ({ runKey, jobId } = await world.engine.request(world.hr));
    await world.engine.activities.openRun({ runKey });
    await world.engine.activities.intakeChunk({ runKey, type: 'user' });
    await silence(90);
  }

  /** Nobody has reported for so long. */
  async function silence(seconds: number): Promise<void> {
    await world.engine.pool.query(
      `update run set requested_at = now() - $2::int * interval '1 second', heartbeat_at = heartbeat_at - $2::int * interval '1 second',
              stop_requested_at = stop_requested_at - $2::int * interval '1 second' where run_key = $1`,
      [runKey, seconds],
    );
  }

  const job = async (id = jobId): Promise<JobView> => (await readJob(world.engine.pool, id)) as JobView;
  const join = (): Actor => {
    const actor = Actor.join(world.engine);
    actors.push(actor);
    return actor;
  };
  const ids = async (): Promise<string[]> => {
    const rows = await world.engine.pool.query<{ ids: string[] }>('select job_ids as ids from run where run_key = $1', [
      runKey,
    ]);
    return rows[0]?.ids ?? [];
  };

  it('STP-4, STP-5, STA-1, STA-4: resumes by itself with a new id, IMMEDIATE, in the same row; the old id stays valid', async () => {
    await paused();
    expect((await job()).status).toBe('Pending Restart');
    await world.engine.activities.intakeChunk({ runKey, type: 'group' });
    const resumed = await job();
    expect(resumed).toMatchObject({ status: 'Running', triggerType: 'IMMEDIATE', triggeredBy: 'test' });
    expect(resumed.jobId).not.toBe(jobId);
    expect(resumed.formerIds).toEqual([jobId]);
    expect(await job(resumed.jobId)).toEqual(resumed);
    expect((await listJobs(world.engine.pool, { limit: 9 })).map((row) => row.jobId)).toEqual([resumed.jobId]);
    await world.engine.workThrough(runKey);
    expect((await job()).status).toBe('Success');
  });

  it('STP-4, STP-7: goes on after the last committed page; entities seen before count as seen, nothing is logged or written twice', async () => {
    await paused();
    const reads = world.source.journal.mark();
    await world.engine.workThrough(runKey);
    expect(world.source.journal.since(reads).filter((record) => record.type === 'User')).toEqual([]);
    const { statistics } = await world.engine.finished(jobId);
    expect(summary(statistics)).toEqual({ 'HR user': 'read 4', 'Cloud user': 'created 4' });
    expect(await ids()).toHaveLength(2);
  });

  it('STP-8: the results of the job are there by each of its ids once it is completed', async () => {
    await paused();
    await world.engine.workThrough(runKey);
    for (const id of await ids()) {
      const { results } = await listResults(world.engine.pool, (await job(id)).runKey, { limit: 9 });
      expect(results.map((result) => `${result.sourceKey} ${result.result}`).sort()).toEqual(
        PEOPLE.map((key) => `${key} created`),
      );
    }
  });

  it('STA-1, STP-4: a job with a failed entity resumes as Running with Error', async () => {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] }, times: 1 });
    ({ runKey, jobId } = await world.engine.request(world.hr));
    await world.engine.activities.openRun({ runKey });
    await world.engine.readAll(runKey, ['user', 'group']);
    await world.engine.activities.drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: false });
    await silence(90);
    expect((await job()).status).toBe('Pending Restart');
    await world.engine.activities.drainChunk({ runKey, targetNo: cloud.system.no, type: 'user', late: true });
    expect((await job()).status).toBe('Running with Error');
  });

  it('STP-6: a target that was stopped by an error before the pause stays out, and its pairs wait for the next job', async () => {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id)) } });
    cloud = await world.addTarget('Cloud');
    const wiki = await world.addTarget('Wiki');
    const refusal = cloud.simulator.faults.arm({ effect: { kind: 'status', status: 401 } });
    ({ runKey, jobId } = await world.engine.request(world.hr));
    const opened = await world.engine.activities.openRun({ runKey });
    await world.engine.readAll(runKey, opened.types);
    const users = { runKey, targetNo: cloud.system.no, type: 'user', late: false } as const;
    expect(await world.engine.activities.drainChunk(users)).toMatchObject({ ended: 'targetFailed' });
    cloud.simulator.faults.disarm(refusal);
    await silence(90);
    await world.engine.workThrough(runKey);
    expect((await job()).status).toBe('Finished with Error');
    expect([userNames(cloud.simulator), userNames(wiki.simulator)].map((names) => names.length)).toEqual([0, 4]);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toHaveLength(4);
  });

  it('STP-9: a paused job that is stopped is over at once, is not resumed, and its workflow ends quietly', async () => {
    await paused();
    expect(await requestStop(world.engine.pool, jobId)).toEqual({ kind: 'closed', runKey });
    expect(await job()).toMatchObject({ status: 'Manually Terminated', jobId, errorMessage: null });
    const mark = cloud.simulator.journal.mark();
    const users = { runKey, targetNo: cloud.system.no, type: 'user', late: false } as const;
    await expect(world.engine.activities.drainChunk(users)).rejects.toMatchObject({ type: 'runClosed' });
    expect(await world.engine.activities.openRun({ runKey })).toMatchObject({ closed: true });
    expect(writesSince(cloud.simulator, mark)).toEqual([]);
    expect(await ids()).toEqual([jobId]);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toHaveLength(4);
  });

  it('STP-9: a stop that comes by the old id just before a worker is back wins, just after it stops the resumed job', async () => {
    for (const moment of ['before', 'after'] as const) {
      await paused();
      const actor = join();
      actor[moment](/^update run set heartbeat_at/, async () => void (await requestStop(world.engine.pool, jobId)));
      const working = actor.activities.intakeChunk({ runKey, type: 'group' });
      if (moment === 'before') await expect(working).rejects.toMatchObject({ type: 'runClosed' });
      else await working.catch(() => undefined);
      expect([moment, actor.unreached, (await ids()).length]).toEqual([moment, 0, moment === 'before' ? 1 : 2]);
      await world.engine.activities.finishRun({ runKey, end: 'stopped' }).catch(() => undefined);
      expect([moment, (await job()).status]).toEqual([moment, 'Manually Terminated']);
      if (moment === 'before') {
        await actor.leave();
        actors.splice(0);
        await world.stop();
      }
    }
  });

  it('STP-4: two workers that come back in the same moment give the job one new id', async () => {
    await paused();
    const input = (late: boolean) => ({ runKey, targetNo: cloud.system.no, type: 'user', late }) as const;
    await Promise.allSettled([
      join().activities.intakeChunk({ runKey, type: 'group' }),
      join().activities.drainChunk(input(false)),
      join().activities.openRun({ runKey }),
    ]);
    expect(await ids()).toHaveLength(2);
  });

  it('STP-5: a job that rests because a back end asks for it is not paused', async () => {
    await paused();
    await world.engine.pool.query(`update run set waits_until = now() + interval '5 minutes' where run_key = $1`, [
      runKey,
    ]);
    expect((await job()).status).toBe('Running');
    await world.engine.activities.intakeChunk({ runKey, type: 'group' });
    expect(await ids()).toEqual([jobId]);
  });

  it('STP-5: a chunk that asks for a rest says so in the row', async () => {
    world = await World.start({ source: { users: PEOPLE.map((id) => person(id)) } });
    await world.addTarget('Cloud');
    ({ runKey, jobId } = await world.engine.request(world.hr));
    await world.engine.activities.openRun({ runKey });
    const effect = { kind: 'status', status: 429, retryAfter: '300' } as const;
    world.source.faults.arm({ effect, match: { operations: ['list'] }, times: 1 });
    expect(await world.engine.activities.intakeChunk({ runKey, type: 'user' })).toMatchObject({ more: true });
    await silence(200);
    expect((await job()).status).toBe('Running');
    await silence(200);
    expect((await job()).status).toBe('Running');
    await world.engine.pool.query(`update run set waits_until = waits_until - interval '400 seconds'`);
    expect((await job()).status).toBe('Pending Restart');
  });

  it('STP-5: a worker that the run was taken from does not make it look alive', async () => {
    await paused();
    const stale = world.engine.newProcess();
    await expect(stale.activities.intakeChunk({ runKey, type: 'group' })).rejects.toMatchObject({ type: 'runClosed' });
    expect((await job()).status).toBe('Pending Restart');
    await stale.activities.close();
  });

  it('STP-5: a job that waits for a slot of a worker that is busy with other jobs is not paused, and does not get a new id', async () => {
    await paused();
    await world.engine.pool.query(`update run set heartbeat_at = now() - interval '50 seconds' where run_key = $1`, [
      runKey,
    ]);
    await noteWorkersAlive(world.engine.pool, '0');
    await silence(90);
    expect((await job()).status).toBe('Running');
    await world.engine.workThrough(runKey);
    expect(await job()).toMatchObject({ status: 'Success', formerIds: [] });
  });

  it('STP-4, STP-5: one that is paused already stays so until somebody works on it', async () => {
    await paused();
    await noteWorkersAlive(world.engine.pool, '0');
    expect((await job()).status).toBe('Pending Restart');
    await world.engine.workThrough(runKey);
    expect((await job()).formerIds).toEqual([jobId]);
  });

  it.each<[LostEnd, string]>([
    ['terminated', 'Manually Terminated'],
    ['lost', 'Finished with Error'],
  ])(
    'STA-12: a run that is closed without its own end (%s) says what was deleted and why no more was',
    async (end, status) => {
      await paused();
      await closeRunAs(world.engine.pool, runKey, end, 'the workflow is gone');
      // Nothing was provisioned: nothing could have been deleted.
      expect(await job()).toMatchObject({ status, outcome: [] });
      await world.engine.runJob(world.hr);

      world.source.store.remove('User', 'S');
      ({ runKey, jobId } = await world.engine.request(world.hr));
      await world.engine.activities.openRun({ runKey });
      await world.engine.activities.intakeChunk({ runKey, type: 'user' });
      await closeRunAs(world.engine.pool, runKey, end, 'the workflow is gone');
      expect((await job()).outcome).toEqual([
        'Cloud, user: Deletion not executed: reading from the source system was not completed',
      ]);

      ({ runKey, jobId } = await world.engine.request(world.hr));
      const { types } = await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, types);
      const targetNo = cloud.system.no;
      for (const type of types)
        await world.engine.activities.drainChunk({ runKey, targetNo, type, late: false, andLate: true });
      await world.engine.activities.planAbsence({ runKey, targetNo });
      await world.engine.activities.deleteChunk({ runKey, targetNo, type: 'user' });
      await closeRunAs(world.engine.pool, runKey, end, 'the workflow is gone');
      expect((await job()).outcome).toEqual([
        'Cloud, user: Deletion not executed: the job did not come to its end',
        'Cloud, user: Deletion executed: 1',
      ]);
    },
  );

  it('JOB-13, STP-5: the time that a job has waited in the queue is no pause', async () => {
    await paused();
    const second = await world.engine.request(world.hr, 'resync');
    await world.engine.pool.query(`update run set state = 'finished', status = 'Success' where run_key = $1`, [runKey]);
    await world.engine.pool.query(`update run set requested_at = now() - interval '1 hour'`);
    expect(await promoteQueuedRuns(world.engine.pool)).toBe(1);
    expect((await job(second.jobId)).status).toBe('Running');
    await world.engine.activities.openRun({ runKey: second.runKey });
    expect((await job(second.jobId)).jobId).toBe(second.jobId);
  });

  it('STP-4: a job that no worker was there for from its start resumes in the same way', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    ({ runKey, jobId } = await world.engine.request(world.hr));
    await silence(90);
    expect((await job()).status).toBe('Pending Restart');
    await world.engine.workThrough(runKey);
    expect(await job()).toMatchObject({ status: 'Success', triggerType: 'IMMEDIATE', formerIds: [jobId] });
  });

  it('STP-9: such a job that is stopped is over at once too', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    await world.addTarget('Cloud');
    ({ runKey, jobId } = await world.engine.request(world.hr));
    await silence(90);
    expect(await requestStop(world.engine.pool, jobId)).toEqual({ kind: 'closed', runKey });
    expect(await world.engine.activities.openRun({ runKey })).toMatchObject({ closed: true });
    expect(await job()).toMatchObject({ status: 'Manually Terminated', formerIds: [] });
  });

  it('STP-4, RDM-9, RDM-11: a scheduled delta job that was paused still counts as scheduled', async () => {
    await paused();
    await world.engine.workThrough(runKey);
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
      'ips.delta.read': 'enabled',
      'ips.full.read.force.count': '1',
      'ips.delta.max.share': '100',
    });
    await world.engine.runJob(world.hr);
    const modes: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const run = await requestRun(world.engine.pool, {
        sourceNo: world.hr.no,
        kind: 'read',
        trigger: 'REPEAT',
        triggeredBy: null,
      });
      ({ runKey, jobId } = run);
      await world.engine.activities.openRun({ runKey });
      await silence(90);
      await world.engine.workThrough(runKey);
      const { readMode, triggerType, triggeredBy, status } = await job();
      modes.push(`${readMode} ${triggerType} ${triggeredBy} ${status}`);
    }
    expect(modes).toEqual([
      'Delta Read IMMEDIATE null Success',
      'Full Read IMMEDIATE null Success',
      'Delta Read IMMEDIATE null Success',
    ]);
  });

  it('invariant 9: an attempt to open a run that wakes up after its workflow has continued as new does not take it back', async () => {
    await paused();
    const first = world.engine.owner;
    const successor = world.engine.newProcess();
    await successor.activities.openRun({ runKey });
    expect(await world.engine.activities.openRun({ runKey })).toMatchObject({ closed: true });
    expect(first).not.toBe(successor.owner);
    await world.engine.workThrough(runKey, successor);
    expect((await job()).status).toBe('Success');
    await successor.activities.close();
  });

  describe('STP-2, STP-9: a stop that no worker is left for', () => {
    it.each([
      ['is done within 30 s by whoever looks', 21, true],
      ['waits for workers that may still be there', 15, false],
    ])('%s', async (_what, seconds, closes) => {
      await paused();
      await world.engine.pool.query('update run set heartbeat_at = now() where run_key = $1', [runKey]);
      expect(await requestStop(world.engine.pool, jobId)).toEqual({ kind: 'stopping', runKey });
      await silence(seconds);
      expect(await closeAbandonedStop(world.engine.pool, runKey)).toBe(closes);
      expect((await job()).status).toBe(closes ? 'Manually Terminated' : 'Running');
      expect(await closeAbandonedStop(world.engine.pool, runKey)).toBe(false);
    });

    it('is left to a worker that is back in the moment of the take-over', async () => {
      await paused();
      await world.engine.pool.query('update run set heartbeat_at = now() where run_key = $1', [runKey]);
      await requestStop(world.engine.pool, jobId);
      await silence(30);
      let closing: Promise<boolean> | undefined;
      await world.engine.pool.transaction(async (sql) => {
        await sql.query('update run set heartbeat_at = now() where run_key = $1', [runKey]);
        closing = closeAbandonedStop(world.engine.pool, runKey);
        await new Promise((resolve) => setTimeout(resolve, 100));
      });
      expect(await closing).toBe(false);
      await world.engine.activities.finishRun({ runKey, end: 'stopped' });
      expect((await job()).status).toBe('Manually Terminated');
    });

    it('of two processes that take over one does', async () => {
      await paused();
      await world.engine.pool.query('update run set heartbeat_at = now() where run_key = $1', [runKey]);
      await requestStop(world.engine.pool, jobId);
      await silence(30);
      const answers = await Promise.all([1, 2].map(() => closeAbandonedStop(world.engine.pool, runKey)));
      expect(answers.sort()).toEqual([false, true]);
    });

    it('is not taken for one while the last requests of a living worker end', async () => {
      world = await World.start({
        source: { users: PEOPLE.map((id) => person(id)) },
        engine: { timing: { stopGraceMs: 1_000 } },
      });
      cloud = await world.addTarget('Cloud');
      ({ runKey, jobId } = await world.engine.request(world.hr));
      await world.engine.activities.openRun({ runKey });
      await world.engine.readAll(runKey, ['user', 'group']);
      await requestStop(world.engine.pool, jobId);
      // Somebody still holds a lease: finishRun waits for it, and reports meanwhile.
      await world.engine.pool.query(
        `update backlog set lease_until = now() + interval '1 minute' where source_id = $1`,
        [world.hr.no],
      );
      await silence(120);
      const finishing = world.engine.activities.finishRun({ runKey, end: 'stopped' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await closeAbandonedStop(world.engine.pool, runKey)).toBe(false);
      expect(await finishing).toMatchObject({ status: 'Manually Terminated' });
    });
  });
});
