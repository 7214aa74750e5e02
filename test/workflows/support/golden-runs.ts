import type { StartableRun } from '../../../api/reconciler/start-options.js';
import type { RunLoopInput } from '../../../workflows/steps/run-loop.js';
import { Context } from '@temporalio/activity';
import { FakeActivities, NO_MORE, nth, runClosed, TWO_TARGETS } from './fake-activities.js';
import type { RunHandle } from './run-driver.js';

/** One recorded run: `test/histories/<workflow>/<name>.json`. */
export interface GoldenRun {
  /** `yyyy-mm-<what>`. */
  readonly name: string;
  readonly kind: StartableRun['kind'];
  readonly activities: () => FakeActivities;
  readonly input?: Omit<RunLoopInput, 'runKey'>;
  /** What happens to the run besides its activities. */
  readonly disturb?: (handle: RunHandle, fake: FakeActivities) => Promise<void>;
}

const full = (): FakeActivities =>
  new FakeActivities({
    plan: { types: ['group', 'user'] },
    chunks: {
      sweep: nth(2),
      'intake user': nth(3),
      'drain A user': nth(4),
      'drain A late group': nth(2),
      'drain B user': (call) => (call === 1 ? { more: true, pauseMs: 50 } : NO_MORE),
      'delete A user': nth(2),
    },
  });

/** A delta run that is over within its first chunks. */
const short = (): FakeActivities =>
  new FakeActivities({
    open: { ...TWO_TARGETS, mode: 'delta', hasSweeps: false },
    endIntake: () => ({ plansAbsence: false }),
    chunks: {
      'drain A user': () => ({ more: false, lateDone: true }),
      'drain B group': () => ({ more: false, lateDone: true }),
    },
    finishRun: () => ({ status: 'Success', markdown: '| the end |' }),
  });

/**
 * The behaviours that runs of released versions may be in the middle of. A behaviour that changes gets a new name beside the old one;
 * a file is deleted only when no run can still be on it.
 */
export const GOLDEN_RUNS: readonly GoldenRun[] = [
  { name: '2026-11-full', kind: 'read', activities: full },
  { name: '2026-11-full', kind: 'resync', activities: full },
  { name: '2026-11-full', kind: 'apply', activities: full },
  {
    name: '2026-11-compared',
    kind: 'simulateCompare',
    activities: () =>
      new FakeActivities({
        open: { ...TWO_TARGETS, asksTargets: true },
        chunks: { 'intake user': nth(3), 'simulate A write user': nth(2), 'simulate B compare user': nth(2) },
      }),
  },
  {
    name: '2026-11-continued-as-new',
    kind: 'read',
    activities: full,
    input: { chunksPerHistory: 4 },
  },
  { name: '2026-11-short', kind: 'read', activities: short },
  {
    // A directory is read in one activity for each type, which may take a day; a broken one begins again.
    name: '2026-11-read-in-one-go',
    kind: 'read',
    activities: () =>
      new FakeActivities({
        open: { ...TWO_TARGETS, readsInOneGo: true },
        chunks: { 'intake user': nth(2), 'drain A user': nth(2) },
      }),
  },
  {
    name: '2026-11-stopped',
    kind: 'read',
    activities: () =>
      new FakeActivities({ chunks: { 'drain B user': untilCancelled, 'intake group': untilCancelled } }),
    disturb: async (handle, fake) => {
      await Promise.all([fake.seen('drain B user'), fake.seen('intake group')]);
      await handle.cancel();
    },
  },
  {
    name: '2026-11-target-and-source-failed',
    kind: 'read',
    activities: () =>
      new FakeActivities({
        chunks: {
          'intake user': () => ({ more: true, ended: 'sourceFailed' }),
          'drain A user': () => ({ more: true, ended: 'targetFailed' }),
        },
      }),
  },
  {
    name: '2026-11-run-closed',
    kind: 'read',
    activities: () =>
      new FakeActivities({
        chunks: {
          'drain A user': () => {
            throw runClosed();
          },
          'drain B user': untilCancelled,
        },
      }),
  },
];

async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 20);
  return context.cancelled.finally(() => clearInterval(beat));
}
