/**
 * Records the golden histories that do not exist yet from runs on the dev server; existing files are never touched. Not part of the
 * suite, run it on purpose:
 *
 *     node --experimental-vm-modules node_modules/jest/bin/jest.js --testMatch '<rootDir>/test/workflows/record-histories.ts'
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startOptions } from '../../api/reconciler/start-options.js';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities } from './support/fake-activities.js';
import { goldenFile, writeGoldenHistory } from './support/golden-files.js';
import { GOLDEN_ROUNDS, runRound } from './support/golden-healing.js';
import { GOLDEN_CALLS, recordCall } from './support/golden-calls.js';
import { GOLDEN_RUNS } from './support/golden-runs.js';
import { newRun, RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();

temporal.describe('golden histories', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  it.each(GOLDEN_RUNS.map((golden) => ({ ...golden, title: `${golden.kind} ${golden.name}` })))(
    '$title',
    async ({ name, kind, activities, input, disturb }) => {
      const { workflowType } = startOptions(newRun(kind));
      const fake = activities();
      const json = await driver.withRun(
        fake.activities,
        async (handle) => {
          await disturb?.(handle, fake);
          // The first history of the run: a continued one ends with its cut.
          const first = driver.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
          await handle.result().catch(() => undefined);
          return historyToJSON(await first.fetchHistory());
        },
        { kind, ...(input !== undefined && { input }) },
      );
      expect(JSON.parse(json)).toHaveProperty('events');
      writeGoldenHistory(goldenFile(workflowType, name), json);
    },
  );

  it.each(GOLDEN_ROUNDS)('healing $name', async ({ name, activities }) => {
    const json = await runRound(driver, activities(), async (handle) => {
      await handle.result();
      return historyToJSON(await handle.fetchHistory());
    });
    expect(JSON.parse(json)).toHaveProperty('events');
    writeGoldenHistory(goldenFile('healWorkflow', name), json);
  });

  it('one point of a schedule', async () => {
    const taskQueue = `test-${randomUUID()}.workflows`;
    const json = await driver.withWorkers(taskQueue, new FakeActivities({}).activities, async () => {
      const options = { taskQueue, workflowId: `point-${randomUUID()}`, args: [{ sourceId: randomUUID() }] };
      const handle = await driver.client.workflow.start('scheduledReadWorkflow', options);
      await handle.result();
      return historyToJSON(await handle.fetchHistory());
    });
    expect(JSON.parse(json)).toHaveProperty('events');
    writeGoldenHistory(goldenFile('scheduledReadWorkflow', '2026-11-point'), json);
  });

  it.each(GOLDEN_CALLS)('a call that crosses, $name', async ({ name, answer }) => {
    const json = await recordCall(temporal.address, answer);
    expect(JSON.parse(json)).toHaveProperty('events');
    writeGoldenHistory(goldenFile('edgeCallWorkflow', name), json);
  });
});
