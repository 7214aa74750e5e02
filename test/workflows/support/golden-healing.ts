import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { healWorkflow } from '../../../workflows/heal.workflow.js';
import { FakeActivities } from './fake-activities.js';
import type { RunDriver } from './run-driver.js';

const pair = (sourceNo: number, targetNo: number) => ({
  sourceNo,
  targetNo,
  sourceName: 'HR directory',
  targetName: targetNo === 1 ? 'A' : 'B',
});

/** Recorded rounds of healing: `test/histories/healWorkflow/<name>.json`. */
export const GOLDEN_ROUNDS: readonly { readonly name: string; readonly activities: () => FakeActivities }[] = [
  { name: '2026-11-nothing', activities: () => new FakeActivities({}) },
  {
    name: '2026-11-one-of-six-fails',
    activities: () =>
      new FakeActivities({
        healable: { pairs: [1, 2, 3, 4, 5].flatMap((no) => [pair(no, 1), pair(no, 2)]).slice(0, 6) },
        healFailure: 'heal 2 A',
      }),
  },
  {
    name: '2026-11-mails',
    activities: () => new FakeActivities({ healable: { pairs: [pair(1, 1)], hasMails: true } }),
  },
];

/** Runs one round on workers with these activities. */
export async function runRound<T>(
  driver: RunDriver,
  fake: FakeActivities,
  body: (handle: WorkflowHandle<typeof healWorkflow>) => Promise<T>,
): Promise<T> {
  const taskQueue = `test-${randomUUID()}.workflows`;
  return driver.withWorkers(taskQueue, fake.activities, async () => {
    const workflowId = `heal-${randomUUID()}`;
    return body(
      await driver.client.workflow.start<typeof healWorkflow>('healWorkflow', { taskQueue, workflowId, args: [] }),
    );
  });
}
