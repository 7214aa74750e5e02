import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { Reconciler } from '../../api/reconciler/reconciler.js';
import { runWorkflowId } from '../../api/reconciler/start-options.js';
import { RunStarter } from '../../api/reconciler/start-run.js';
import { createLogger } from '../../runtime/logger.js';
import { findOpenRun, readJob } from '../../state/runs/index.js';
import type { OpenRun } from '../../state/runs/index.js';
import { TestEngine } from '../support/engine.js';
import type { TestSystem } from '../support/engine.js';
import { testTemporal } from '../support/temporal.js';
import { FakeActivities, ONE_TARGET } from './support/fake-activities.js';
import type { FakeAnswers } from './support/fake-activities.js';
import { forward, freePort } from './support/network.js';
import { newRun, RunDriver } from './support/run-driver.js';

const temporal = await testTemporal();

temporal.describe('the reconciler', () => {
  let driver: RunDriver;
  let engine: TestEngine;
  let source: TestSystem;
  let jobs: { runKey: string; jobId: string }[] = [];

  beforeAll(async () => {
    driver = await RunDriver.open(temporal.address);
    engine = await TestEngine.start();
    source = await engine.addSource('HR directory', 'http://127.0.0.1:1');
  });
  afterAll(async () => {
    await engine.stop();
    await driver.close();
  });
  afterEach(async () => {
    await engine.pool.query(
      `update run set state = 'finished', status = 'Success', ended_at = now() where state <> 'finished'`,
    );
    jobs = [];
  });

  const silent = createLogger({ logLevel: 'silent' }, {});
  const queueName = (): string => `test-${randomUUID()}.workflows`;

  function newReconciler(workflowQueue = queueName(), client = driver.client): Reconciler {
    return new Reconciler({
      pool: engine.pool,
      client: async () => client,
      log: silent,
      intervalMs: 3_600_000,
      workflowQueue,
    });
  }

  async function request(kind: 'read' | 'resync' = 'read'): Promise<OpenRun> {
    const job = await engine.request(source, kind);
    jobs.push(job);
    return openRun(job.runKey);
  }

  async function openRun(runKey: string): Promise<OpenRun> {
    const run = await findOpenRun(engine.pool, runKey);
    if (run === undefined) throw new Error(`run ${runKey} is not open`);
    return run;
  }

  const job = async (index: number) => readJob(engine.pool, jobs[index]?.jobId ?? '');
  const handleOf = (run: OpenRun) => driver.client.workflow.getHandle(runWorkflowId(run));
  const statusOf = async (run: OpenRun) => (await handleOf(run).describe()).status.name;

  /** Activities whose run closes its row, as the real ones do. */
  function closing(answers: FakeAnswers = {}): FakeActivities {
    return new FakeActivities({
      open: ONE_TARGET,
      finishRun: async () => {
        await engine.pool.query(
          `update run set state = 'finished', status = 'Success' where state = 'running' or state = 'starting'`,
        );
        return { status: 'Success' };
      },
      ...answers,
    });
  }

  it('starts a run whose API died before it could, once, under its own id', async () => {
    const run = await request();
    const reconciler = newReconciler();
    expect(await reconciler.reconcile()).toBe(true);
    const { runId, status } = await handleOf(run).describe();
    expect(status.name).toBe('RUNNING');
    await Promise.all([reconciler.reconcile(), newReconciler().reconcile()]);
    expect((await handleOf(run).describe()).runId).toBe(runId);
    await handleOf(run).terminate();
  });

  it('two starts of one run make one workflow', async () => {
    const run = await request();
    const queue = queueName();
    const starters = [new RunStarter(silent, queue), new RunStarter(silent, queue), new RunStarter(silent, queue)];
    const answers = await Promise.all(starters.map((starter) => starter.start(driver.client, run)));
    expect(answers.sort()).toEqual(['exists', 'exists', 'started']);
    await handleOf(run).terminate();
    expect(await new RunStarter(silent, queue).start(driver.client, run)).toBe('exists');
  });

  it('closes a run whose workflow was terminated, never starts it again, and lets the queued one begin', async () => {
    const run = await request();
    jobs.push(await engine.request(source, 'resync'));
    const reconciler = newReconciler();
    await reconciler.reconcile();
    await handleOf(run).terminate('not wanted');
    await reconciler.reconcile();
    expect(await job(0)).toMatchObject({
      status: 'Manually Terminated',
      errorMessage: expect.stringMatching(/terminated in Temporal.*stays due/),
    });
    const next = await openRun(jobs[1]?.runKey ?? '');
    expect(await statusOf(next)).toBe('RUNNING');
    expect(await statusOf(run)).toBe('TERMINATED');
    await handleOf(next).terminate();
  });

  it('closes a run whose workflow failed, and says what failed', async () => {
    const run = await request();
    const defect = new FakeActivities({
      openRun: () => {
        throw ApplicationFailure.nonRetryable('x', 'protocol');
      },
    });
    const queue = queueName();
    const reconciler = newReconciler(queue);
    await driver.withWorkers(queue, defect.activities, async () => {
      await reconciler.reconcile();
      await handleOf(run)
        .result()
        .catch(() => undefined);
    });
    await reconciler.reconcile();
    expect(await job(0)).toMatchObject({
      status: 'Finished with Error',
      errorMessage: expect.stringMatching(/failed: openRun failed beyond repair: protocol\. What was not written/),
    });
  });

  it('closes a run whose workflow ended without closing it', async () => {
    const run = await request();
    const queue = queueName();
    const reconciler = newReconciler(queue);
    await driver.withWorkers(queue, new FakeActivities({ open: ONE_TARGET }).activities, async () => {
      await reconciler.reconcile();
      await handleOf(run).result();
    });
    await reconciler.reconcile();
    expect(await job(0)).toMatchObject({
      status: 'Finished with Error',
      errorMessage: expect.stringMatching(/ended without closing the job/),
    });
  });

  it('leaves a run alone that its workflow closes as it should', async () => {
    const run = await request();
    const queue = queueName();
    const reconciler = newReconciler(queue);
    await driver.withWorkers(queue, closing().activities, async () => {
      await reconciler.reconcile();
      await handleOf(run).result();
    });
    await reconciler.reconcile();
    expect(await job(0)).toMatchObject({ status: 'Success', errorMessage: null });
  });

  it('STP-1: sends a stop again that did not reach the workflow', async () => {
    const run = await request();
    const reconciler = newReconciler();
    await reconciler.reconcile();
    await engine.requestStop(jobs[0]?.jobId ?? '');
    await reconciler.reconcile();
    const { events } = await handleOf(run).fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionCancelRequestedEventAttributes)).toHaveLength(1);
    await reconciler.reconcile();
    await handleOf(run).terminate();
  });

  it('STP-2, STP-9: a stopped run that no worker is left for is closed here, and the waiting one begins', async () => {
    const run = await request();
    jobs.push(await engine.request(source, 'resync'));
    const reconciler = newReconciler();
    await reconciler.reconcile();
    await engine.requestStop(jobs[0]?.jobId ?? '');
    await engine.pool.query(
      `update run set requested_at = now() - interval '25 seconds', stop_requested_at = now() - interval '25 seconds' where run_key = $1`,
      [run.runKey],
    );
    await reconciler.reconcile();
    expect(await job(0)).toMatchObject({ status: 'Manually Terminated', errorMessage: null });
    expect(await job(1)).toMatchObject({ status: 'Running' });
    await handleOf(run).terminate();
    await handleOf(await openRun(jobs[1]?.runKey ?? '')).terminate();
  });

  it('STP-9: a stopped run whose workflow is gone gets one that closes it', async () => {
    const run = await request();
    await engine.requestStop(jobs[0]?.jobId ?? '');
    const queue = queueName();
    const fake = closing();
    await driver.withWorkers(queue, fake.activities, async () => {
      await newReconciler(queue).reconcile();
      await handleOf(run)
        .result()
        .catch(() => undefined);
    });
    expect(await statusOf(run)).toBe('CANCELLED');
    expect(fake.callsOf('finish')).toEqual(['finish stopped']);
  });

  it('starts a running run again, under the same id, when Temporal has lost its data', async () => {
    const run = await request();
    const reconciler = newReconciler();
    await reconciler.reconcile();
    const { runId } = await handleOf(run).describe();
    await forget(run);
    await reconciler.reconcile();
    const again = await handleOf(run).describe();
    expect(again.status.name).toBe('RUNNING');
    expect(again.runId).not.toBe(runId);
    await handleOf(run).terminate();
  });

  /** What a lost database file does to one workflow. */
  async function forget(run: OpenRun): Promise<void> {
    const workflowExecution = { workflowId: runWorkflowId(run) };
    await driver.client.workflowService.deleteWorkflowExecution({ namespace: temporal.namespace, workflowExecution });
    for (;;) {
      try {
        await handleOf(run).describe();
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return;
        throw error;
      }
    }
  }

  it('does nothing while another process is at it', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let onHeld = (): void => {};
    const isHeld = new Promise<void>((resolve) => (onHeld = resolve));
    const slow = new Reconciler({
      pool: engine.pool,
      log: silent,
      client: async () => {
        onHeld();
        await held;
        return driver.client;
      },
    });
    const round = slow.reconcile();
    await isHeld;
    expect(await newReconciler().reconcile()).toBe(false);
    release();
    expect(await round).toBe(true);
  });

  it('acts at once when a run is announced, also after its connection broke', async () => {
    const queue = queueName();
    const fake = closing();
    const reconciler = newReconciler(queue);
    reconciler.start();
    await driver.withWorkers(queue, fake.activities, async () => {
      await untilListening(engine);
      await engine.request(source);
      await fake.seen('finish completed');
      await engine.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen muster_run'`,
      );
      const second = await engine.request(source, 'resync');
      await fake.seen('finish completed', 2);
      expect(second.runKey).toBeDefined();
    });
    await reconciler.stop();
  });

  async function untilListening(on: TestEngine): Promise<void> {
    for (;;) {
      const rows = await on.pool.query(`select 1 from pg_stat_activity where query = 'listen muster_run'`);
      if (rows.length > 0) return;
    }
  }

  it('goes on when Temporal comes back', async () => {
    const run = await request();
    const port = await freePort();
    const connection = Connection.lazy({
      address: `127.0.0.1:${port}`,
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 100 },
    });
    const lines: string[] = [];
    const log = createLogger({ logLevel: 'info' }, {}, { write: (line: string) => lines.push(JSON.parse(line).msg) });
    const reconciler = new Reconciler({
      pool: engine.pool,
      client: async () => new Client({ connection, interceptors: {} }),
      log,
      intervalMs: 200,
      workflowQueue: queueName(),
    });
    reconciler.start();
    while (lines.length === 0) await new Promise((wake) => setTimeout(wake, 50));
    const proxy = await forward(port, temporal.address);
    while (!lines.includes('runs and workflows are compared again')) await new Promise((wake) => setTimeout(wake, 50));
    await reconciler.stop();
    expect(lines).toEqual([
      'runs and workflows cannot be compared at the moment',
      'started a run without workflow',
      'runs and workflows are compared again',
    ]);
    expect(await statusOf(run)).toBe('RUNNING');
    await handleOf(run).terminate();
    await connection.close();
    proxy.close();
  });

  it('makes the search attributes on a server that does not know them', async () => {
    const namespace = `test-${randomUUID()}`;
    await driver.client.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const client = new Client({ connection: driver.client.connection, namespace });
    const run = newRun();
    const warned: string[] = [];
    const starter = new RunStarter({ warn: (message: unknown) => warned.push(String(message)) }, queueName());
    // A new namespace is known to all parts of the server after a moment.
    for (;;) {
      try {
        expect(await starter.start(client, run)).toBe('started');
        break;
      } catch (error) {
        if (!String((error as Error).cause).includes('not found')) throw error;
      }
    }
    expect(warned).toEqual([]);
    const { events } = await client.workflow.getHandle(runWorkflowId(run)).fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(Object.keys(started?.searchAttributes?.indexedFields ?? {})).toHaveLength(3);
  });
});
