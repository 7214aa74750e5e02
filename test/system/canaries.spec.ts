import { readdir, readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import pg from 'pg';
import { pino } from 'pino';
import { loadConfig } from '../../runtime/config.js';
import { findTemporalBinary } from '../../runtime/embedded/temporal-binary.js';
import { startTemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import type { TemporalDevServer } from '../../runtime/embedded/temporal-server.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { testTemporal } from '../support/temporal.js';
import { person } from '../support/world.js';
import { TestMuster } from './support/muster.js';
import type { System } from './support/muster.js';

/** Planted in what belongs to people: may stand in PostgreSQL sealed, in the source, in the target, and nowhere else. */
const PERSONAL = ['Quokkabird', 'Zyzzyvason', 'numbatmail', 'Wombatgroup'];
/** Planted in credentials: may stand in the back ends and nowhere else. */
const SECRET = ['Kakapo-source-secret', 'Tuatara-target-secret'];

const temporal = await testTemporal();

temporal.describe('canaries (invariant 13)', () => {
  let folder: string;
  let server: TemporalDevServer;
  let muster: TestMuster;
  let source: ScimSimulator;
  let target: ScimSimulator;
  let hr: System;
  const jobs: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-canaries-'));
    const { searchPath, cacheDir, temporal: settings } = loadConfig();
    const { cliPath } = settings;
    const binary = await findTemporalBinary({ cliPath, searchPath, cacheDir, onProgress: () => undefined });
    const log = pino({ level: 'silent' });
    server = await startTemporalDevServer({ binary, dataDir: folder, log, searchPath });
    muster = await TestMuster.start({ temporalAddress: server.address, namespace: 'default' });
    const users = ['P', 'Q', 'R'].map((id) =>
      person(id, {
        userName: `Quokkabird-${id}`,
        name: { givenName: 'Quokkabird', familyName: 'Zyzzyvason' },
        emails: [{ value: `${id}@numbatmail.example`, primary: true }],
      }),
    );
    const groups = [{ id: 'G', displayName: 'Wombatgroup', members: [{ value: 'P', type: 'User' }] }];
    source = await startScimSimulator({
      users,
      groups,
      auth: { kind: 'basic', user: 'muster', password: SECRET[0] ?? '' },
    });
    target = await startScimSimulator({ auth: { kind: 'basic', user: 'muster', password: SECRET[1] ?? '' } });
    const login = { Authentication: 'BasicAuthentication', User: 'muster' };
    hr = await muster.addSource('HR', source, login, { Password: SECRET[0] ?? '' });
    await muster.addTarget('Cloud', target, hr, login, { Password: SECRET[1] ?? '' });
    await runDisturbed();
  }, 120_000);

  afterAll(async () => {
    await muster?.stop();
    await server?.stop();
    await Promise.all([source, target].map((simulator) => simulator?.stop()));
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Jobs that succeed, fail for one person with an answer that repeats his name, lose an answer, and meet a wrong password. */
  async function runDisturbed(): Promise<void> {
    const detail = 'Quokkabird Zyzzyvason is refused, password was Tuatara-target-secret';
    target.faults.arm({ effect: { kind: 'status', status: 400, detail }, match: { operations: ['create'] }, times: 1 });
    target.faults.arm({ effect: { kind: 'applyThenDrop' }, match: { operations: ['create'] }, times: 1 });
    for (const prepare of [
      () => undefined,
      () => source.store.update('User', 'P', { title: 'Quokkabird' }),
      () => source.store.remove('User', 'Q'),
      () =>
        source.faults.arm({
          effect: { kind: 'status', status: 401, detail: 'Kakapo-source-secret is the wrong password' },
          times: 3,
        }),
    ]) {
      prepare();
      const jobId = await muster.client.startJob(hr.id, 'READ');
      jobs.push(jobId);
      await muster.client.followJob(jobId);
    }
  }

  function expectNone(text: string, canaries: readonly string[]): void {
    const lower = text.toLowerCase();
    expect(canaries.filter((canary) => lower.includes(canary.toLowerCase()))).toEqual([]);
  }

  it('are there to be found: the target holds them', () => {
    expect(JSON.stringify(target.store.snapshot())).toContain('Zyzzyvason');
  });

  it('are in no history, memo or search attribute', async () => {
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const histories: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const handle = client.workflow.getHandle(workflowId, runId);
      const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown;
      histories.push(
        JSON.stringify([workflowId, withPayloads(history)]),
        JSON.stringify((await handle.describe()).memo),
      );
    }
    await connection.close();
    expect(histories.length).toBeGreaterThanOrEqual(jobs.length);
    expectNone(histories.join('\n'), [...PERSONAL, ...SECRET]);
  });

  it('are in no byte of the files of Temporal', async () => {
    const files = await readdir(folder);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files)
      expectNone((await readFile(join(folder, file))).toString('latin1'), [...PERSONAL, ...SECRET]);
  });

  it('are in no log line', () => {
    expect(muster.logged()).toContain('"level"');
    expectNone(muster.logged(), [...PERSONAL, ...SECRET]);
  });

  it('are in no table in clear, beside the keys by which entities are known', async () => {
    const client = new pg.Client({ connectionString: muster.database.url });
    await client.connect();
    const tables = await client.query<{ name: string }>(
      `select format('%I', relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      expectNone(rows.map(({ row }) => row).join('\n'), [...PERSONAL, ...SECRET]);
    }
    await client.end();
  });

  it.each([
    ['systems', () => '/systems'],
    ['properties', () => `/systems/${hr.id}/properties`],
    ['transformation', () => `/systems/${hr.id}/transformation`],
    ['jobs', () => '/jobs'],
  ])('are in no answer of the API: %s', async (_what, path) => {
    const answer = await muster.client.send('GET', path()).catch((error: unknown) => String(error));
    expectNone(JSON.stringify(answer), [...PERSONAL, ...SECRET]);
  });

  it('are in no error message, result or statistic of a job', async () => {
    for (const jobId of jobs) {
      const job = await muster.client.readJob(jobId);
      const results = await muster.client.send('GET', `/jobs/${jobId}/results`);
      expectNone(JSON.stringify([job, results]), [...PERSONAL, ...SECRET]);
    }
  });
});

/** Payloads are base64 in the JSON of a history. */
function withPayloads(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPayloads);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      name,
      name === 'data' && typeof part === 'string' ? Buffer.from(part, 'base64').toString('latin1') : withPayloads(part),
    ]),
  );
}
