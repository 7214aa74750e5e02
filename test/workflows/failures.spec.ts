import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities, MORE, NO_MORE, ONE_TARGET, runClosed } from './support/fake-activities.js';
import type { FakeAnswers } from './support/fake-activities.js';
import { RunDriver } from './support/run-driver.js';
import type { RunHandle } from './support/run-driver.js';

const temporal = await testTemporal();

function defect(): never {
  throw ApplicationFailure.nonRetryable('something nobody foresaw', 'protocol');
}

async function expectDefect(handle: RunHandle, step: string): Promise<void> {
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'runStepFailed', message: `${step} failed beyond repair: protocol` },
  });
}

temporal.describe('failures of a run', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  const closed = () => {
    throw runClosed();
  };
  const places: [string, FakeAnswers][] = [
    ['openRun', { openRun: closed }],
    ['a sweep', { chunks: { sweep: closed } }],
    ['intake', { chunks: { 'intake user': closed } }],
    ['the end of the intake', { endIntake: closed }],
    ['a drain', { chunks: { 'drain A user': closed } }],
    ['a deletion', { plan: { types: ['user'] }, chunks: { 'delete A user': closed } }],
  ];
  it.each(places)('ends quietly when %s says that the run is not ours any more', async (_place, answers) => {
    const fake = new FakeActivities({ open: ONE_TARGET, ...answers });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'notOurs' });
    expect(fake.callsOf('finish')).toEqual([]);
  });

  it('ends quietly when finishRun says that the run is not ours any more', async () => {
    const fake = new FakeActivities({ finishRun: closed });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'notOurs' });
    expect(fake.count('finish completed')).toBe(1);
  });

  it('cancels what still runs when one chain learns that the run is not ours any more', async () => {
    const fake = new FakeActivities({
      chunks: {
        'drain A user': closed,
        'drain B user': async () => {
          const context = Context.current();
          const beat = setInterval(() => context.heartbeat(), 20);
          return context.cancelled.finally(() => clearInterval(beat));
        },
      },
    });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'notOurs' });
    expect(fake.count('drain B user')).toBe(1);
  });

  it('a defect in the intake closes the run, tells the drains, and nothing is deleted', async () => {
    const fake = new FakeActivities({ plan: { types: ['user'] }, chunks: { 'intake group': defect } });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'intakeChunk'));
    expect(fake.callsOf('intake', 'end')).toEqual(['intake user', 'intake group', 'end intake']);
    expect(fake.callsOf('drain B').at(-1)).toBe('drain B late group');
    expect(fake.callsOf('plan', 'delete')).toEqual([]);
    expect(fake.calls.at(-1)).toBe('finish failed');
  });

  it('a defect in one target leaves the others their whole chain', async () => {
    const fake = new FakeActivities({ plan: { types: ['user'] }, chunks: { 'drain A user': defect } });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'drainChunk'));
    expect(fake.callsOfTarget('A')).toEqual(['drain A user']);
    expect(fake.callsOfTarget('B').at(-1)).toBe('delete B user');
    expect(fake.calls.at(-1)).toBe('finish failed');
  });

  it('a defect that keeps the drains from learning the end of the reading ends the run instead of waiting for ever', async () => {
    const fake = new FakeActivities({
      endIntake: defect,
      chunks: { 'drain A user': () => ({ more: true, pauseMs: 60_000 }) },
    });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'endIntake'));
    expect(fake.callsOf('plan')).toEqual([]);
    expect(fake.calls.at(-1)).toBe('finish failed');
  });

  it('a defect while opening closes the run', async () => {
    const fake = new FakeActivities({ openRun: defect });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'openRun'));
    expect(fake.calls).toEqual(['open', 'finish failed']);
  });

  it('a defect in finishRun fails the workflow, so that the reconciler closes the run', async () => {
    const fake = new FakeActivities({ finishRun: defect });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'finishRun'));
  });

  it('a defect in one target does not keep the others from going on in a new history', async () => {
    const fake = new FakeActivities({
      chunks: {
        'drain A user': defect,
        'drain B user': (call) => (call === 1 ? MORE : NO_MORE),
      },
    });
    await driver.withRun(fake.activities, (handle) => expectDefect(handle, 'drainChunk'), {
      input: { chunksPerHistory: 1 },
    });
    expect(fake.callsOfTarget('B').at(-1)).toBe('plan B');
    expect(fake.callsOf('finish')).toEqual(['finish failed']);
  });

  it('a picture that cannot be made does not hurt the run', async () => {
    const fake = new FakeActivities({
      describeProgress: () => {
        throw new Error('no picture');
      },
    });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'finished', status: 'Success' });
    expect(fake.count('describe')).toBeGreaterThan(0);
  });
});
