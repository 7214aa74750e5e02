import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '../../activities/index.js';
import { decide, listChanges } from '../../state/plans/index.js';
import type { PlanView } from '../../state/plans/index.js';
import { closeRunAs } from '../../state/runs/index.js';
import { expireLeases, Mortal } from '../support/crash.js';
import { TestEngine } from '../support/engine.js';
import { faultRuns } from '../support/fault-runs.js';
import { inLanes } from '../support/lanes.js';
import { group, memberNames, person, userNames, World, writesSince } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

/** Moments that an application comes to; it reads no source, so the others never come. */
const MOMENTS = [
  'intentsCommitted',
  'sending',
  'answered',
  'settled',
  'chunkBegun',
  'chunkEnded',
  'finishing',
  'finished',
] as const satisfies readonly FaultPoint[];
const NEVER = ['fetched', 'pageCommitted', 'planningAbsence'] as const satisfies readonly FaultPoint[];

/** How it goes on: the workflow finds another worker, or it is lost and somebody applies the plan again. */
type Way = 'resumed' | 'appliedAgain';
/** Every so manieth time that an activity begins or ends; all of the others. Whoever changes the engine walks over all: `CRASH_STRIDE=1`. */
const STRIDE: Partial<Record<FaultPoint, number>> = { chunkBegun: 3, chunkEnded: 3 };
/** Crash points worked on side by side. */
const LANES = 4;
const LIMIT_MS = 120_000;

describe('an application whose process dies', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 10 } });
  });
  afterAll(() => engine.stop());

  for (const moment of MOMENTS) {
    it(
      `PLN-9, PLN-10: at each "${moment}" it comes to: resumed or applied again it does each change exactly once`,
      async () => {
        const times = (await comings()).get(moment) ?? 0;
        const stride = faultRuns.stride ?? STRIDE[moment] ?? 1;
        const crashes = Array.from({ length: times }, (_, no) => no + 1)
          .filter((nth) => nth % stride === 1 % stride)
          // Both ways at the first, in turn at the others.
          .flatMap((nth) => (nth === 1 ? WAYS : WAYS.slice(nth % 2, (nth % 2) + 1)).map((way) => ({ nth, way })));
        const found = await inLanes(crashes, LANES, async ({ nth, way }) => {
          const complaints = await crashAt(moment, nth, way);
          return complaints === 'notReached' ? [] : [complaints.map((text) => `${moment} ${nth} ${way}: ${text}`)];
        });
        const complaints = found.flat(2);
        const points = found.flat().length;
        expect(complaints).toEqual([]);
        expect(points).toBeGreaterThan(1);
      },
      LIMIT_MS,
    );
  }

  let counted: Promise<Map<FaultPoint, number>> | undefined;

  /** How often an application that nothing disturbs comes to each moment. */
  function comings(): Promise<Map<FaultPoint, number>> {
    counted ??= count();
    return counted;
  }

  async function count(): Promise<Map<FaultPoint, number>> {
    const scene = await Scene.start(engine);
    const times = new Map<FaultPoint, number>();
    const reached = (moment: FaultPoint): void => void times.set(moment, (times.get(moment) ?? 0) + 1);
    const process = engine.newProcess({ reached });
    try {
      await engine.workThrough((await engine.requestApply(scene.plan)).runKey, process);
      return times;
    } finally {
      await process.activities.close();
      await scene.world.stop();
    }
  }

  it('PLN-9: an application reads no source and decides no absence', async () => {
    for (const moment of NEVER) expect(await crashAt(moment, 1, 'resumed')).toBe('notReached');
  });

  async function crashAt(moment: FaultPoint, nth: number, way: Way): Promise<string[] | 'notReached'> {
    const scene = await Scene.start(engine);
    try {
      const run = await engine.requestApply(scene.plan);
      const mortal = new Mortal({ moment, nth });
      await inProcess(run.runKey, mortal);
      if (mortal.diedAt === undefined) return 'notReached';
      if (way === 'appliedAgain') await closeRunAs(engine.pool, run.runKey, 'lost', 'the workflow is lost');
      await expireLeases(engine.pool, scene.world.hr.no);
      const goesOn = way === 'resumed' ? run : await engine.requestApply(scene.plan);
      await inProcess(goesOn.runKey, new Mortal(undefined));
      return await scene.complaints();
    } finally {
      await scene.world.stop();
    }
  }

  async function inProcess(runKey: string, mortal: Mortal): Promise<void> {
    const pool = mortal.pool(engine.databaseUrl);
    const process = engine.newProcess({
      pool,
      decorateFactory: (factory) => mortal.factory(factory),
      reached: mortal.reached,
    });
    try {
      await engine.workThrough(runKey, process);
    } catch (error) {
      // Whoever died after the books were committed finds them closed.
      if (!mortal.isDead && !String(error).includes('closed or owned')) throw error;
    } finally {
      await process.activities.close();
      await pool.close();
    }
  }
});

const WAYS: readonly Way[] = ['resumed', 'appliedAgain'];

/** One plan with every verb: a create, an update, a disable, a re-filled group, a deleted person and a deleted group. */
class Scene {
  private constructor(
    readonly world: World,
    private readonly cloud: WorldTarget,
    readonly plan: PlanView,
    private readonly mark: number,
  ) {}

  static async start(engine: TestEngine): Promise<Scene> {
    const users = ['P', 'Q', 'R', 'S'].map((id) => person(id));
    const world = await World.join(engine, { source: { users, groups: [group('G', ['P', 'Q']), group('H', ['R'])] } });
    const cloud = await world.addTarget('Cloud');
    await world.job();
    const { store } = world.source;
    store.update('User', 'P', { title: 'Lead' });
    store.update('User', 'Q', { active: false });
    store.remove('User', 'S');
    store.remove('Group', 'H');
    store.add('User', person('N'));
    store.update('Group', 'G', { members: ['P', 'N'].map((value) => ({ value, type: 'User' })) });
    await world.job('readPlan');
    const plan = await engine.newestPlan(world.hr);
    const { planNo, sourceNo } = plan;
    const approval = { by: 'anna', comment: '', filter: {}, secondPersonFor: [] };
    await decide(engine.pool, { planNo, sourceNo, decision: 'approve', ...approval });
    return new Scene(world, cloud, plan, cloud.simulator.journal.mark());
  }

  /** What is not as it would be if nobody had died. */
  async complaints(): Promise<string[]> {
    const { engine, source, hr } = this.world;
    const { simulator } = this.cloud;
    const changes = await listChanges(engine.pool, this.plan.planNo, {}, { limit: 100 });
    const found = changes
      .filter(({ state }) => state !== 'applied')
      .map(({ sourceKey, state, reason }) => `${sourceKey} is ${state}: ${reason ?? ''}`);
    if (changes.length !== 6) found.push(`${changes.length} changes`);
    const done = simulator.journal.writesSince(this.mark).filter(({ applied }) => applied);
    for (const [operation, wanted] of [
      ['create', 1],
      ['delete', 2],
    ] as const) {
      const times = done.filter((record) => record.operation === operation).length;
      if (times !== wanted) found.push(`${operation} ${times} times in place of ${wanted}`);
    }
    if (userNames(simulator).join() !== userNames(source).join()) found.push(`people: ${userNames(simulator).join()}`);
    const [only, ...others] = simulator.store.snapshot().groups;
    const members = memberNames(simulator, String(only?.['id'])).join();
    if (others.length > 0 || members !== 'N@example.com,P@example.com') found.push(`groups: ${members}`);
    const titles = simulator.store.snapshot().users.map(({ title, active }) => `${String(title)} ${String(active)}`);
    if (titles.filter((text) => text === 'Lead true').length !== 1 || !titles.includes('undefined false'))
      found.push(`contents: ${titles.join()}`);
    const mark = simulator.journal.mark();
    await engine.runJob(hr);
    found.push(...writesSince(simulator, mark).map((line) => `written later: ${line}`));
    return found;
  }
}
