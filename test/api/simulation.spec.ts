import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { csvOfSimulation } from '../../api/jobs/export-simulation.js';
import { createBodySealer } from '../../runtime/sealed-bodies.js';
import { loadKeyring } from '../../runtime/secrets.js';
import { loadInstallationKeys } from '../../state/config/index.js';
import { createDataSource } from '../../state/data-source.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let hr: string;
let crm: string;
let job: string;
let content: Buffer;

beforeAll(async () => {
  api = await startTestApi({ launcher: new FakeLauncher() });
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
  content = await sealed();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate run, simulated_result cascade');
  job = await storeSimulation();
});

/** What the engine stores of the values of one result, under its place. */
async function sealed(): Promise<Buffer> {
  const [target] = await api.sql(`select no from system where name = 'CRM'`);
  const dataSource = await createDataSource(api.database.url, { poolSize: 1 }).initialize();
  const keys = await loadInstallationKeys(dataSource, await loadKeyring(api.config.masterKeyFile, { create: false }));
  await dataSource.destroy();
  const values = { before: { title: 'Clerk' }, after: { title: 'Lead' }, mappings: { '/title': '/user/mappings/3' } };
  return createBodySealer(keys.deriveKey('link-body')).seal(values, `change/${Object(target).no}/7`);
}

async function storeSimulation(kind = 'simulate'): Promise<string> {
  const [source] = await api.sql(`select no from system where name = 'HR'`);
  const [target] = await api.sql(`select no from system where name = 'CRM'`);
  const [run] = await api.sql(
    `insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type)
     values ($1, 'HR', $2, 'finished', 'Success', array[gen_random_uuid()::text], 'IMMEDIATE') returning run_key, job_ids[1] as id`,
    [Object(source).no, kind],
  );
  await api.sql(
    `insert into simulated_result (run_key, target_id, type, source_key, place_no, result, operation, reason, attributes, content)
     select $1, $2, 1, 'p' || n, n, case when n % 4 = 0 then 'deleted' else 'updated' end, 'update',
            case when n % 4 = 0 then 'the source has it no longer' end, '{title}', case when n = 7 then $3::bytea end
       from generate_series(1, 12) n`,
    [Object(run).run_key, Object(target).no, content],
  );
  return String(Object(run).id);
}

const get = (rest = '') => api.send('get', `/api/v1/jobs/${job}/simulation${rest}`);

describe('what a Simulate job has found', () => {
  it('JOB-9: is paged, and filtered by target, type, result and text', async () => {
    const first = (await get('?limit=5')).body;
    expect(first.items).toHaveLength(5);
    expect(first.items[3]).toEqual({
      entity: 'user',
      sourceKey: 'p4',
      targetId: crm,
      targetName: 'CRM',
      targetKey: null,
      result: 'deleted',
      operation: 'update',
      code: null,
      reason: 'the source has it no longer',
      compared: null,
      facet: null,
      risks: [],
      attributeNames: ['title'],
    });
    expect((await get(`?limit=200&after=${first.next}`)).body).toMatchObject({ items: { length: 7 }, next: null });
    expect((await get('?result=deleted')).body.items).toHaveLength(3);
    expect((await get(`?target=${crm}&text=P1`)).body.items).toHaveLength(4);
    expect((await get('?type=group')).body.items).toEqual([]);
    expect((await get('?result=gone')).body).toMatchObject({ status: 400, errors: [{ parameter: 'result' }] });
  });

  it('JOB-9, PLN-6: values are sealed at rest and shown only to those who ask for them and may see them', async () => {
    const [stored] = await api.sql('select content from simulated_result where place_no = 7');
    expect(Buffer.from(Object(stored).content).toString('latin1')).not.toContain('Clerk');
    expect((await get('?text=p7')).text).not.toContain('Clerk');
    expect((await get('?text=p7&values=true')).body.items[0].attributes).toEqual([
      { name: 'title', before: 'Clerk', after: 'Lead', mapping: '/user/mappings/3' },
    ]);
    const url = `${api.running.url}/api/v1/jobs/${job}/simulation`;
    expect((await request(url).get('/')).status).toBe(401);
  });

  it('JOB-9: is downloaded as CSV and JSON, filtered in the same way', async () => {
    const csv = await get('/export?values=true');
    expect(csv.headers['content-disposition']).toBe(`attachment; filename="simulation-${job}.csv"`);
    expect(csv.text.trim().split('\r\n')).toHaveLength(13);
    expect(csv.text).toContain('"title","""Clerk""","""Lead"""');
    const json = await get('/export?format=json&result=deleted');
    expect(JSON.parse(json.text)).toHaveLength(3);
    expect(json.text).not.toContain('Clerk');
    const portion = { ...(await get('?limit=1')).body.items[0], sourceKey: '=cmd' };
    const lines: string[] = [];
    for await (const line of csvOfSimulation(portions([portion]))) lines.push(line);
    expect(lines[1]).toContain(`"'=cmd"`);
  });

  it('JOB-9: a job of another type has none, and one that does not exist neither', async () => {
    job = await storeSimulation('resync');
    expect((await get()).body).toMatchObject({ status: 409, type: expect.stringContaining('not-simulated') });
    expect((await get('/export')).body).toMatchObject({ status: 409 });
    job = '00000000-0000-4000-8000-000000000000';
    expect((await get()).status).toBe(404);
  });
});

async function* portions<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield await Promise.resolve(items);
}
