import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '../../activities/index.js';
import { CRASH_PHASES, CrashScene, isAsExpected } from '../support/crash-scene.js';
import type { CrashPhase } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';

type Case = readonly [phase: 'create' | 'update' | 'delete', nth: number];

/** What no scene here comes to has its own test (`write-back.spec.ts`, `members-only.spec.ts`, `notifications/delivery.spec.ts`). */
type Moment = Exclude<FaultPoint, 'membersNoted' | 'writtenBack' | 'mailClaimed' | 'mailAnswered' | 'logsRemoved'>;

/** In which phase of a crash scene a process dies at the moment, and when it comes to it for the how manieth time. */
const MOMENTS: Readonly<Record<Moment, readonly Case[]>> = {
  fetched: [['create', 2]],
  pageCommitted: [
    ['create', 1],
    ['delete', 2],
  ],
  intentsCommitted: [
    ['create', 1],
    ['delete', 2],
  ],
  sending: [
    ['create', 4],
    ['delete', 3],
  ],
  answered: [
    ['create', 4],
    ['update', 1],
    ['delete', 5],
  ],
  settled: [
    ['create', 1],
    ['delete', 3],
  ],
  chunkBegun: [
    ['create', 5],
    ['delete', 8],
  ],
  chunkEnded: [
    ['create', 1],
    ['delete', 8],
  ],
  planningAbsence: [
    ['delete', 1],
    ['delete', 2],
  ],
  finishing: [['create', 1]],
  finished: [['delete', 1]],
};

const LIMIT_MS = 120_000;

describe('a process dies at a named moment of the engine', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 20 } });
  });
  afterAll(() => engine.stop());

  it.each(Object.keys(MOMENTS) as Moment[])(
    'faults §2.2: at "%s"; nobody is lost, created twice or wrongly deleted',
    async (moment) => {
      const verdicts = await Promise.all(
        MOMENTS[moment].map(async ([name, nth]) => {
          const phase = phaseOf(name);
          const scene = await CrashScene.start(engine);
          try {
            await phase.prepare(scene);
            const verdict = await scene.survive({ moment, nth });
            return { phase, verdict, case: `${name} ${nth}` };
          } finally {
            await scene.stop();
          }
        }),
      );
      expect(verdicts.filter(({ verdict }) => verdict === undefined).map((one) => one.case)).toEqual([]);
      expect(verdicts.filter(({ phase, verdict }) => verdict !== undefined && !isAsExpected(verdict, phase))).toEqual(
        [],
      );
    },
    LIMIT_MS,
  );
});

function phaseOf(name: string): CrashPhase {
  const phase = CRASH_PHASES.find((one) => one.name === name);
  if (phase === undefined) throw new Error(`there is no phase ${name}`);
  return phase;
}
