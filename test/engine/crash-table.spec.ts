import { afterEach, describe, expect, it } from '@jest/globals';
import { closeRunAs } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { withCondition } from '../support/engine.js';
import { person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** The intent is committed, nothing was sent. */
const INTENT: CrashPoint = { statement: /sent_keys, sent_at, ord/, side: 'after' };
/** The answer is here and was not settled. */
const ANSWERED: CrashPoint = { statement: /delete from backlog b\s+where b\.target_id/, side: 'before' };

interface Row {
  /** The row of engine.md §2. */
  readonly row: string;
  /** What the source says when the next run reads it. */
  readonly change: (world: World) => void;
  readonly wanted: boolean;
  /** Links that stay: those of whom is wanted, and the note that somebody is not. */
  readonly links: number;
}

const ROWS: readonly Row[] = [
  { row: 'present · true · creating → create or adopt', change: () => undefined, wanted: true, links: 1 },
  {
    row: 'present · false · creating → resolves by the sent keys',
    change: ({ source }) => source.store.update('User', 'P', { userType: 'guest' }),
    wanted: false,
    links: 1,
  },
  {
    row: 'skipped by read condition · creating → resolves by the sent keys; found → linked and out_of_scope',
    change: ({ source }) => source.store.update('User', 'P', { userType: 'intern' }),
    wanted: false,
    links: 0,
  },
  {
    row: 'absent · creating → resolves by the sent keys; found → linked and out_of_scope',
    change: ({ source }) => source.store.remove('User', 'P'),
    wanted: false,
    links: 0,
  },
];

describe('the table of engine.md §2 after a process died of a create', () => {
  let world: World;
  let cloud: WorldTarget;
  afterEach(() => world.stop());

  async function dieOfACreate(point: CrashPoint): Promise<void> {
    world = await World.start({
      source: { users: [person('W')] },
      hr: { transformation: withCondition('source', "$.userType != 'intern'") },
    });
    cloud = await world.addTarget('Cloud', {}, { transformation: withCondition('target', "$.userType != 'guest'") });
    await world.engine.runJob(world.hr);
    world.source.store.add('User', person('P', { userType: 'employee' }));
    const { runKey } = await world.engine.request(world.hr);
    const mortal = new Mortal(point);
    const pool = mortal.pool(world.engine.databaseUrl);
    const process = world.engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    await world.engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBeDefined();
    await closeRunAs(world.engine.pool, runKey, 'lost', 'the workflow is lost');
    await expireLeases(world.engine.pool, world.hr.no);
  }

  async function countRows(table: 'link' | 'backlog'): Promise<number> {
    const [row] = await world.engine.pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} t join entity e on e.entity_no = t.entity_no where e.source_key = 'P'`,
    );
    return row?.n ?? 0;
  }

  for (const { row, change, wanted, links } of ROWS) {
    for (const [moment, point] of [
      ['nothing was sent', INTENT],
      ['the account was made', ANSWERED],
    ] as const) {
      it(`${row} (${moment})`, async () => {
        await dieOfACreate(point);
        expect(userNames(cloud.simulator)).toHaveLength(moment === 'nothing was sent' ? 1 : 2);
        change(world);
        const { job } = await world.engine.runJob(world.hr);
        expect(job).toMatchObject({ status: 'Success', errorMessage: null });
        expect(userNames(cloud.simulator)).toEqual(wanted ? ['P@example.com', 'W@example.com'] : ['W@example.com']);
        expect(cloud.simulator.journal.createsPerKey().get('User:p@example.com')?.creates ?? 0).toBe(
          wanted || moment === 'the account was made' ? 1 : 0,
        );
        const mark = cloud.simulator.journal.mark();
        await world.engine.runJob(world.hr);
        expect(writesSince(cloud.simulator, mark)).toEqual([]);
        expect(await countRows('link')).toBe(links);
        expect(await countRows('backlog')).toBe(0);

        // Whoever was made by us is deleted like anybody else when he leaves (invariant 5: origin created).
        world.source.store.remove('User', 'P');
        await world.engine.runJob(world.hr);
        expect(userNames(cloud.simulator)).toEqual(['W@example.com']);
      });
    }
  }

  it('invariant 5 ⚠ "An account that was there and a lost 409 must never become ours"', async () => {
    world = await World.start({ source: { users: [person('W')] } });
    cloud = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    cloud.simulator.store.add('User', person('P', { id: 'stranger' }), { createdMs: Date.now() - 60_000 });
    world.source.store.add('User', person('P'));
    // The 409 came, and the process died before it could note anything.
    const { runKey, jobId } = await world.engine.request(world.hr);
    const mortal = new Mortal({ statement: /insert into target_claim/, side: 'before' });
    const pool = mortal.pool(world.engine.databaseUrl);
    const process = world.engine.newProcess({ pool, decorateFactory: (factory) => mortal.factory(factory) });
    await world.engine.workThrough(runKey, process).catch(() => undefined);
    await process.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBeDefined();
    await expireLeases(world.engine.pool, world.hr.no);
    await world.engine.workThrough(runKey);
    expect((await world.engine.finished(jobId)).job.status).toBe('Success');
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
  });

  it('invariant 4: the intent of a create whose answer got lost outlives the refusal of its repetition', async () => {
    world = await World.start({ source: { users: [person('W')] } });
    cloud = await world.addTarget('Cloud');
    await world.engine.runJob(world.hr);
    world.source.store.add('User', person('P'));
    const { faults, store } = cloud.simulator;
    faults.arm({ effect: { kind: 'drop' }, match: { operations: ['create'] }, times: 1 });
    faults.arm({ effect: { kind: 'status', status: 400 }, match: { operations: ['create'] } });
    await world.engine.runJob(world.hr);
    faults.clear();
    // The server executes the first request only now.
    const { id: _id, ...sent } = person('P');
    store.add('User', sent);
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toEqual(['W@example.com']);
  });
});
