import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CrashSide } from '../support/crash.js';
import { CrashScene } from '../support/crash-scene.js';
import type { Verdict } from '../support/crash-scene.js';
import { TestEngine } from '../support/engine.js';
import { person } from '../support/world.js';

/**
 * Every so many operations a crash; 1 walks over all of them. The default takes a prime, so that a few runs of the suite still meet
 * each kind of statement; `CRASH_WALK=1` is for whoever changes the engine.
 */
const STRIDE = Number(process.env['CRASH_WALK'] ?? 11);
/** Crash points worked on side by side. */
const LANES = 4;
const LIMIT_MS = 30 * 60_000;

interface Phase {
  readonly name: string;
  /** What has happened before the job that dies. */
  prepare(scene: CrashScene): Promise<void>;
  /** Statistics of that job, wherever it died. */
  readonly statistics: Record<string, string>;
}

const PHASES: readonly Phase[] = [
  {
    name: 'create',
    prepare: async () => undefined,
    statistics: {
      'HR user': 'read 5',
      'HR group': 'read 2',
      'A user': 'created 5',
      'A group': 'created 2',
      'B user': 'created 5',
      'B group': 'created 2',
    },
  },
  {
    name: 'update',
    prepare: async (scene) => {
      await scene.runJob();
      scene.source.store.update('User', 'P', { title: 'Lead' });
      scene.source.store.update('User', 'Q', { title: 'Expert' });
      scene.source.store.update('Group', 'G', { members: [{ value: 'P', type: 'User' }] });
    },
    statistics: {
      'HR user': 'read 5',
      'HR group': 'read 2',
      'A user': 'updated 2',
      'A group': 'updated 1',
      'B user': 'updated 2',
      'B group': 'updated 1',
    },
  },
  {
    name: 'delete',
    prepare: async (scene) => {
      await scene.runJob();
      scene.source.store.remove('User', 'S');
      scene.source.store.remove('User', 'T');
      scene.source.store.remove('Group', 'G');
      scene.source.store.add('User', person('N'));
    },
    statistics: {
      'HR user': 'read 4',
      'HR group': 'read 1',
      'A user': 'created 1, deleted 2',
      'A group': 'deleted 1',
      'B user': 'created 1, deleted 2',
      'B group': 'deleted 1',
    },
  },
];

describe('a process dies between two statements', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { idlePollMs: 50 } });
  });
  afterAll(() => engine.stop());

  for (const phase of PHASES) {
    for (const side of ['before', 'after'] as const) {
      it(
        `faults §2.2: a job that dies ${side} its n-th statement loses, duplicates and wrongly deletes nobody (${phase.name})`,
        async () => {
          const verdicts = await walk(engine, phase, side);
          expect(verdicts.length).toBeGreaterThan(40 / STRIDE);
          const expected = { status: 'Success', statistics: phase.statistics, complaints: [] };
          const wrong = verdicts.filter((verdict) => !isAsExpected(verdict, expected));
          expect(wrong).toEqual([]);
        },
        LIMIT_MS,
      );
    }
  }
});

/** Verdicts for every n-th operation until a job ends without having come to it. */
async function walk(engine: TestEngine, phase: Phase, side: CrashSide): Promise<Verdict[]> {
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
  phase: Phase,
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

function isAsExpected(verdict: Verdict, expected: Omit<Verdict, 'point'>): boolean {
  const { point: _point, ...rest } = verdict;
  return JSON.stringify(sorted(rest)) === JSON.stringify(sorted(expected));
}

function sorted(verdict: Omit<Verdict, 'point'>): unknown {
  return [verdict.status, Object.entries(verdict.statistics).sort(), verdict.complaints];
}
