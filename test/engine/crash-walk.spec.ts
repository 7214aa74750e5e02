import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase, Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';
import { faultRuns } from '../support/fault-runs.js';
import { inLanes } from '../support/lanes.js';
import { sized } from '../support/sizes.js';

/**
 * A crash at every so many operations; each walk begins at another one, so that a suite meets each kind of statement. Whoever changes
 * the engine walks over all of them: `CRASH_STRIDE=1`, about 20 minutes.
 */
const STRIDE = faultRuns.stride ?? sized(97, 61);
/** Crash points worked on side by side. */
const LANES = 4;
let walks = 0;
const LIMIT_MS = 30 * 60_000;

describe('a process dies between two statements', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 50 } });
  });
  afterAll(() => engine.stop());

  for (const phase of CRASH_PHASES) {
    for (const side of ['before', 'after'] as const) {
      it(
        `faults §2.2: a job that dies ${side} its n-th statement loses, duplicates and wrongly deletes nobody (${phase.name})`,
        () => expectNoTrace(phase, (scene, operation) => scene.survive({ operation, side })),
        LIMIT_MS,
      );

      it(
        `§6 "a good answer after a PostgreSQL outage counts": the connection breaks ${side} the n-th statement (${phase.name})`,
        () => expectNoTrace(phase, (scene, operation) => scene.reconnect({ operation, side })),
        LIMIT_MS,
      );
    }

    it(
      `STP-4, STP-5, STP-7: a job that dies after its n-th statement and is paused for 90 s resumes without a trace but its new id (${phase.name})`,
      () => expectNoTrace(phase, (scene, operation) => scene.survive({ operation, side: 'after' }, 90)),
      LIMIT_MS,
    );
  }

  async function expectNoTrace(phase: CrashPhase, disturb: Disturb): Promise<void> {
    const verdicts = await walk(engine, phase, disturb);
    expect(verdicts.length).toBeGreaterThan(40 / STRIDE);
    expect(verdicts.filter((verdict) => !isAsExpected(verdict, phase))).toEqual([]);
  }
});

type Disturb = (scene: CrashScene, operation: number) => Promise<Verdict | undefined>;

const lengths = new Map<CrashPhase, Promise<number>>();

/** How many operations a job of the phase has that nothing disturbs. */
function lengthOf(engine: TestEngine, phase: CrashPhase): Promise<number> {
  const known = lengths.get(phase) ?? inScene(engine, phase, (scene) => scene.countOperations());
  lengths.set(phase, known);
  return known;
}

/** Verdicts for every n-th operation of a job. Each test of the suite begins at another one. */
async function walk(engine: TestEngine, phase: CrashPhase, disturb: Disturb): Promise<Verdict[]> {
  walks += 1;
  const first = 1 + ((walks * 3) % STRIDE);
  const count = Math.max(0, Math.ceil(((await lengthOf(engine, phase)) - first + 1) / STRIDE));
  const points = Array.from({ length: count }, (_, no) => first + no * STRIDE);
  const verdicts = await inLanes(points, LANES, async (operation) => {
    const verdict = await inScene(engine, phase, (scene) => disturb(scene, operation));
    return verdict && { ...verdict, point: `${operation} ${verdict.point}` };
  });
  // A job may look for work once less than the one that was counted.
  return verdicts.filter((verdict) => verdict !== undefined);
}

async function inScene<T>(engine: TestEngine, phase: CrashPhase, act: (scene: CrashScene) => Promise<T>): Promise<T> {
  const scene = await CrashScene.start(engine);
  try {
    await phase.prepare(scene);
    return await act(scene);
  } finally {
    await scene.stop();
  }
}
