import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../simulators/scim/faults.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase, Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';
import { faultRuns } from '../support/fault-runs.js';
import { inLanes } from '../support/lanes.js';

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

/** Verdicts for the first and the last request of each kind that a job sends to a target; with `CRASH_STRIDE=1` for each of them. */
async function walk(engine: TestEngine, phase: CrashPhase, effect: FaultEffect): Promise<Verdict[]> {
  const kinds = await inScene(engine, phase, (scene, target) => scene.requestsTo(target));
  const isWanted = (kind: string, no: number): boolean => kinds.indexOf(kind) === no || kinds.lastIndexOf(kind) === no;
  const requests = kinds.flatMap((kind, no) => (faultRuns.stride === 1 || isWanted(kind, no) ? [no + 1] : []));
  const verdicts = await inLanes(requests, LANES, (request) =>
    inScene(engine, phase, (scene, target) => scene.disturb(target, request, effect)),
  );
  return verdicts.filter((verdict) => verdict !== undefined);
}

async function inScene<T>(
  engine: TestEngine,
  phase: CrashPhase,
  act: (scene: CrashScene, target: ScimSimulator) => Promise<T>,
): Promise<T> {
  const scene = await CrashScene.start(engine);
  try {
    await phase.prepare(scene);
    const [target] = scene.targets;
    if (target === undefined) throw new Error('the scene has no target');
    return await act(scene, target);
  } finally {
    await scene.stop();
  }
}
