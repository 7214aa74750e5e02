import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { runMigrations } from '../../../migrations/run.js';
import { loadConfig } from '../../../runtime/config.js';
import { startEmbeddedPostgres } from '../../../runtime/embedded/postgres.js';
import { ephemeralPort } from '../../../runtime/ports.js';
import { testTemporal } from '../../support/temporal.js';
import { endOf, SUCCESS } from '../../system/support/results.js';
import { until } from '../../system/support/until.js';
import { startOwnTemporal } from './own-temporal.js';
import { ProcessScene } from './process-scene.js';

const temporal = await testTemporal();
const LIMIT_MS = 6 * 60_000;
const log = pino({ level: 'silent' });

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-servers-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inScene(start: Promise<ProcessScene>, body: (scene: ProcessScene) => Promise<void>): Promise<void> {
  const scene = await start;
  try {
    await body(scene);
    expect(await scene.verdict()).toEqual([]);
  } finally {
    await scene.stop();
  }
}

temporal.describe('a server is struck; the job ends by itself', () => {
  it(
    'STP-7, faults §2.3: the API dies between the run row and the start of its workflow',
    () =>
      inScene(ProcessScene.start(temporal.address, { dieAtStart: 1 }), async (scene) => {
        await scene.muster.startWorker();
        await scene.muster.client.startJob(scene.hr.id, 'READ').catch(() => undefined);
        await scene.muster.apiExited();
        await scene.muster.startApi();
        expect(endOf(await scene.muster.ended(await scene.muster.lastJob()))).toEqual(SUCCESS);
      }),
    LIMIT_MS,
  );

  it(
    'JOB-13, faults §2.3: the API dies between the end of a run and the start of the queued one',
    () =>
      inScene(ProcessScene.start(temporal.address, { dieAtStart: 2 }), async (scene) => {
        const first = await scene.muster.client.startJob(scene.hr.id, 'READ');
        const queued = await scene.muster.client.startJob(scene.hr.id, 'RESYNC');
        // Not sooner: a first job that is over already leaves nothing to queue behind.
        await scene.muster.startWorker();
        await scene.muster.apiExited();
        await scene.muster.startApi();
        for (const jobId of [first, queued]) expect(endOf(await scene.muster.ended(jobId))).toEqual(SUCCESS);
      }),
    LIMIT_MS,
  );

  it(
    'faults §2.3: PostgreSQL is killed in the middle of a job and started again',
    () =>
      inFolder(async (folder) => {
        const { searchPath } = loadConfig();
        const port = await ephemeralPort();
        const options = { dataDir: join(folder, 'postgres'), port, log, durability: 'safe' as const, searchPath };
        let postgres = await startEmbeddedPostgres(options);
        await runMigrations(postgres.url);
        try {
          const own = { databaseUrl: postgres.url };
          await inScene(ProcessScene.start(temporal.address, {}, own), async (scene) => {
            await scene.muster.startWorker();
            const jobId = await scene.muster.client.startJob(scene.hr.id, 'READ');
            await until(() => scene.slowTarget.store.size('User') >= 5);
            process.kill(postgres.pid, 'SIGKILL');
            await postgres.exited;
            postgres = await startEmbeddedPostgres(options);
            scene.deaths += 1;
            expect(endOf(await scene.muster.ended(jobId))).toEqual(SUCCESS);
          });
        } finally {
          await postgres.stop();
        }
      }),
    LIMIT_MS,
  );

  it.each([
    ['killed and started again', false],
    ['killed, and its data is lost', true],
  ])(
    'STP-7, faults §2.3: Temporal is %s',
    (_title, isLost) =>
      inFolder(async (folder) => {
        const dataDir = join(folder, 'temporal');
        const port = await ephemeralPort();
        let server = await startOwnTemporal(dataDir, port);
        try {
          const own = { namespace: 'default' };
          await inScene(ProcessScene.start(server.address, {}, own), async (scene) => {
            await scene.muster.startWorker();
            const jobId = await scene.muster.client.startJob(scene.hr.id, 'READ');
            await until(() => scene.slowTarget.store.size('User') >= 5);
            process.kill(server.pid, 'SIGKILL');
            await server.exited;
            if (isLost) await rm(dataDir, { recursive: true, force: true });
            server = await startOwnTemporal(dataDir, port);
            // An activity that nobody can report goes on beside the one that replaces it.
            scene.hadZombies = true;
            expect(endOf(await scene.muster.ended(jobId, 4 * 60_000))).toEqual(SUCCESS);
          });
        } finally {
          await server.stop();
        }
      }),
    LIMIT_MS,
  );

  it(
    'STP-1, engine §9: a workflow that is terminated stays dead; the next job does what it left',
    () =>
      inScene(ProcessScene.start(temporal.address), async (scene) => {
        await scene.muster.startWorker();
        const jobId = await scene.muster.client.startJob(scene.hr.id, 'READ');
        await until(() => scene.slowTarget.store.size('User') >= 5);
        const connection = await Connection.connect({ address: temporal.address });
        const { namespace } = scene.muster.config.temporal;
        const client = new Client({ connection, namespace });
        for await (const { workflowId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
          await client.workflow.getHandle(workflowId).terminate('a test');
        const { status } = await scene.muster.ended(jobId);
        expect(status).toBe('Manually Terminated');
        const { count } = await connection.workflowService.countWorkflowExecutions({
          namespace,
          query: `ExecutionStatus = 'Running'`,
        });
        await connection.close();
        expect(Number(count)).toBe(0);
      }),
    LIMIT_MS,
  );

  it(
    'RTY-5, ORD-7, faults §2.3: a target loses answers, then its network, in the middle of a job',
    () =>
      inScene(ProcessScene.start(temporal.address), async (scene) => {
        const { slowTarget } = scene;
        slowTarget.faults.arm({
          effect: { kind: 'applyThenDrop' },
          match: { operations: ['create'] },
          skip: 4,
          times: 4,
        });
        await scene.muster.startWorker();
        const jobId = await scene.muster.client.startJob(scene.hr.id, 'READ');
        await until(() => slowTarget.faults.hits('applyThenDrop') >= 4);
        await slowTarget.down();
        expect((await scene.muster.ended(jobId)).status).toBe('Finished with Error');
        await slowTarget.up();
        await scene.openTargets();
      }),
    LIMIT_MS,
  );
});
