/**
 * `npm run test:faults`: everything that is tried to break the engine with (docs/faults.md). Without options all of it; otherwise
 *
 *     --seeds N        random stories only, N of them
 *     --seed S         the first seed (default 1)
 *     --no-shrink      keep a story that fails as it is, which saves a minute and a half
 *     --replay FILE    the story of one artifact again
 *     --processes      real processes only
 *     --only TEXT      only the process tests whose title has this text
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    'no-shrink': { type: 'boolean' },
    replay: { type: 'string' },
    processes: { type: 'boolean' },
    only: { type: 'string' },
  },
});
const isStory = [values.seeds, values.seed, values.replay].some((value) => value !== undefined);
const STORIES = '<rootDir>/test/faults/seeds.spec.ts';
const BROKEN_ENGINES = '<rootDir>/test/faults/mutations.spec.ts';
const PROCESSES = '<rootDir>/test/faults/processes/*.fault.ts';
const ALL = [BROKEN_ENGINES, STORIES, PROCESSES];
const wanted = isStory ? [STORIES] : values.processes || values.only !== undefined ? [PROCESSES] : ALL;

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--maxWorkers=1',
    ...wanted.flatMap((pattern) => ['--testMatch', pattern]),
    ...(values.only === undefined ? [] : ['--testNamePattern', values.only.replaceAll(/[^\w ]/g, '.')]),
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(values.seeds !== undefined && { FAULT_SEEDS: values.seeds }),
      ...(values.seed !== undefined && { FAULT_SEED: values.seed, FAULT_SEEDS: values.seeds ?? '1' }),
      ...(values['no-shrink'] && { FAULT_SHRINK: 'off' }),
      ...(values.replay !== undefined && { FAULT_REPLAY: values.replay }),
      ...(values.only !== undefined && { FAULT_ONLY: values.only }),
    },
  },
);
process.exitCode = status ?? 1;
