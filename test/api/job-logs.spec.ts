import { setTimeout as pause } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { strFromU8, unzipSync } from 'fflate';
import request from 'supertest';
import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { zipOf } from '../../api/common/zip.js';
import { filesOf } from '../../api/logs/log-files.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource } from './support/fixtures.js';

const JOB = '01890000-0000-7000-8000-000000000001';
const REFERENCE = '/ips/service/publicapi/v1/jobLogs';

let api: TestApi;
let sourceNo: number;

beforeAll(async () => {
  api = await startTestApi();
  const id = await createSource(api, 'HR');
  const [row] = await api.sql('select no from system where id = $1', [id]);
  sourceNo = Object(row).no;
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('delete from run_counter');
  await api.sql('delete from run');
  await addJob(JOB);
});

async function addJob(id: string, change: Record<string, string | null> = {}): Promise<void> {
  const row = {
    source_id: String(sourceNo),
    source_name: 'HR',
    kind: 'read',
    mode: 'full',
    state: 'finished',
    status: 'Success',
    job_ids: `{${id}}`,
    trigger_type: 'IMMEDIATE',
    triggered_by: 'admin',
    started_at: '2026-03-04T07:15:00Z',
    ended_at: '2026-03-04T07:16:00Z',
    requested_at: '2026-03-04T07:14:59Z',
    ...change,
  };
  const names = Object.keys(row);
  await api.sql(
    `insert into run (${names.join(', ')}) values (${names.map((_, position) => `$${position + 1}`).join(', ')})`,
    Object.values(row),
  );
}

function fetchZip(path: string, token = api.token): Promise<Response> {
  return Promise.resolve(
    request(api.running.url).get(path).set('Authorization', `Bearer ${token}`).responseType('blob'),
  );
}

const filesIn = ({ body }: Response): Record<string, string> => {
  if (!Buffer.isBuffer(body)) throw new Error('no file');
  return Object.fromEntries(Object.entries(unzipSync(body)).map(([name, bytes]) => [name, strFromU8(bytes)]));
};

describe('job logs', () => {
  it('DWN-2, DWN-3, DWN-6, DWN-7: our address and that of the reference answer with the same ZIP, which is named after job and time', async () => {
    const types = {
      commonLog: 'ips_jobLogs',
      failedEntitiesLog: 'ips_jobErrorLogs',
      allErrorsLog: 'ips_jobErrorLogs',
      skippedEntitiesLog: 'ips_jobSkippedEntitiesLogs',
      createdEntitiesLog: 'ips_jobCreatedEntitiesLogs',
      updatedEntitiesLog: 'ips_jobUpdatedEntitiesLogs',
      deletedEntitiesLog: 'ips_jobDeletedEntitiesLogs',
    };
    for (const [type, name] of Object.entries(types))
      for (const path of [`/api/v1/jobs/${JOB}/logs/${type}`, `${REFERENCE}/${JOB}?action=export&logType=${type}`]) {
        const answer = await fetchZip(path);
        expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, 'application/zip']);
        const stamp = '_\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d\\.zip';
        expect(answer.headers['content-disposition']).toMatch(new RegExp(`filename=${name}_${JOB}${stamp}$`));
        expect(Object.keys(filesIn(answer))).toHaveLength(type === 'commonLog' ? 1 : 0);
      }
  });

  it('DWN-2, DWN-8: a job offers the logs of which it has something, when it is over', async () => {
    const running = JOB.replace(/1$/, '2');
    await addJob(running, { ended_at: null, status: null, state: 'running' });
    const logs = async (id: string): Promise<unknown> => (await api.send('get', `/api/v1/jobs/${id}`)).body.logs;
    expect(await logs(JOB)).toEqual(['commonLog']);
    await api.sql(
      `insert into run_counter (run_key, system_id, type, action, skipped, created, failed)
       select run_key, $1, 1, x.action, x.skipped, x.created, x.failed from run, (values ('read', 2, 0, 0), ('write', 0, 3, 1)) as x (action, skipped, created, failed)`,
      [sourceNo],
    );
    expect(await logs(JOB)).toEqual(['commonLog', 'failedEntitiesLog', 'skippedEntitiesLog', 'createdEntitiesLog']);
    expect(await logs(running)).toEqual([]);
  });

  it('DWN-6, DWN-7, DWN-8: unknown jobs, other actions and log types, jobs that run or are paused, and callers without a token are refused', async () => {
    const other = JOB.replace(/1$/, '9');
    const running = JOB.replace(/1$/, '2');
    const waiting = { ended_at: null, status: null };
    await addJob(running, { ...waiting, state: 'running' });
    const cases = {
      [`${REFERENCE}/${other}?action=export&logType=commonLog`]: 404,
      [`/api/v1/jobs/${other}/logs/commonLog`]: 404,
      [`${REFERENCE}/${JOB}?action=delete&logType=commonLog`]: 400,
      [`${REFERENCE}/${JOB}?logType=commonLog`]: 400,
      [`${REFERENCE}/${JOB}?action=export&logType=errorLog`]: 400,
      [`${REFERENCE}/${JOB}?action=export&logType=commonLog&page=2`]: 400,
      [`/api/v1/jobs/${JOB}/logs/errorLog`]: 400,
      [`/api/v1/jobs/${JOB}/logs/commonLog?format=jsonl`]: 400,
      // No worker has reported: it counts as paused.
      [`${REFERENCE}/${running}?action=export&logType=commonLog`]: 409,
      [`/api/v1/jobs/${running}/logs/failedEntitiesLog`]: 409,
    };
    for (const [path, status] of Object.entries(cases))
      expect([path, (await api.send('get', path)).status]).toEqual([path, status]);
    expect((await request(api.running.url).get(`${REFERENCE}/${JOB}?action=export&logType=commonLog`)).status).toBe(
      401,
    );
  });

  it('DWN-1, LIM-5, STA-5: common logs of all jobs come in parts of 3000, one file for each job', async () => {
    await api.sql(
      `insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type, started_at, ended_at)
       select $1, 'HR', 'read', 'finished', 'Success', array['j' || n], 'REPEAT', now(), now() from generate_series(1, 3000) n`,
      [sourceNo],
    );
    const first = await fetchZip('/api/v1/job-logs');
    expect(first.headers['content-disposition']).toMatch(/filename=ips_jobLogs_\d{4}-\d\d-\d\d_[\d-]{8}_part1\.zip$/);
    expect(first.headers['link']).toBe('</api/v1/job-logs?part=2>; rel="next"');
    expect(Object.keys(filesIn(first))).toHaveLength(3000);
    const second = await fetchZip('/api/v1/job-logs?part=2');
    expect(second.headers).not.toHaveProperty('link');
    expect(filesIn(second)).toEqual({
      [`ips_jobLogs_${JOB}.txt`]: expect.stringContaining(
        'type=READ\nmode=Full Read\ntrigger=IMMEDIATE\ntriggered by=admin\nstatus=Success\nstart=04/Mar/2026 07:15:00 +00\nend=04/Mar/2026 07:16:00 +00\n',
      ),
    });
    expect((await api.send('get', '/api/v1/job-logs?part=3')).status).toBe(404);
    await api.sql('delete from run');
    expect(filesIn(await fetchZip('/api/v1/job-logs'))).toEqual({});
  }, 60_000);

  it('DWN-3: a ZIP is made while it is read, in files of so many records, and nobody goes on when the reader has left', async () => {
    let made = 0;
    let isOver = false;
    const endless = async function* (): AsyncGenerator<readonly string[]> {
      try {
        for (;;) {
          made += 1;
          // Not to be compressed to nothing.
          yield [`${Array.from({ length: 500 }, () => Math.random()).join('')}\n`];
        }
      } finally {
        isOver = true;
      }
    };
    const zip = zipOf(filesOf('log', 'txt', endless()));
    await new Promise((resolve) => zip.once('data', resolve));
    zip.pause();
    // It stands still as soon as the buffers between are full; one that did not wait for its reader would never.
    for (let before = -1; before !== made; await pause(50)) {
      before = made;
      expect(made).toBeLessThan(1_000);
    }
    zip.destroy();
    while (!isOver) await pause(5);

    const seven = async function* (): AsyncGenerator<readonly string[]> {
      yield ['a', 'b', 'c'];
      yield [];
      yield ['d', 'e', 'f', 'g'];
    };
    const files = unzipSync(await buffer(zipOf(filesOf('log', 'txt', seven(), 3))));
    expect(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)])).toEqual([
      ['log.txt', 'abc'],
      ['log_part2.txt', 'def'],
      ['log_part3.txt', 'g'],
    ]);
  });

  it('RET-1, LIM-5: retention is 7, 14 or 30 days, 7 if nobody has said otherwise; it survives a reset of the settings', async () => {
    const settings = '/api/v1/job-logs/settings';
    expect((await api.send('get', settings)).body).toEqual({ retentionDays: 7 });
    expect((await api.send('put', settings, { retentionDays: 30 })).body).toEqual({ retentionDays: 30 });
    const refused = await api.send('put', settings, { retentionDays: 10 });
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [{ pointer: '/retentionDays', message: 'must be one of 7, 14, 30' }],
    ]);
    expect((await api.send('get', settings)).body).toEqual({ retentionDays: 30 });
    await api.send('put', settings, { retentionDays: 7 });
  });

  it('RET-4: contents are kept for 1 day at least and no longer than the log; left out, as long as the log', async () => {
    const settings = '/api/v1/job-logs/settings';
    const put = async (contentRetentionDays: unknown) =>
      api.send('put', settings, { retentionDays: 14, contentRetentionDays });
    for (const days of [1, 14]) {
      expect((await put(days)).body).toEqual({ retentionDays: 14, contentRetentionDays: days });
      expect((await api.send('get', settings)).body).toEqual({ retentionDays: 14, contentRetentionDays: days });
    }
    for (const days of [0, 15, 31, 1.5, '2']) {
      const { status, body } = await put(days);
      const pointers = new Set(body.errors.map((error: { pointer: string }) => error.pointer));
      expect([days, status, pointers]).toEqual([days, 400, new Set(['/contentRetentionDays'])]);
    }
    expect((await put(15)).body.errors[0].message).toBe('must not be more than retentionDays');
    expect((await put(undefined)).body).toEqual({ retentionDays: 14 });
    await api.send('put', settings, { retentionDays: 7 });
  });

  it('RET-2: logs of all finished jobs are deleted, after confirmation only', async () => {
    const running = JOB.replace(/1$/, '2');
    await addJob(running, { state: 'running', status: null, ended_at: null });
    const { tenantName } = (await api.send('get', '/api/v1/settings')).body;
    const path = '/api/v1/job-logs/delete';
    expect((await api.send('post', path, { confirm: 'yes' })).status).toBe(409);
    expect((await api.send('get', '/api/v1/jobs')).body.items).toHaveLength(2);
    expect((await api.send('post', path, { confirm: tenantName })).body).toEqual({ deleted: 1 });
    expect((await api.send('get', `/api/v1/jobs/${JOB}`)).status).toBe(404);
    const { items } = (await api.send('get', '/api/v1/jobs')).body;
    expect(items.map((job: { id: string }) => job.id)).toEqual([running]);
  });

  it('LOG-1, LOG-2, LOG-3, LOG-4: the list is newest first, 20 to a page, and can be searched by name, type, status and time', async () => {
    await api.sql('delete from run');
    for (let n = 10; n < 35; n += 1)
      await addJob(JOB.replace(/01$/, String(n)), {
        requested_at: `2026-03-04T07:${n}:00Z`,
        kind: n % 2 === 0 ? 'read' : 'resync',
        source_name: n === 12 ? 'Contractors' : 'HR',
        status: n === 14 ? 'Finished with Error' : 'Success',
      });
    const ids = async (query: string): Promise<number[]> =>
      (await api.send('get', `/api/v1/jobs?${query}`)).body.items.map((job: { id: string }) =>
        Number(job.id.slice(-2)),
      );
    expect(await ids('')).toEqual(Array.from({ length: 20 }, (_, n) => 34 - n));
    expect(await ids('from=2026-03-04T07:12:00Z&to=2026-03-04T07:15:00Z')).toEqual([14, 13, 12]);
    expect(await ids('from=2026-03-04T07:12:00Z&to=2026-03-04T07:15:00Z&type=RESYNC')).toEqual([13]);
    expect(await ids('search=contr')).toEqual([12]);
    expect(await ids('status=Finished%20with%20Error')).toEqual([14]);
    expect((await api.send('get', '/api/v1/jobs?from=yesterday')).status).toBe(400);
    expect((await api.send('get', `/api/v1/jobs/${JOB.replace(/01$/, '12')}`)).body).toMatchObject({
      sourceName: 'Contractors',
      type: 'READ',
      triggerType: 'IMMEDIATE',
      status: 'Success',
      startedAt: '2026-03-04T07:15:00.000Z',
      endedAt: '2026-03-04T07:16:00.000Z',
    });
  });
});
