import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { startOptions } from '../../api/reconciler/start-options.js';
import { loadWorkflowBundle } from '../../worker/build-bundle.js';
import type { WorkflowBundle } from '../../worker/build-bundle.js';
import { installRuntime } from '../../worker/install-runtime.js';
import { listGoldenHistories, readGoldenHistory } from './support/golden-files.js';
import { GOLDEN_CALLS } from './support/golden-calls.js';
import { GOLDEN_ROUNDS } from './support/golden-healing.js';
import { GOLDEN_RUNS } from './support/golden-runs.js';
import { newRun } from './support/run-driver.js';

describe('replay of golden histories', () => {
  let workflowBundle: WorkflowBundle;
  beforeAll(async () => {
    installRuntime();
    workflowBundle = await loadWorkflowBundle();
  });

  it.each(listGoldenHistories())('%s replays on the workflow code of today', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, readGoldenHistory(name));
  });

  it('every behaviour that is recorded has its file', () => {
    const expected = GOLDEN_RUNS.map(({ kind, name }) => `${startOptions(newRun(kind)).workflowType}/${name}`);
    const rounds = GOLDEN_ROUNDS.map(({ name }) => `healWorkflow/${name}`);
    const calls = GOLDEN_CALLS.map(({ name }) => `edgeCallWorkflow/${name}`);
    expect(listGoldenHistories()).toEqual(expect.arrayContaining([...expected, ...rounds, ...calls]));
  });

  it('faults §2.2 (14): every workflow type has a recorded history', () => {
    const index = readFileSync(new URL('../../workflows/index.ts', import.meta.url), 'utf8');
    const types = [...index.matchAll(/^export \{ (\w+) \}/gm)].map(([, name]) => name);
    expect([...new Set(listGoldenHistories().map((name) => name.split('/')[0]))].sort()).toEqual(types.sort());
  });

  it.each([
    ['another order of the steps', (text: string) => swap(text, 'intakeChunk', 'drainChunk')],
    ['an activity that is called differently', (text: string) => text.replaceAll('"sweepPairs"', '"sweepAll"')],
  ])('a history with %s is refused', async (_what, edit) => {
    const edited: unknown = JSON.parse(edit(JSON.stringify(readGoldenHistory('readJobWorkflow/2026-11-full'))));
    await expect(Worker.runReplayHistory({ workflowBundle }, edited)).rejects.toThrow(DeterminismViolationError);
  });
});

function swap(text: string, one: string, other: string): string {
  return text
    .replaceAll(`"${one}"`, '"\u0000"')
    .replaceAll(`"${other}"`, `"${one}"`)
    .replaceAll('"\u0000"', `"${other}"`);
}
