import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import type { TemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import { loadConfig } from '../../runtime/config.js';
import { ephemeralPort } from '../../runtime/ports.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { pino } from 'pino';
import { testTemporal } from '../support/temporal.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';
import { endOf, expectNothingLeft, expectSameContent, statisticsOf, SUCCESS } from './support/results.js';
import { until } from './support/until.js';

const temporal = await testTemporal();

temporal.describe('Temporal loses all its data in the middle of a run', () => {
  const population = generatePopulation({ people: 150, groups: 5, seed: 14 });
  let dataDir: string;
  let port: number;
  let server: TemporalDevServer;
  let muster: TestMuster;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'muster-temporal-'));
    port = await ephemeralPort();
    server = await startServer();
    muster = await TestMuster.start({ temporalAddress: server.address, namespace: 'default' });
    source = await startScimSimulator({ users: population.people, groups: population.groups });
    target = await startScimSimulator({ latency: { create: { fixedMs: 100 } } });
    hr = await muster.addSource('HR', source);
    await muster.addTarget('Cloud', target, hr, { 'scim.max.concurrent.writes': '4' });
  }, 60_000);

  afterAll(async () => {
    await muster?.stop();
    await server?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  async function startServer(): Promise<TemporalDevServer> {
    const { searchPath, cacheDir, temporal: settings } = loadConfig();
    const binary = await findTemporalBinary({
      cliPath: settings.cliPath,
      searchPath,
      cacheDir,
      onProgress: () => undefined,
    });
    return startTemporalDevServer({ binary, dataDir, port, log: pino({ level: 'silent' }), searchPath });
  }

  it('STP-7, JOB-13: the run goes on from PostgreSQL; nobody is lost and nobody is created twice', async () => {
    const jobId = await muster.client.startJob(hr.id, 'READ');
    await until(() => target.store.size('User') >= 30);
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await rm(dataDir, { recursive: true, force: true });
    server = await startServer();
    expect(target.store.size('User')).toBeLessThan(150);

    const job = await muster.client.followJob(jobId);
    expect(endOf(job)).toEqual(SUCCESS);
    expect(statisticsOf(job)).toEqual({
      'HR user': 'read 150',
      'HR group': 'read 5',
      'Cloud user': 'created 150',
      'Cloud group': 'created 5',
    });
    expectSameContent(source, target);
    await expectNothingLeft(muster, hr, [target]);
  }, 120_000);
});
