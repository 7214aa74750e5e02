import type { JsonObject } from '../../../core/json.js';
import { Actor, Gate } from '../../support/actors.js';
import { Mortal } from '../../support/crash.js';
import type { CrashPoint } from '../../support/crash.js';
import { withGroups } from '../../support/engine.js';
import type { TestEngine } from '../../support/engine.js';
import type { Violation } from '../checker/evidence.js';
import { FaultWorld } from '../support/fault-world.js';
import type { FaultTarget } from '../support/fault-world.js';

/** What the scenarios have to work with. */
export interface ScenarioKit {
  readonly engine: TestEngine;
  /** Sets the time of the jobs, milliseconds since 1970; undefined: that of the machine. */
  readonly setClock: (ms: number | undefined) => void;
}

/** Something that happens to an engine, and what the checker says to it. */
export type Scenario = (kit: ScenarioKit) => Promise<Violation[]>;

/** The first phase of a drain. */
export const USERS = { type: 'user', late: false } as const;
/** More than a process comes to while it stands still. */
const RENEWALS = 20;

/** Plays a body in a world of its own. */
export async function inWorld(
  { engine, setClock }: ScenarioKit,
  options: Parameters<typeof FaultWorld.start>[1],
  body: (world: FaultWorld) => Promise<Violation[]>,
): Promise<Violation[]> {
  const world = await FaultWorld.start(engine, options);
  try {
    return await body(world);
  } finally {
    setClock(undefined);
    await world.close();
  }
}

/** A run whose process dies. One of its own is lost with its workflow; a given one goes on, when its leases have run out. */
export async function dieAt(world: FaultWorld, point: CrashPoint, given?: string): Promise<void> {
  const runKey = given ?? (await world.engine.request(world.source.system)).runKey;
  const mortal = new Mortal(point);
  const pool = mortal.pool(world.engine.databaseUrl);
  const process = world.engine.newProcess({
    pool,
    decorateFactory: (factory) => mortal.factory(factory),
    reached: mortal.reached,
  });
  await world.engine.workThrough(runKey, process).catch((error: unknown) => {
    if (!mortal.isDead) throw error;
  });
  await process.activities.close();
  await pool.close();
  if (!mortal.isDead) throw new Error('the process did not die');
  world.deaths += 1;
  if (given === undefined) await world.lose(runKey);
  else await world.expireLeases();
}

/** A run whose drain stands still before or after its first update of a person, until it is told to go on. */
export async function startWriting(
  world: FaultWorld,
  target: FaultTarget,
  moment: 'before' | 'after' = 'after',
  timing: NonNullable<Parameters<TestEngine['newProcess']>[0]>['timing'] = {},
): Promise<{ readonly runKey: string; goOn(): Promise<void> }> {
  world.hadZombies = true;
  const { runKey } = await world.engine.request(world.source.system);
  const actor = Actor.join(world.engine, world.engine.owner, timing);
  await actor.activities.openRun({ runKey });
  await world.engine.readAll(runKey, ['user', 'group']);
  const [standing, goingOn, over] = [new Gate(), new Gate(), new Gate()];
  // Nor does it hear that its run is over: the question is under way all the time.
  actor.before(/^select cancel_requested as stop/, () => over.opened);
  // Nor does it renew its leases.
  for (let nth = 1; nth <= RENEWALS; nth += 1)
    actor.before(/^update backlog set lease_until/, () => goingOn.opened, nth);
  actor[moment](/^call update user/, async () => {
    standing.open();
    await goingOn.opened;
  });
  const input = { runKey, targetNo: target.system.no, ...USERS };
  const done = actor.activities.drainChunk(input).catch(() => undefined);
  await standing.opened;
  return {
    runKey,
    goOn: async () => {
      goingOn.open();
      await done;
      over.open();
      await actor.leave();
    },
  };
}

/** The actor must have been let in; otherwise the scenario has shown nothing. */
export async function leave(actor: Actor): Promise<void> {
  if (actor.unreached > 0) throw new Error('the other actor was never let in');
  await actor.leave();
}

/** The write transformation with a condition for people. */
export function withCondition(condition: string): JsonObject {
  const document = withGroups('target');
  return { ...document, user: { ...Object(document['user']), condition } };
}

/** Lets some time go by. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
