import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testTemporal } from '../support/temporal.js';
import type { ChunkResult } from '../../activities/contract.js';
import { FakeActivities, MORE, NO_MORE, nth, ONE_TARGET } from './support/fake-activities.js';
import { RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();

temporal.describe('the run loop', () => {
  let driver: RunDriver;
  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
  });
  afterAll(() => driver.close());

  it('ORD-1, ORD-3: reads the types in order, and writes and deletes them in order for each target', async () => {
    const fake = new FakeActivities({
      plan: { types: ['group', 'user'] },
      chunks: { sweep: nth(2), 'intake user': nth(3), 'drain A user': nth(2), 'delete B group': nth(2) },
    });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'finished', status: 'Success' });
    expect(fake.calls.slice(0, 3)).toEqual(['open', 'sweep', 'sweep']);
    expect(fake.callsOf('intake', 'end')).toEqual([
      'intake user',
      'intake user',
      'intake user',
      'intake group',
      'end intake',
    ]);
    expect(fake.callsOfTarget('A')).toEqual([
      'drain A user',
      'drain A user',
      'drain A late user',
      'drain A group',
      'drain A late group',
      'plan A',
      'delete A group',
      'delete A user',
    ]);
    expect(fake.callsOf('delete B')).toEqual(['delete B group', 'delete B group', 'delete B user']);
    expect(fake.calls.indexOf('plan A')).toBeGreaterThan(fake.calls.indexOf('end intake'));
    expect(fake.calls.at(-1)).toBe('finish completed');
  });

  it('DEL-1: a short delta run asks for nothing that is known: no sweep, both passes at once, no deletions, one picture', async () => {
    const lateDone = (): ChunkResult => ({ more: false, lateDone: true });
    const fake = new FakeActivities({
      open: { ...ONE_TARGET, mode: 'delta', hasSweeps: false },
      endIntake: () => ({ plansAbsence: false }),
      chunks: { 'drain A user': lateDone },
      finishRun: () => ({ status: 'Success', markdown: '| the end |' }),
    });
    await driver.withRun(fake.activities, async (handle) => {
      expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
      const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      expect(metadata.currentDetails).toBe('| the end |');
    });
    expect([...fake.calls].sort()).toEqual(['drain A user', 'end intake', 'finish completed', 'intake user', 'open']);
    expect(fake.count('describe')).toBe(0);
  });

  it('JOB-4: a Resync runs the same steps under its own name', async () => {
    const fake = new FakeActivities({});
    await driver.withRun(
      fake.activities,
      async (handle) => {
        expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
        expect((await handle.describe()).type).toBe('resyncJobWorkflow');
      },
      { kind: 'resync' },
    );
    expect(fake.callsOf('intake')).toEqual(['intake user', 'intake group']);
  });

  it('JOB-7, FNC-39: a simulation looks at the targets once everything is read, writes and deletes nothing, and asks only where it is to', async () => {
    const fake = new FakeActivities({ chunks: { 'simulate A write user': nth(2) } });
    await driver.withRun(
      fake.activities,
      async (handle) => {
        expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
        expect((await handle.describe()).type).toBe('simulateJobWorkflow');
      },
      { kind: 'simulate' },
    );
    expect(fake.callsOf('drain', 'plan', 'delete')).toEqual([]);
    expect(fake.callsOf('simulate A')).toEqual([
      'simulate A write user',
      'simulate A write user',
      'simulate A write group',
      'simulate A delete user',
      'simulate A delete group',
    ]);
    expect(fake.calls.indexOf('simulate B write user')).toBeGreaterThan(fake.calls.indexOf('end intake'));
  });

  it('writes a target while the source is still being read', async () => {
    const fake = new FakeActivities({
      chunks: { 'intake user': () => fake.seen('drain A late group').then(() => NO_MORE) },
    });
    expect(await driver.execute(fake.activities)).toMatchObject({ ended: 'finished' });
  });

  it('RDM-8: a run that became a full read begins again with a new history, and reads every type and drains every target anew', async () => {
    const fake = new FakeActivities({
      chunks: { 'intake group': (call) => (call === 1 ? { more: true, restart: true } : NO_MORE) },
    });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'finished', status: 'Success' });
    expect(fake.callsOf('intake', 'end')).toEqual([
      'intake user',
      'intake group',
      'intake user',
      'intake group',
      'end intake',
    ]);
    expect(fake.count('open')).toBe(2);
    expect(fake.callsOfTarget('A').slice(-5)).toEqual([
      'drain A user',
      'drain A late user',
      'drain A group',
      'drain A late group',
      'plan A',
    ]);
    expect(fake.callsOf('finish')).toEqual(['finish completed']);
  });

  it('ORD-7: a target that is slow does not hold up the others, not even their deletions', async () => {
    const fake = new FakeActivities({
      plan: { types: ['user'] },
      chunks: { 'drain B user': () => fake.seen('delete A user').then(() => NO_MORE) },
    });
    expect(await driver.execute(fake.activities)).toMatchObject({ ended: 'finished' });
    expect(fake.calls.indexOf('drain B late user')).toBeGreaterThan(fake.calls.indexOf('delete A user'));
  });

  it('ORD-7: a target that pauses does not hold up the others', async () => {
    const fake = new FakeActivities({
      plan: { types: ['user'] },
      chunks: { 'drain B user': () => ({ more: true, pauseMs: 3_600_000 }) },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await fake.seen('delete A user');
      expect(fake.count('drain B user')).toBe(1);
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    });
  });

  it.each(['drain A user', 'drain A late group'])(
    'ORD-7: a target that fails in "%s" ends its own chain only',
    async (line) => {
      const fake = new FakeActivities({ chunks: { [line]: () => ({ more: true, ended: 'targetFailed' }) } });
      expect(await driver.execute(fake.activities)).toMatchObject({ ended: 'finished' });
      expect(fake.callsOfTarget('A').at(-1)).toBe(line);
      expect(fake.count(line)).toBe(1);
      expect(fake.callsOfTarget('B').at(-1)).toBe('plan B');
      expect(fake.calls.at(-1)).toBe('finish completed');
    },
  );

  it('ORD-7: a target that fails while it deletes deletes no other type', async () => {
    const fake = new FakeActivities({
      plan: { types: ['group', 'user'] },
      chunks: { 'delete A group': () => ({ more: true, ended: 'targetFailed' }) },
    });
    await driver.execute(fake.activities);
    expect(fake.count('delete A user')).toBe(0);
    expect(fake.count('delete B user')).toBe(1);
  });

  it.each(['sourceFailed', 'allTargetsFailed'] as const)(
    'ORD-8, ORD-9: %s ends the reading, and the drains are told',
    async (ended) => {
      const fake = new FakeActivities({
        chunks: { 'intake user': (call) => (call === 1 ? MORE : { more: true, ended }) },
      });
      expect(await driver.execute(fake.activities)).toMatchObject({ ended: 'finished' });
      expect(fake.callsOf('intake', 'end')).toEqual(['intake user', 'intake user', 'end intake']);
      // Whether anything may be deleted is decided where the facts are.
      expect(fake.callsOf('plan').sort()).toEqual(['plan A', 'plan B']);
      expect(fake.callsOf('delete')).toEqual([]);
    },
  );

  it('pauses by a timer and not in a slot, then asks again', async () => {
    const fake = new FakeActivities({
      chunks: { 'drain A user': (call) => (call === 1 ? { more: true, pauseMs: 400 } : NO_MORE) },
    });
    await driver.withRun(fake.activities, async (handle) => {
      await handle.result();
      const { events } = await handle.fetchHistory();
      const started = events?.find((event) => event.timerStartedEventAttributes);
      expect(Number(started?.timerStartedEventAttributes?.startToFireTimeout?.nanos)).toBe(400_000_000);
    });
    expect(fake.count('drain A user')).toBe(2);
  });

  it('tries an activity again when it fails', async () => {
    const fake = new FakeActivities({
      chunks: {
        'drain A user': (call) => {
          if (call === 1) throw new Error('the database is being restarted');
          return NO_MORE;
        },
      },
    });
    expect(await driver.execute(fake.activities)).toMatchObject({ ended: 'finished', status: 'Success' });
    expect(fake.count('drain A user')).toBe(2);
  });

  it('ends quietly when the run was closed before it began', async () => {
    const fake = new FakeActivities({ open: { closed: true, mode: 'full', types: [], targets: [] } });
    expect(await driver.execute(fake.activities)).toEqual({ ended: 'notOurs' });
    expect(fake.calls).toEqual(['open']);
  });
});
