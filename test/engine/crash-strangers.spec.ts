import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { closeRunAs } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import type { CrashPoint } from '../support/crash.js';
import { TestEngine, withCondition } from '../support/engine.js';
import { person, userNames, World } from '../support/world.js';
import type { JobResult, WorldTarget } from '../support/world.js';

/** The intent is committed and nothing sent; the account is made and nobody has heard of it. */
const INTENT: CrashPoint = { moment: 'sending', nth: 1 };
const ANSWERED: CrashPoint = { moment: 'answered', nth: 1 };
const LONG_AGO_MS = 60_000;

/** Who is found when what was sent is looked for, after the entity has left. */
interface Finding {
  readonly who: string;
  readonly dies: CrashPoint;
  /** What happens in the target before somebody looks. */
  readonly target: (cloud: WorldTarget) => void;
  readonly isOurs: boolean;
}

const idOf = ({ simulator }: WorldTarget): string =>
  String(simulator.store.find('User', 'userName', 'P@example.com')[0]?.['id']);

const FINDINGS: readonly Finding[] = [
  { who: 'the account that we made', dies: ANSWERED, target: () => undefined, isOurs: true },
  {
    who: 'an account that was there before we sent anything',
    dies: INTENT,
    target: ({ simulator }) =>
      void simulator.store.add('User', person('P', { id: 'stranger' }), { createdMs: Date.now() - LONG_AGO_MS }),
    isOurs: false,
  },
  {
    who: 'an account of that time with another content than we sent',
    dies: INTENT,
    target: ({ simulator }) => void simulator.store.add('User', person('P', { id: 'stranger', active: false })),
    isOurs: false,
  },
  {
    who: 'the account that we made, changed by somebody since',
    dies: ANSWERED,
    target: (cloud) => cloud.simulator.store.update('User', idOf(cloud), { active: false }),
    isOurs: false,
  },
];

/** How the entity disappears from what is wanted. */
const DEPARTURES = [
  ['it has left the source', (world: World) => world.source.store.remove('User', 'P')],
  [
    'the read condition does not want it any more',
    (world: World) => world.source.store.update('User', 'P', { userType: 'intern' }),
  ],
] as const;

describe('a create of unknown outcome whose entity has disappeared', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  afterEach(() => world.stop());

  async function dieOfACreate(point: CrashPoint): Promise<void> {
    world = await World.join(engine, {
      source: { users: [person('W')] },
      hr: { transformation: withCondition('source', "$.userType != 'intern'") },
    });
    cloud = await world.addTarget('Cloud');
    await world.job();
    world.source.store.add('User', person('P'));
    const { runKey } = await engine.request(world.hr);
    const mortal = new Mortal(point);
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({
      pool,
      reached: mortal.reached,
      decorateFactory: (factory) => mortal.factory(factory),
    });
    await engine.workThrough(runKey, process).catch((error: unknown) => {
      if (!mortal.isDead) throw error;
    });
    await process.activities.close();
    await pool.close();
    expect(mortal.diedAt).toBeDefined();
    await closeRunAs(engine.pool, runKey, 'lost', 'the workflow is lost');
    await expireLeases(engine.pool, world.hr.no);
  }

  const linkOfP = (): Promise<object[]> =>
    engine.pool.query(
      `select l.state from link l join entity e on e.entity_no = l.entity_no where l.target_id = $1 and e.source_key = 'P'`,
      [cloud.system.no],
    );

  function deletesOf(job: JobResult): string | undefined {
    return job.statistics['Cloud user'];
  }

  for (const { who, dies, target, isOurs } of FINDINGS) {
    for (const [departure, leave] of DEPARTURES) {
      it(`engine invariants 4 and 5, DEL-6, DEL-12: ${departure}, and the search finds ${who}: ${isOurs ? 'deleted' : 'never deleted'}`, async () => {
        await dieOfACreate(dies);
        target(cloud);
        const before = cloud.simulator.store.get('User', idOf(cloud));
        leave(world);
        const mark = cloud.simulator.journal.mark();
        const job = await world.job();
        expect(job.status).toBe('Success');
        expect(deletesOf(job)).toBe(isOurs ? 'deleted 1' : undefined);
        const writes = cloud.simulator.journal.writesSince(mark).map(({ method }) => method);
        expect(writes).toEqual(isOurs ? ['DELETE'] : []);
        expect(userNames(cloud.simulator)).toEqual(isOurs ? ['W@example.com'] : ['P@example.com', 'W@example.com']);
        if (isOurs) return;
        expect(job.outcome).toContain('Cloud, user: 1 entities kept because they existed before');
        // Not in this job, nor in any later one, whatever it reads: nothing of it is ours to manage.
        await world.job('resync');
        await world.job();
        expect(cloud.simulator.store.get('User', idOf(cloud))).toEqual(before);
        expect(cloud.simulator.journal.writesSince(mark).filter(({ path }) => path.includes(idOf(cloud)))).toEqual([]);
      });
    }
  }

  it('engine invariant 4, DEL-6: a search that fails decides nothing: the intent stays, and the next job finds the account and deletes it', async () => {
    await dieOfACreate(ANSWERED);
    world.source.store.remove('User', 'P');
    const match = { operations: ['list'], type: 'User' } as const;
    const fault = cloud.simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match });
    const failed = await world.job();
    cloud.simulator.faults.disarm(fault);
    expect(failed.statistics['Cloud user']).toBe('failed 1');
    expect(userNames(cloud.simulator)).toEqual(['P@example.com', 'W@example.com']);
    expect(await linkOfP()).toEqual([{ state: 3 }]);
    expect(deletesOf(await world.job())).toBe('deleted 1');
    expect(userNames(cloud.simulator)).toEqual(['W@example.com']);
    expect(await linkOfP()).toEqual([]);
  });
});
