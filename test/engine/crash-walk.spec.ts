import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CrashSide } from '../support/crash.js';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase, Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';

/**
 * Every so many operations a crash; 1 walks over all of them. The default takes a prime, so that a few runs of the suite still meet
 * each kind of statement; `CRASH_WALK=1` is for whoever changes the engine.
 */
const STRIDE = Number(process.env['CRASH_WALK'] ?? 11);
/** Crash points worked on side by side. */
const LANES = 4;
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
        async () => {
          const verdicts = await walk(engine, phase, side);
          expect(verdicts.length).toBeGreaterThan(40 / STRIDE);
          expect(verdicts.filter((verdict) => !isAsExpected(verdict, phase))).toEqual([]);
        },
        LIMIT_MS,
      );
    }
  }
});

/** Verdicts for every n-th operation until a job ends without having come to it. */
async function walk(engine: TestEngine, phase: CrashPhase, side: CrashSide): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let operation = side === 'before' ? 1 : 1 + (STRIDE >> 1);
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const mine = operation;
      operation += STRIDE;
      const verdict = await surviveAt(engine, phase, { operation: mine, side });
      if (verdict === undefined) isOver = true;
      else verdicts.push({ ...verdict, point: `${mine} ${verdict.point}` });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return verdicts;
}

async function surviveAt(
  engine: TestEngine,
  phase: CrashPhase,
  point: { readonly operation: number; readonly side: CrashSide },
): Promise<Verdict | undefined> {
  const scene = await CrashScene.start(engine);
  try {
    await phase.prepare(scene);
    return await scene.survive(point);
  } finally {
    await scene.stop();
  }
}
