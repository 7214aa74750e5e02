import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { withGroups } from '../support/engine.js';
import { person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const LEASE_FOR_DELETION = /insert into backlog as b .*'absent', \$4/s;
const LINKED_IN_SCOPE = 'linked';

/** Accepts everybody who is not a guest. */
function writeNoGuests(change: JsonObject = {}): JsonObject {
  const write = withGroups('target');
  return { ...write, user: { ...Object(write['user']), condition: "$.userType != 'guest'", ...change } };
}

describe('crashes in the absence phase', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function start(people: readonly JsonObject[], transformation?: JsonObject): Promise<void> {
    world = await World.start({ source: { users: people } });
    cloud = await world.addTarget('Cloud', {}, transformation === undefined ? {} : { transformation });
  }

  /** Works on the run until the process dies at the point, which it must. */
  async function dieIn(runKey: string, point: CrashPoint): Promise<void> {
    const mortal = new Mortal(point);
    const pool = mortal.pool(world.engine.databaseUrl);
    const process = world.engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    await world.engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBeDefined();
    await expireLeases(world.engine.pool, world.hr.no);
  }

  async function linkOf(id: string): Promise<string | undefined> {
    const [row] = await world.engine.pool.query<{ state: string }>(
      `select case when l.out_of_scope then 'outOfScope' else 'linked' end as state
         from entity e join link l on l.entity_no = e.entity_no where e.source_key = $1`,
      [id],
    );
    return row?.state;
  }

  it('invariant 7: "found → unknown, nothing is deleted", also by the next run, when a process died after the lease', async () => {
    await start([person('P'), person('W')]);
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'P');
    const { runKey, jobId } = await world.engine.request(world.hr);
    await dieIn(runKey, { statement: LEASE_FOR_DELETION, side: 'after' });
    // The list had lost P for a moment; the source still has P.
    world.source.store.add('User', person('P'));
    await world.engine.workThrough(runKey);
    const { job } = await world.engine.finished(jobId);
    expect(job.outcome.join()).toContain('unknown, nothing deleted');

    const next = await world.engine.runJob(world.hr);
    expect(next.job.outcome).toEqual([]);
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
    expect(await linkOf('P')).toBe(LINKED_IN_SCOPE);
  });

  it('invariant 6: who is wanted again but could not be updated is no candidate, although marked out of scope', async () => {
    await start([person('P', { userType: 'guest2' }), person('W')], writeNoGuests());
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { userType: 'guest' });
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['DELETE'] }, times: 1 });
    await world.engine.runJob(world.hr);
    expect(await linkOf('P')).toBe('outOfScope');

    world.source.store.update('User', 'P', { userType: 'employee' });
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['PUT', 'PATCH'] },
      times: 1,
    });
    const third = await world.engine.runJob(world.hr);
    expect(summary(third.statistics)).toMatchObject({ 'Cloud user': 'failed 1' });
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
    await world.engine.runJob(world.hr);
    expect(await linkOf('P')).toBe(LINKED_IN_SCOPE);
  });

  it('SKP-7, invariant 6: updates that are skipped make nobody a candidate who is in scope', async () => {
    await start([person('P', { userType: 'guest2' }), person('W')], writeNoGuests());
    await world.engine.runJob(world.hr);
    world.source.store.update('User', 'P', { userType: 'guest' });
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['DELETE'] }, times: 1 });
    await world.engine.runJob(world.hr);
    await world.engine.setTransformation(cloud.system, writeNoGuests({ skipOperations: ['update'] }));
    world.source.store.update('User', 'P', { userType: 'employee' });
    await world.engine.runJob(world.hr);
    await world.engine.runJob(world.hr);
    expect(cloud.simulator.journal.createsPerKey().get('User:p@example.com')).toMatchObject({ creates: 1, deletes: 0 });
  });
});
