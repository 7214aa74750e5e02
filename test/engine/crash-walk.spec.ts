import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase, Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';

/**
 * A crash at every so many operations; each walk begins at another one, so that a suite meets each kind of statement. Whoever changes
 * the engine sets it to 1 and walks over all of them (about 20 minutes).
 */
const STRIDE: number = 61;
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

/** Verdicts for every n-th operation until a job ends without having come to it. Each test of the suite begins at another one. */
async function walk(engine: TestEngine, phase: CrashPhase, disturb: Disturb): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  walks += 1;
  let operation = 1 + ((walks * 3) % STRIDE);
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const mine = operation;
      operation += STRIDE;
      const scene = await CrashScene.start(engine);
      try {
        await phase.prepare(scene);
        const verdict = await disturb(scene, mine);
        if (verdict === undefined) isOver = true;
        else verdicts.push({ ...verdict, point: `${mine} ${verdict.point}` });
      } finally {
        await scene.stop();
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return verdicts;
}
