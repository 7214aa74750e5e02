/**
 * `npm run test:faults`: everything that is tried to break the engine with (docs/faults.md). Without options all of it; otherwise
 *
 *     --seeds N        random stories only, N of them
 *     --seed S         the first seed (default 1)
 *     --replay FILE    the story of one artifact again
 *     --processes      real processes only
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    processes: { type: 'boolean' },
  },
});
const isStory = [values.seeds, values.seed, values.replay].some((value) => value !== undefined);
const STORIES = '<rootDir>/test/faults/seeds.spec.ts';
const BROKEN_ENGINES = '<rootDir>/test/faults/mutations.spec.ts';
const PROCESSES = '<rootDir>/test/faults/processes/*.fault.ts';
const ALL = [BROKEN_ENGINES, STORIES, PROCESSES];
const wanted = isStory ? [STORIES] : values.processes ? [PROCESSES] : ALL;

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--maxWorkers=1',
    ...wanted.flatMap((pattern) => ['--testMatch', pattern]),
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(values.seeds !== undefined && { FAULT_SEEDS: values.seeds }),
      ...(values.seed !== undefined && { FAULT_SEED: values.seed, FAULT_SEEDS: values.seeds ?? '1' }),
      ...(values.replay !== undefined && { FAULT_REPLAY: values.replay }),
    },
  },
);
process.exitCode = status ?? 1;
