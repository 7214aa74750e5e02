import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestEngine } from '../support/engine.js';
import { faultRuns } from '../support/fault-runs.js';
import { installWitness } from './checker/books.js';
import { collectEvidence, readArtifact, writeArtifact } from './random/artifact.js';
import type { Artifact } from './random/artifact.js';
import { story, tell } from './random/commands.js';
import type { Command } from './random/commands.js';
import { RandomScene } from './random/scene.js';

/** Shrinking ends after this time; what is shortest then is kept. */
const SHRINK_MS = 90_000;
const LIMIT_MS = 180_000;
/** A story that plays longer has come to a stop somewhere: where it stands then is kept. */
const STANDSTILL_MS = 75_000;
const MANY = 50;

type Failure = Omit<Artifact, 'seed'>;

describe('random stories', () => {
  let engine: TestEngine;
  let offsetMs = 0;

  beforeAll(async () => {
    engine = await TestEngine.start({
      clock: () => new Date(Date.now() + offsetMs),
      timing: { idlePollMs: 10, claimPollMs: 100 },
    });
    await installWitness(engine.pool);
  }, 60_000);
  afterAll(() => engine?.stop());

  async function play(commands: readonly Command[], failures: Failure[] = []): Promise<string[]> {
    await engine.pool.query('truncate fault_witness');
    const scene = await RandomScene.start(engine, (ms) => (offsetMs = ms));
    const noteStandstill = async (): Promise<void> => {
      const violations = [`it stands still: ${scene.playing}`];
      failures.push({ commands, violations, evidence: await collectEvidence(scene) });
    };
    const standstill = setTimeout(() => void noteStandstill(), STANDSTILL_MS);
    try {
      const violations = await scene.play(commands).catch((error: unknown) => [`it threw: ${textOf(error)}`]);
      if (violations.length > 0) failures.push({ commands, violations, evidence: await collectEvidence(scene) });
      return violations;
    } finally {
      clearTimeout(standstill);
      await scene.stop();
    }
  }

  if (faultRuns.replay !== undefined) {
    const { seed, commands } = readArtifact(faultRuns.replay);
    it(
      `seed ${seed}, played again`,
      async () => {
        expect(await play(commands)).toEqual([]);
      },
      LIMIT_MS,
    );
    return;
  }

  it.each(Array.from({ length: faultRuns.seeds }, (_, no) => faultRuns.first + no))(
    'faults §2.2: seed %i converges, and no invariant was broken on the way',
    async (seed) => {
      const failures: Failure[] = [];
      const property = fc.asyncProperty(story, async (commands) => (await play(commands, failures)).length === 0);
      const result = await fc.check(property, {
        seed,
        numRuns: 1,
        interruptAfterTimeLimit: SHRINK_MS,
        endOnFailure: !faultRuns.shrinks,
      });
      const shortest = failures.at(-1);
      tellProgress(seed, result.failed);
      if (shortest === undefined) return;
      const { commands, violations } = shortest;
      const file = writeArtifact({ seed, ...shortest });
      const text = [
        ...violations,
        '',
        ...commands.map(tell),
        '',
        `play it again: npm run test:faults -- --replay ${file}`,
      ];
      throw new Error(`seed ${seed}:\n${text.join('\n')}`);
    },
    LIMIT_MS,
  );
});

/** Hundreds of stories take a while, and jest says nothing before the last one is over. */
function tellProgress(seed: number, failed: boolean): void {
  if (faultRuns.seeds >= MANY)
    process.stderr.write(`${failed ? `seed ${seed} failed\n` : seed % 10 === 0 ? `seed ${seed}\n` : ''}`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
