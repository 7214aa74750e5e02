import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { ChunkResult } from '../../activities/contract.js';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities, MORE, NO_MORE, ONE_TARGET } from './support/fake-activities.js';
import { RunDriver } from './support/run-driver.js';
import type { RunHandle } from './support/run-driver.js';

const temporal = await testTemporal();

/** A chunk that works until it is cancelled. */
async function untilCancelled(): Promise<ChunkResult> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 20);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

async function expectCancelled(handle: RunHandle): Promise<void> {
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
}

temporal.describe('stopping a run', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  it.each(['sweep', 'intake user', 'drain A user', 'drain A late user', 'delete A user'])(
    'STP-1, STP-2: stopped in "%s", the run asks for nothing more but finishRun',
    async (line) => {
      const fake = new FakeActivities({
        open: ONE_TARGET,
        plan: { types: ['user'] },
        chunks: { [line]: untilCancelled },
      });
      await driver.withRun(fake.activities, async (handle) => {
        await fake.seen(line);
        // Reading goes on beside a drain: what it asks for is over by then.
        if (line.startsWith('drain')) await fake.seen('end intake');
        const before = fake.calls.length;
        await handle.cancel();
        await expectCancelled(handle);
        // A chain beside the stopped one may have had a call under way.
        expect(fake.callsOf('finish')).toEqual(['finish stopped']);
        expect(fake.calls.at(-1)).toBe('finish stopped');
        expect(fake.calls.length - before).toBeLessThanOrEqual(2);
      });
      expect(fake.count(line)).toBe(1);
    },
  );

  it('STP-2: waits for the activity to end before it finishes the run', async () => {
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: {
        'drain A user': async () => {
          await untilCancelled().catch(() => undefined);
          await new Promise((wake) => setTimeout(wake, 300));
          fake.calls.push('last answer');
          throw new CancelledFailure('stopped');
        },
      },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('drain A user');
      await fake.seen('end intake');
      await handle.cancel();
      await expectCancelled(handle);
    });
    expect(fake.calls.slice(-2)).toEqual(['last answer', 'finish stopped']);
  });

  it('STP-2: deletes nothing when the stop comes while the run is opened', async () => {
    const fake: FakeActivities = new FakeActivities({
      openRun: async () => {
        await cancelled;
        return ONE_TARGET;
      },
    });
    let onCancelled = (): void => {};
    const cancelled = new Promise<void>((resolve) => (onCancelled = resolve));
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('open');
      await handle.cancel();
      onCancelled();
      await expectCancelled(handle);
    });
    expect(fake.calls).toEqual(['open', 'finish stopped']);
  });

  it('STP-1: a chunk that ends in the same moment does not turn the stop into a success', async () => {
    const fake = new FakeActivities({
      open: ONE_TARGET,
      plan: { types: ['user'] },
      chunks: { 'delete A user': () => untilCancelled().catch(() => NO_MORE) },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('delete A user');
      await handle.cancel();
      await expectCancelled(handle);
    });
    expect(fake.callsOf('finish')).toEqual(['finish stopped']);
  });

  it('STP-1: ends a pause at once', async () => {
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: { 'drain A user': () => ({ more: true, pauseMs: 3_600_000 }) },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('drain A user');
      await fake.seen('end intake');
      await handle.cancel();
      await expectCancelled(handle);
    });
    expect(fake.calls.at(-1)).toBe('finish stopped');
  });

  it('STP-1: an activity that saw the stop flag before Temporal brought the cancellation is not taken for a defect', async () => {
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: {
        'drain A user': () => {
          throw new CancelledFailure('stop flag');
        },
      },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('drain A user');
      await fake.seen('end intake');
      await handle.cancel();
      await expectCancelled(handle);
    });
    expect(fake.callsOf('finish')).toEqual(['finish stopped']);
  });

  it('STP-2: finishRun is tried until it succeeds, although the workflow is cancelled', async () => {
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: { 'intake user': untilCancelled, 'drain A user': untilCancelled },
      finishRun: (call) => {
        if (call === 1) throw new Error('the database is being restarted');
        return { status: 'Manually Terminated' };
      },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('intake user');
      await handle.cancel();
      await expectCancelled(handle);
    });
    expect(fake.callsOf('finish')).toEqual(['finish stopped', 'finish stopped']);
  });

  it('a stop between two histories is not lost', async () => {
    const fake = new FakeActivities({ open: ONE_TARGET, chunks: { 'intake user': () => MORE } });
    await driver.withRun(
      fake.activities,
      async (handle) => {
        await fake.seen('intake user');
        await handle.cancel();
        await expectCancelled(handle);
      },
      { input: { chunksPerHistory: 1 } },
    );
    expect(fake.calls.at(-1)).toBe('finish stopped');
  });
});
