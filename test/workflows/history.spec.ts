import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startOptions } from '../../api/reconciler/start-options.js';
import { bulkQueueOf } from '../../core/task-queues.js';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities, MORE, NO_MORE, nth } from './support/fake-activities.js';
import { RunDriver } from './support/run-driver.js';
import type { RunHandle } from './support/run-driver.js';

const temporal = await testTemporal();

function summaryOf(data: Uint8Array | null | undefined): string {
  return String(JSON.parse(Buffer.from(data ?? []).toString('utf8')));
}

temporal.describe('the history of a run', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  async function activitiesOf(handle: RunHandle) {
    const { events } = await handle.fetchHistory();
    return (events ?? []).flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (!scheduled) return [];
      return [
        {
          name: scheduled.activityType?.name,
          summary: summaryOf(event.userMetadata?.summary?.data),
          queue: scheduled.taskQueue?.name,
          startToCloseSeconds: Number(scheduled.startToCloseTimeout?.seconds),
          heartbeatSeconds: Number(scheduled.heartbeatTimeout?.seconds),
          maximumAttempts: scheduled.retryPolicy?.maximumAttempts,
          maximumIntervalSeconds: Number(scheduled.retryPolicy?.maximumInterval?.seconds),
        },
      ];
    });
  }

  it('tells operators what each activity does, and limits it', async () => {
    const fake = new FakeActivities({ plan: { types: ['user'] } });
    await driver.withRun(fake.activities, async (handle) => {
      await handle.result();
      expect(await (await handle.describe()).staticSummary()).toBe('Read job · HR directory → 2 targets');
      const activities = await activitiesOf(handle);
      expect(activities.map((activity) => activity.summary)).toEqual(
        expect.arrayContaining([
          'Open the run',
          'Find pairs that became wanted',
          'Read users',
          'Read groups',
          'End of reading',
          'Write users → A',
          'Write late users → A',
          'Write groups → B',
          'Plan deletions → B',
          'Delete users → B',
          'Finish the run',
        ]),
      );
      const drain = activities.find((activity) => activity.summary === 'Write users → A');
      const queue = activities[0]?.queue ?? '';
      expect(drain).toEqual({
        name: 'drainChunk',
        summary: 'Write users → A',
        queue: bulkQueueOf(queue),
        startToCloseSeconds: 300,
        heartbeatSeconds: 15,
        maximumAttempts: 0,
        maximumIntervalSeconds: 5,
      });
      // A stop must not wait behind chunks of other runs.
      expect(activities.find((activity) => activity.name === 'finishRun')?.queue).toBe(queue);
      expect(queue).toMatch(/\.workflows$/);
    });
  });

  it('shows the counters as details of the workflow', async () => {
    const fake = new FakeActivities({ describeProgress: () => ({ markdown: '| users | 12 |' }) });
    await driver.withRun(fake.activities, async (handle) => {
      await handle.result();
      const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      expect(metadata.currentDetails).toBe('| users | 12 |');
    });
    // Once at the first chunk and once at the end: the rest of the run was over within ten seconds.
    expect(fake.count('describe')).toBe(2);
  });

  it('is cut at a border of the chunks, and the run goes on where it was', async () => {
    const fake = new FakeActivities({
      plan: { types: ['user'] },
      chunks: { 'intake user': nth(4), 'drain A user': nth(3), 'drain B group': nth(5), 'delete B user': nth(2) },
    });
    await driver.withRun(
      fake.activities,
      async (handle, run) => {
        expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
        const last = await handle.describe();
        expect(last.runId).not.toBe(handle.firstExecutionRunId);
        expect(last.typedSearchAttributes.getAll()).toEqual(
          expect.arrayContaining(startOptions(run).options.typedSearchAttributes),
        );
        const started = (await handle.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes;
        expect(JSON.parse(Buffer.from(started?.input?.payloads?.[0]?.data ?? []).toString())).toEqual({
          runKey: run.runKey,
          chunksPerHistory: 2,
        });
      },
      { input: { chunksPerHistory: 2 } },
    );
    expect(fake.count('open')).toBeGreaterThanOrEqual(4);
    for (const line of ['end intake', 'plan A', 'plan B']) expect(fake.count(line)).toBeGreaterThanOrEqual(1);
    expect(fake.callsOf('finish')).toEqual(['finish completed']);
    expect(fake.count('drain B group')).toBeGreaterThanOrEqual(5);
    expect(fake.calls.indexOf('plan A')).toBeGreaterThan(fake.calls.indexOf('end intake'));
  });

  it('is cut although a target pauses for long, and the pause does not hold up the others', async () => {
    const fake = new FakeActivities({
      chunks: {
        'drain A user': (call) => (call === 1 ? { more: true, pauseMs: 3_600_000 } : NO_MORE),
        'drain B user': (call) => (call < 3 ? MORE : NO_MORE),
      },
    });
    await driver.withRun(
      fake.activities,
      async (handle) => expect(await handle.result()).toMatchObject({ ended: 'finished' }),
      { input: { chunksPerHistory: 3 } },
    );
    expect(fake.count('open')).toBe(2);
  });

  it('holds ids, flags and names of systems, and is short', async () => {
    const fake = new FakeActivities({});
    await driver.withRun(fake.activities, async (handle) => {
      await handle.result();
      const { events } = await handle.fetchHistory();
      // 14 chunks and steps, two pictures: about six events each, without anything per entity.
      expect(events?.length).toBeLessThan(130);
    });
  });
});
