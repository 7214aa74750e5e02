import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { runMigrations } from '../../../migrations/run.js';
import { loadConfig } from '../../../runtime/config.js';
import { startEmbeddedPostgres } from '../../../runtime/embedded/postgres.js';
import type { NodeChild } from '../../../runtime/node-child.js';
import { ephemeralPort } from '../../../runtime/ports.js';
import { testTemporal } from '../../support/temporal.js';
import { until } from '../../system/support/until.js';
import type { EdgePark } from './edge-park.js';
import type { OwnServers } from './process-muster.js';
import { ProcessScene } from './process-scene.js';
import { startOwnTemporal } from './own-temporal.js';

const temporal = await testTemporal();
const LIMIT_MS = 10 * 60_000;
const END_MS = 5 * 60_000;
const ENDS = ['Success', 'Finished with Error'];
/** Longer than Temporal waits for a sign of life, and than a lease of these tests would last without an edge worker. */
const STANDSTILL_MS = 25_000;
const log = pino({ level: 'silent' });

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-servers-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A job through edge workers that is struck while people are created, and the verdict of the checker after it. */
async function struck(
  address: string,
  own: OwnServers,
  strike: (scene: ProcessScene, edges: EdgePark, worker: NodeChild) => Promise<void>,
): Promise<void> {
  const scene = await ProcessScene.start(address, {}, { ...own, isPrivate: true });
  try {
    const { edges } = scene;
    if (edges === undefined) throw new Error('the systems are not private');
    const jobId = await scene.muster.client.startJob(scene.hr.id, 'READ');
    await strike(scene, edges, await scene.muster.startWorker());
    // A request is repeated once here: a job may give up a system that nobody reaches for a while, and the next one does what it left.
    expect(ENDS).toContain((await scene.muster.ended(jobId, END_MS)).status);
    await scene.openTargets();
    expect(await scene.verdict()).toEqual([]);
  } finally {
    await scene.stop();
  }
}

const created = (scene: ProcessScene, count: number): Promise<void> =>
  until(() => scene.slowTarget.store.size('User') >= count, 120_000);

temporal.describe(
  'a job through edge workers; it ends by itself, and nobody is lost, created twice or wrongly deleted',
  () => {
    it(
      'CONN-CORE-53, faults §2.3: both edge workers of a location are killed, one after the other',
      () =>
        struck(temporal.address, {}, async (scene, edges) => {
          const both = [await edges.start(), await edges.start()];
          for (const [n, edge] of both.entries()) {
            await created(scene, 4 + n * 12);
            await edges.replaceKilled(edge);
            scene.deaths += 1;
          }
        }),
      LIMIT_MS,
    );

    it(
      'engine invariant 3, faults §2.3: the edge worker that writes stands still, another one goes on, and it comes back',
      () =>
        struck(temporal.address, {}, async (scene, edges) => {
          const frozen = await edges.start();
          await created(scene, 4);
          scene.hadZombies = true;
          scene.deaths += 1;
          process.kill(frozen.pid, 'SIGSTOP');
          await edges.start();
          await pause(STANDSTILL_MS);
          process.kill(frozen.pid, 'SIGCONT');
        }),
      LIMIT_MS,
    );

    it(
      'STP-7, faults §2.3: the worker of the installation is killed while a call is under way',
      () =>
        struck(temporal.address, {}, async (scene, edges, worker) => {
          await edges.start();
          await created(scene, 4);
          await until(() => scene.slowTarget.statistics().inFlight > 0);
          process.kill(worker.pid, 'SIGKILL');
          await worker.exited;
          scene.deaths += 1;
          await scene.muster.startWorker();
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
            await struck(server.address, { namespace: 'default' }, async (scene, edges) => {
              await edges.start();
              await edges.start();
              await created(scene, 4);
              process.kill(server.pid, 'SIGKILL');
              await server.exited;
              if (isLost) await rm(dataDir, { recursive: true, force: true });
              server = await startOwnTemporal(dataDir, port);
              scene.hadZombies = true;
            });
          } finally {
            await server.stop();
          }
        }),
      LIMIT_MS,
    );

    it(
      'faults §2.3: PostgreSQL is killed and started again',
      () =>
        inFolder(async (folder) => {
          const { searchPath } = loadConfig();
          const port = await ephemeralPort();
          const options = { dataDir: join(folder, 'postgres'), port, log, durability: 'safe' as const, searchPath };
          let postgres = await startEmbeddedPostgres(options);
          await runMigrations(postgres.url);
          try {
            await struck(temporal.address, { databaseUrl: postgres.url }, async (scene, edges) => {
              await edges.start();
              await created(scene, 4);
              process.kill(postgres.pid, 'SIGKILL');
              await postgres.exited;
              postgres = await startEmbeddedPostgres(options);
              scene.deaths += 1;
            });
          } finally {
            await postgres.stop();
          }
        }),
      LIMIT_MS,
    );
  },
);
