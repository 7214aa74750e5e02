import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { RunActivities } from '../../activities/contract.js';
import { startOptions } from '../../api/reconciler/start-options.js';
import { loadConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config.js';
import { createLogger } from '../../runtime/logger.js';
import { SqlPool } from '../../state/database.js';
import { createEmptyTestDatabase } from '../support/database.js';
import { testTemporal } from '../support/temporal.js';
import { startWorker } from '../../worker/main.js';
import type { readJobWorkflow } from '../../workflows/read-job.workflow.js';
import { FakeActivities, NO_MORE, ONE_TARGET } from './support/fake-activities.js';
import { forward, freePort } from './support/network.js';
import { newRun } from './support/run-driver.js';

const temporal = await testTemporal();
const silent = createLogger({ logLevel: 'silent' }, {});

function configFor(address: string): Config {
  return loadConfig({ TEMPORAL_ADDRESS: address, MUSTER_LOG_LEVEL: 'silent' });
}

/** A log that remembers its messages. */
function listeningLog(onLine: (line: { msg: string }) => void) {
  return createLogger({ logLevel: 'debug' }, {}, { write: (line: string) => onLine(JSON.parse(line)) });
}

describe('a worker process', () => {
  it('refuses to start without an activity that workflows ask for', async () => {
    const { activities } = new FakeActivities({});
    const incomplete = Object.assign({ ...activities, sweepAll: () => {} }, { drainChunk: undefined });
    // What the compiler would refuse, as an older build of the activities would bring it.
    const untyped: unknown = incomplete;
    await expect(
      startWorker(configFor('127.0.0.1:1'), { log: silent, activities: untyped as RunActivities }),
    ).rejects.toThrow(
      /activity drainChunk has no implementation: add it to activities\/index\.ts\n.*activity sweepAll of .* is not known/,
    );
  });

  it('waits for a database that has no tables yet, until nobody wants it any more', async () => {
    const database = await createEmptyTestDatabase();
    const home = mkdtempSync(join(tmpdir(), 'muster-worker-'));
    const giveUp = new AbortController();
    const messages: string[] = [];
    const log = listeningLog(({ msg }) => {
      messages.push(msg);
      if (msg.startsWith('waiting for PostgreSQL')) giveUp.abort();
    });
    const config = loadConfig({ DATABASE_URL: database.url, MUSTER_HOME: home });
    await expect(startWorker(config, { log, signal: giveUp.signal })).rejects.toThrow(/rt_event/);
    expect(messages).toContain('waiting for PostgreSQL and its tables (`muster migrate` makes them)');
    rmSync(home, { recursive: true });
    await database.drop();
  });

  it('survives a database connection that dies in the middle of a transaction', async () => {
    const database = await createEmptyTestDatabase();
    const pool = new SqlPool(database.url);
    const transaction = pool.transaction(async (sql) => {
      const [row] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1)', [row?.pid]);
      // Until the end of the connection was noticed.
      for (;;) await sql.query('select 1');
    });
    await expect(transaction).rejects.toThrow();
    expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
    await pool.close();
    await database.drop();
  });

  it('does not wait when waiting cannot help', async () => {
    const config = loadConfig({ MUSTER_HOME: '/nonexistent' });
    await expect(startWorker(config, { log: silent })).rejects.toThrow('DATABASE_URL is not set');
  });
});

temporal.describe('a worker process with Temporal', () => {
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection });
  });
  afterAll(() => connection.close());

  async function execute(workflowQueue: string) {
    const { workflowType, options } = startOptions(newRun(), workflowQueue);
    return client.workflow.execute<typeof readJobWorkflow>(workflowType, options);
  }

  it('waits for Temporal, does runs from start to end, and stops', async () => {
    const workflowQueue = `test-${randomUUID()}.workflows`;
    const port = await freePort();
    let onWaiting = (): void => {};
    const waiting = new Promise<void>((resolve) => (onWaiting = resolve));
    const log = listeningLog(({ msg }) => msg.startsWith('waiting for Temporal') && onWaiting());
    const fake = new FakeActivities({ open: ONE_TARGET });
    const starting = startWorker(configFor(`127.0.0.1:${port}`), { log, activities: fake.activities, workflowQueue });
    await waiting;
    const proxy = await forward(port, temporal.address);
    const worker = await starting;
    expect(await execute(workflowQueue)).toEqual({ ended: 'finished', status: 'Success' });
    await worker.stop();
    await worker.exited;
    proxy.close();
  });

  it('goes on by itself after an outage of Temporal in the middle of a chunk', async () => {
    const workflowQueue = `test-${randomUUID()}.workflows`;
    const port = await freePort();
    let proxy = await forward(port, temporal.address);
    let onBack = (): void => {};
    const isBack = new Promise<void>((resolve) => (onBack = resolve));
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: { 'drain A user': () => isBack.then(() => NO_MORE) },
    });
    const config = configFor(`127.0.0.1:${port}`);
    const worker = await startWorker(config, { log: silent, activities: fake.activities, workflowQueue });
    const result = execute(workflowQueue);
    await fake.seen('drain A user');
    proxy.close();
    await new Promise((wake) => setTimeout(wake, 2_000));
    proxy = await forward(port, temporal.address);
    onBack();
    expect(await result).toEqual({ ended: 'finished', status: 'Success' });
    expect(fake.callsOf('finish')).toEqual(['finish completed']);
    await worker.stop();
    proxy.close();
  }, 60_000);

  it('hands its work over when it is stopped', async () => {
    const workflowQueue = `test-${randomUUID()}.workflows`;
    const fake = new FakeActivities({
      open: ONE_TARGET,
      chunks: {
        'drain A user': async (call) => {
          if (call > 1) return NO_MORE;
          return Context.current().cancelled;
        },
      },
    });
    const config = configFor(temporal.address);
    const first = await startWorker(config, { log: silent, activities: fake.activities, workflowQueue });
    const { workflowType, options } = startOptions(newRun(), workflowQueue);
    const handle = await client.workflow.start<typeof readJobWorkflow>(workflowType, options);
    await fake.seen('end intake');
    await untilOnlyOneActivityRuns(handle);
    await first.stop();
    const second = await startWorker(config, { log: silent, activities: fake.activities, workflowQueue });
    expect(await handle.result()).toEqual({ ended: 'finished', status: 'Success' });
    expect(fake.count('drain A user')).toBe(2);
    expect(fake.callsOf('finish')).toEqual(['finish completed']);
    await second.stop();
  });
});

/** A task that the server hands out in the very moment of a shutdown is lost and comes back after its timeout: not what is tested. */
async function untilOnlyOneActivityRuns(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { raw } = await handle.describe();
    if (raw.pendingActivities?.length === 1 && !raw.pendingWorkflowTask) return;
  }
}
