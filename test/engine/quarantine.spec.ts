import { afterEach, describe, expect, it } from '@jest/globals';
import { BACKLOG_STATE } from '../../state/codes.js';
import { listResults } from '../../state/runs/index.js';
import { quarantinePair, releasePair } from '../../state/healing/quarantine.js';
import { decide } from '../../state/plans/index.js';
import { retryNow } from '../../state/healing/waiting.js';
import { Actor } from '../support/actors.js';
import { group, person, summary, userNames, World, writesSince } from '../support/world.js';

const REFUSAL = { kind: 'status', status: 400, scimType: 'invalidValue' } as const;

/** Delta reads, in which nobody comes again who has not changed. */
const DELTA = { properties: { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' } };

/** So many that one who is due does not make the job read them all (RDM-13). */
const SEVERAL = ['P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z'];

/** Every row of the backlog was in the hand of a process that died an hour ago. */
async function leaveDeadLease({ engine }: World): Promise<void> {
  await engine.pool.query(`update backlog set lease_token = 7, lease_until = now() - interval '1 hour'`);
}

describe('what an administrator wants for single entities', () => {
  let world: World;
  afterEach(() => world.stop());

  const pair = (targetNo: number, sourceKey = 'P') =>
    ({ targetNo, sourceNo: world.hr.no, type: 'user', sourceKey }) as const;

  it('HEA-5: whoever is in quarantine is left alone by jobs, deletions and healing, and counts as Skipped with the reason', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    expect(await quarantinePair(world.engine.pool, pair(system.no), 'under dispute', 'ann')).toBe(true);
    world.source.store.update('User', 'P', { title: 'Lead' });
    world.source.store.update('User', 'Q', { title: 'Lead' });
    const mark = simulator.journal.mark();
    const { job, statistics } = await world.engine.runJob(world.hr, 'resync');
    expect(job.status).toBe('Success');
    expect(summary(statistics)).toEqual({ 'HR user': 'read 2', 'Cloud user': 'updated 1, skipped 1' });
    const { results } = await listResults(world.engine.pool, job.runKey, { limit: 5, result: 'skipped' });
    expect(results).toMatchObject([{ sourceKey: 'P', message: 'In quarantine (ann): under dispute' }]);
    await world.engine.letTimePass();
    expect(await world.engine.heal()).toBe(0);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(writesSince(simulator, mark)).toHaveLength(1);
    expect(userNames(simulator)).toHaveLength(2);
    // Released, the next full read deletes.
    expect(await releasePair(world.engine.pool, pair(system.no))).toBe(true);
    expect(await releasePair(world.engine.pool, pair(system.no))).toBe(false);
    await world.engine.runJob(world.hr);
    expect(userNames(simulator)).toEqual(['Q@example.com']);
  });

  it('HEA-5: a pair that is put in quarantine while its request is under way stays there', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { simulator, system } = await world.addTarget('Cloud');
    const worker = Actor.join(world.engine);
    worker.before(/call create user/, async () => {
      await quarantinePair(world.engine.pool, pair(system.no), 'too late', 'ann');
    });
    const run = await world.engine.request(world.hr);
    await world.engine.workThrough(run.runKey, worker.process);
    await worker.leave();
    expect(worker.unreached).toBe(0);
    expect(userNames(simulator)).toEqual(['P@example.com']);
    expect(await world.engine.pool.query('select state from backlog')).toEqual([{ state: 5 }]);
    expect(await world.engine.pool.query('select state from link')).toEqual([{ state: 1 }]);
  });

  it('HEA-5, engine §6: the lease that a dead process has left on a pair in quarantine keeps no job waiting; released, the pair is written in full', async () => {
    world = await World.start({ source: { users: [person('P'), person('Q')] } });
    const { simulator, system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    await quarantinePair(world.engine.pool, pair(system.no), 'its update may have arrived', 'ann');
    await leaveDeadLease(world);
    world.source.store.update('User', 'Q', { title: 'Lead' });
    const mark = simulator.journal.mark();
    expect((await world.engine.runJob(world.hr)).job.status).toBe('Success');
    expect(writesSince(simulator, mark)).toHaveLength(1);
    await releasePair(world.engine.pool, pair(system.no));
    const { statistics } = await world.engine.runJob(world.hr);
    expect(summary(statistics)).toMatchObject({ 'Cloud user': 'updated 1' });
    expect(writesSince(simulator, mark)).toHaveLength(2);
  });

  it.each(['held', 'missing'] as const)('engine §6: nor does one on a pair that is %s', async (state) => {
    world = await World.start({
      source: { users: SEVERAL.map((id) => person(id)), groups: [group('G', ['P'])] },
      hr: DELTA,
    });
    await world.addTarget('Cloud');
    // Marks have whole seconds: whoever was made in that of the mark would be delivered again.
    world.source.setClockSkewMs(5_000);
    await world.engine.runJob(world.hr);
    await world.engine.pool.query(
      `insert into backlog (target_id, entity_no, source_id, type, reason, state)
         select l.target_id, l.entity_no, e.source_id, e.type, 'changed', $1 from link l join entity e using (entity_no) where e.source_key = 'P'`,
      [BACKLOG_STATE[state]],
    );
    await leaveDeadLease(world);
    expect((await world.engine.runJob(world.hr)).job).toMatchObject({ status: 'Success', readMode: 'Delta Read' });
  });

  it.each(['before the rejection', 'after it'])(
    'GOV-8, HEA-5: to leave somebody alone for a while, from %s on, approves nothing: what was rejected is held again',
    async (when) => {
      world = await World.start({ source: { users: [person('P')] } });
      const { simulator, system } = await world.addTarget('Cloud');
      await world.job('readPlan');
      const quarantine = (): Promise<boolean> => quarantinePair(world.engine.pool, pair(system.no), 'wait', 'ann');
      const { planNo } = await world.engine.newestPlan(world.hr);
      if (when === 'before the rejection') await quarantine();
      await decide(world.engine.pool, {
        sourceNo: world.hr.no,
        planNo,
        filter: {},
        decision: 'reject',
        by: 'ann',
        comment: '',
        secondPersonFor: [],
      });
      if (when === 'after it') await quarantine();
      // New data is a reason to look, and whoever is in quarantine is not looked at.
      world.source.store.update('User', 'P', { title: 'Lead' });
      expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'skipped 1' });
      expect(await releasePair(world.engine.pool, pair(system.no))).toBe(true);
      expect((await world.job()).statistics).toEqual({ 'HR user': 'read 1', 'Cloud user': 'held 1' });
      expect(userNames(simulator)).toEqual([]);
      const { planNo: again } = await world.engine.newestPlan(world.hr);
      expect(again).not.toBe(planNo);
    },
  );

  it('HEA-5: an entity that the source never delivered cannot be put in quarantine', async () => {
    world = await World.start({ source: { users: [person('P')] } });
    const { system } = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    expect(await quarantinePair(world.engine.pool, pair(system.no, 'Nobody'), 'x', 'ann')).toBe(false);
    expect(await quarantinePair(world.engine.pool, pair(system.no), 'x', 'ann')).toBe(true);
  });

  it('HEA-5: retry now makes one entity, a class, or all of a filter due, from parked and missing too, and begins the ladder anew', async () => {
    const users = ['P', 'Q', 'R'].map((id) => person(id));
    world = await World.start({ source: { users } });
    const { simulator, system } = await world.addTarget('Cloud');
    simulator.faults.arm({ effect: REFUSAL, match: { methods: ['POST'] }, times: 3 });
    await world.engine.runJob(world.hr);
    await world.engine.pool.query(`update backlog set state = 4, attempts = 9, failed_at = now() - interval '29 days'`);
    expect(await world.engine.heal()).toBe(0);
    const { pool } = world.engine;
    expect(await retryNow(pool, system.no, { sourceKey: 'P' })).toEqual({ entities: 1, stoppedSources: [] });
    await world.engine.heal();
    expect(userNames(simulator)).toEqual(['P@example.com']);
    expect((await retryNow(pool, system.no, { errorClass: 'conflict' })).entities).toBe(0);
    expect(
      (await retryNow(pool, system.no, { errorClass: 'validation', state: 'parked', type: 'user' })).entities,
    ).toBe(2);
    await pool.query('update source_state set heal_paused = true');
    expect(await retryNow(pool, system.no, {})).toEqual({ entities: 2, stoppedSources: ['HR'] });
    await pool.query('update source_state set heal_paused = false');
    await world.engine.heal();
    expect(userNames(simulator)).toHaveLength(3);
  });
});
