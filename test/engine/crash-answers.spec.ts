import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase, Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';

/** Disturbed jobs side by side; most of their time is waiting. */
const LANES = 6;
const LIMIT_MS = 10 * 60_000;

const FAULTS: readonly { readonly name: string; readonly effect: FaultEffect }[] = [
  { name: 'whose answer is lost', effect: { kind: 'applyThenDrop' } },
  { name: 'that is lost itself', effect: { kind: 'drop' } },
];

describe('requests and answers get lost', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 50 } });
  });
  afterAll(() => engine.stop());

  for (const phase of CRASH_PHASES) {
    for (const fault of FAULTS) {
      it(
        `RTY-5, invariant 3: the n-th request to a target ${fault.name} loses, duplicates and wrongly deletes nobody (${phase.name})`,
        async () => {
          const verdicts = await walk(engine, phase, fault.effect);
          expect(verdicts.length).toBeGreaterThan(2);
          expect(verdicts.filter((verdict) => !isAsExpected(verdict, phase))).toEqual([]);
        },
        LIMIT_MS,
      );
    }
  }
});

/** Verdicts for every n-th request until a job ends without having sent it. */
async function walk(engine: TestEngine, phase: CrashPhase, effect: FaultEffect): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let request = 1;
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const mine = request;
      request += 1;
      const scene = await CrashScene.start(engine);
      try {
        await phase.prepare(scene);
        const [target] = scene.targets;
        const verdict = target === undefined ? undefined : await scene.disturb(target, mine, effect);
        if (verdict === undefined) isOver = true;
        else verdicts.push(verdict);
      } finally {
        await scene.stop();
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return verdicts;
}
