import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { readEvents } from './support/event-stream.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
let launcher: FakeLauncher;
let hr: string;
let crm: string;

beforeAll(async () => {
  launcher = new FakeLauncher();
  api = await startTestApi({ launcher });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.sql('truncate system, pair_sweep, backlog, run, run_counter, run_skip, entity, entity_log, link cascade');
  Object.assign(launcher, { started: [], cancelled: [], away: false, refusesStarts: false });
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
});

const start = (type = 'READ', system = hr) => api.send('post', `/api/v1/systems/${system}/jobs`, { type });
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('starting', () => {
  it('JOB-11, JOB-12, STA-3, STA-4: starts at once and tells where the job is', async () => {
    const response = await start();
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      sourceId: hr,
      sourceName: 'HR',
      type: 'READ',
      status: 'Running',
      triggerType: 'IMMEDIATE',
      triggeredBy: 'admin',
      stopRequested: false,
    });
    expect(response.headers['location']).toBe(`/api/v1/jobs/${response.body.id}`);
    expect(launcher.started).toEqual(['HR']);
    expect((await api.send('get', `/api/v1/jobs/${response.body.id}`)).body).toEqual({
      ...response.body,
      statistics: [],
      logs: [],
      failedEntities: [],
      unknown: [],
      endedTargets: [],
      configurations: [],
      progress: { phases: [], remainingSeconds: null, unresolvedReferences: 0 },
    });
  });

  it('JOB-13: one runs, one of each type waits, and a further request gets the waiting one', async () => {
    await start();
    const queued = await start();
    expect(queued.status).toBe(202);
    expect(queued.body.status).toBe('Queued');
    expect((await start()).body.id).toBe(queued.body.id);
    const resync = await start('RESYNC');
    expect(resync.status).toBe(202);
    expect(resync.body.id).not.toBe(queued.body.id);
    expect(launcher.started).toEqual(['HR']);
    expect((await api.send('get', '/api/v1/jobs')).body.items).toHaveLength(3);
  });

  it('JOB-13: ten requests at the same moment make one running and one waiting job', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => start()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(2);
  });

  it('JOB-1, JOB-14: VALIDATE does not stand in the queue, and is told where it is', async () => {
    expect((await start('VALIDATE')).body).toMatchObject({
      status: 400,
      detail: 'VALIDATE is no job in the queue: send its CSV files to POST /systems/{id}/validations',
      errors: [{ pointer: '/type' }],
    });
  });

  it('JOB-1, JOB-13, STA-4: SIMULATE starts, waits and shows like the others', async () => {
    const first = await start('SIMULATE');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ type: 'SIMULATE', isPlan: false, triggeredBy: 'admin', status: 'Running' });
    const waiting = await start('SIMULATE');
    expect(waiting.status).toBe(202);
    expect((await start('SIMULATE')).body.id).toBe(waiting.body.id);
    expect((await api.send('get', '/api/v1/jobs?type=SIMULATE')).body.items).toHaveLength(2);
  });

  it.each([
    { type: 'SIMULATE', plan: true, pointer: '/plan' },
    { type: 'READ', compare: true, pointer: '/compare' },
    { type: 'RESYNC', compare: true, pointer: '/compare' },
  ])('JOB-1: what does not go with a type is refused: %j', async ({ pointer, ...body }) => {
    const response = await api.send('post', `/api/v1/systems/${hr}/jobs`, body);
    expect(response.body).toMatchObject({ status: 400, errors: [{ pointer }] });
    expect(launcher.started).toEqual([]);
  });

  it.each([{ type: 'DELETE' }, { type: 'read' }, {}])('JOB-1: an unknown type is refused: %j', async (body) => {
    const response = await api.send('post', `/api/v1/systems/${hr}/jobs`, body);
    expect(response.body).toMatchObject({ status: 400, errors: [{ pointer: '/type' }] });
  });

  it('SYS-20: a disabled source cannot start', async () => {
    await api.send('post', `/api/v1/systems/${hr}/disable`);
    expect((await start()).body).toMatchObject({ status: 409, type: 'urn:muster:problem:system-disabled' });
  });

  it('SYS-23: without an enabled connected target nothing starts, and no job is made', async () => {
    await api.send('post', `/api/v1/systems/${crm}/disable`);
    expect((await start()).body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:no-enabled-target',
      detail: expect.stringContaining('CRM'),
    });
    await api.send('delete', `/api/v1/systems/${crm}`);
    expect((await start()).body).toMatchObject({ status: 409, detail: expect.stringContaining('connect a target') });
    expect(await api.sql('select from run')).toHaveLength(0);
  });

  it('SYS-9: a source without any property is refused, naming what is missing', async () => {
    await api.sql('delete from system_property');
    expect((await start()).body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:not-configured',
      detail: expect.stringContaining('HR has no properties'),
    });
  });

  it('a target has no jobs, and neither has what does not exist', async () => {
    expect((await start('READ', crm)).body).toMatchObject({
      status: 404,
      detail: expect.stringContaining('not a source'),
    });
    expect((await start('READ', UNKNOWN)).status).toBe(404);
  });

  it('a start that Temporal did not answer is kept for the reconciler', async () => {
    launcher.refusesStarts = true;
    expect((await start()).status).toBe(201);
    expect(await api.sql('select state from run')).toEqual([{ state: 'starting' }]);
    expect(api.logged()).toContain('the reconciler will start it');
  });

  it('while Temporal is away starts answer 503 with Retry-After and make no job; all else is served', async () => {
    launcher.away = true;
    const response = await start();
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toBe('10');
    expect(await api.sql('select from run')).toHaveLength(0);
    expect((await api.send('get', '/api/v1/jobs')).status).toBe(200);
    const ready = await request(api.running.url).get('/api/v1/health/ready');
    expect([ready.status, ready.body]).toEqual([200, { status: 'degraded', database: 'up', temporal: 'down' }]);
  });
});

describe('stopping', () => {
  it('STP-1: raises the flag and cancels the workflow', async () => {
    const { body } = await start();
    const stopped = await api.send('post', `/api/v1/jobs/${body.id}/stop`);
    expect([stopped.status, stopped.body.stopRequested]).toEqual([202, true]);
    expect(launcher.cancelled).toEqual(['HR']);
  });

  it('a waiting job is over at once; a job that is over cannot be stopped', async () => {
    await start();
    const { body } = await start();
    const stopped = await api.send('post', `/api/v1/jobs/${body.id}/stop`);
    expect(stopped.body.status).toBe('Manually Terminated');
    expect(launcher.cancelled).toEqual([]);
    expect((await api.send('post', `/api/v1/jobs/${body.id}/stop`)).body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:job-over',
    });
    expect((await api.send('post', `/api/v1/jobs/${UNKNOWN}/stop`)).status).toBe(404);
  });
});

describe('showing', () => {
  it('STA-13: lists newest first, with filters, in pages', async () => {
    const other = await createSource(api, 'Other');
    await api.send('patch', `/api/v1/systems/${crm}`, { sources: { selection: 'all' } });
    const ids = [(await start()).body.id, (await start('RESYNC')).body.id, (await start('READ', other)).body.id];
    const list = async (query: string) => {
      const { body } = await api.send('get', `/api/v1/jobs?${query}`);
      return { ids: body.items.map((job: { id: string }) => ids.indexOf(job.id)), next: body.next };
    };
    expect(await list('')).toEqual({ ids: [2, 1, 0], next: null });
    expect(await list('limit=2')).toEqual({ ids: [2, 1], next: ids[1] });
    expect(await list(`limit=2&before=${ids[1]}`)).toEqual({ ids: [0], next: null });
    expect((await list(`system=${other}`)).ids).toEqual([2]);
    expect((await list('type=RESYNC')).ids).toEqual([1]);
    expect((await list('status=Queued')).ids).toEqual([1]);
    expect((await list('search=OTH')).ids).toEqual([2]);
  });

  it.each([
    ['status', 'status=Done'],
    ['type', 'type=VALIDATE'],
    ['system', 'system=HR'],
    ['before', 'before=x'],
    ['colour', 'colour=red'],
  ])('names the parameter %s when it is wrong', async (parameter, query) => {
    expect((await api.send('get', `/api/v1/jobs?${query}`)).body).toMatchObject({
      status: 400,
      errors: [{ parameter }],
    });
  });

  it('STA-7: shows statistics with the job and on their own', async () => {
    const { body } = await start();
    await api.sql(
      `insert into run_counter (run_key, system_id, type, action, created, failed)
       select r.run_key, t.no, 1, 'write', 7, 1 from run r cross join system t where t.name = 'CRM'`,
    );
    const row = {
      entity: 'user',
      systemId: crm,
      systemName: 'CRM',
      action: 'Write',
      created: 7,
      failed: 1,
      deleted: 0,
    };
    expect((await api.send('get', `/api/v1/jobs/${body.id}/statistics`)).body.items).toEqual([
      expect.objectContaining(row),
    ]);
    const job = (await api.send('get', `/api/v1/jobs/${body.id}`)).body;
    expect(job).toMatchObject({ status: 'Running with Error', statistics: [row] });
  });

  it('STA-6, STA-11, LIM-9, ORD-11, LOG-5: shows the first ten failed entities, where each failed, and what has ended a target', async () => {
    const { body } = await start();
    await api.sql(
      `with person as (
         insert into entity (source_id, type, source_key, presence, read_seq)
         select s.no, 1, 'E' || lpad(n::text, 2, '0'), 1, 1 from system s cross join generate_series(1, 12) n where s.name = 'HR'
         returning entity_no, source_id, source_key)
       insert into entity_log (at, run_key, source_id, target_id, type, entity_no, operation, result, message)
       select now() + p.entity_no * interval '1 ms', r.run_key, p.source_id, t.no, 1, p.entity_no, 'create', 'failed', 'no ' || p.source_key
         from person p cross join run r cross join system t where t.name = 'CRM'`,
    );
    await api.sql(
      `with read as (insert into run_type (run_key, type, state, read_mode, epoch) select run_key, 1, 'reading', 'full', 1 from run)
       insert into run_page (run_key, epoch, type, page_no, seen, skipped, failed_count, failures)
       select run_key, e, 1, 0, '{}', '{}', 1, '[{"key": null, "message": "user without a usable id"}]' from run cross join generate_series(0, 1) e`,
    );
    await api.sql(
      `insert into run_target (run_key, target_id, ended_reason) select r.run_key, t.no, 'connection refused' from run r cross join system t where t.name = 'CRM'`,
    );
    const job = (await api.send('get', `/api/v1/jobs/${body.id}`)).body;
    expect(job.failedEntities).toHaveLength(10);
    expect(job.failedEntities.slice(0, 2)).toEqual([
      expect.objectContaining({ systemName: 'HR', sourceKey: null, message: 'user without a usable id' }),
      expect.objectContaining({
        entity: 'user',
        systemName: 'CRM',
        systemId: crm,
        sourceKey: 'E01',
        message: 'no E01',
        content: '<hidden content>',
      }),
    ]);
    expect(job).toMatchObject({
      status: 'Running with Error',
      errorMessage: null,
      endedTargets: [{ systemId: crm, systemName: 'CRM', reason: 'connection refused', isPaused: false }],
    });
    // Who is written in the end has not failed.
    await api.sql(
      `insert into entity_log (at, run_key, source_id, target_id, type, entity_no, operation, result)
       select now() + interval '1 hour', run_key, source_id, target_id, type, entity_no, operation, 'created' from entity_log`,
    );
    expect((await api.send('get', `/api/v1/jobs/${body.id}`)).body.failedEntities).toHaveLength(1);
  });

  it('STA-10: pages and filters the results of single entities', async () => {
    const { body } = await start();
    await api.sql(
      `with e as (insert into entity (source_id, type, source_key, presence, read_seq)
                  select no, 1, 'person-' || n, 1, 1 from system cross join generate_series(1, 5) n where name = 'HR'
                  returning entity_no, source_id, source_key)
       insert into entity_log (run_key, source_id, target_id, type, entity_no, operation, result, message)
       select r.run_key, e.source_id, t.no, 1, e.entity_no, 'create',
              case e.source_key when 'person-3' then 'failed' else 'created' end, 'm'
         from e cross join run r cross join system t where t.name = 'CRM'`,
    );
    const results = async (query: string) => {
      const response = await api.send('get', `/api/v1/jobs/${body.id}/results?${query}`);
      return {
        keys: response.body.items.map((item: { sourceKey: string }) => item.sourceKey),
        next: response.body.next,
      };
    };
    const first = await results('limit=2');
    expect(first.keys).toEqual(['person-1', 'person-2']);
    const second = await results(`limit=2&after=${first.next}`);
    expect(second.keys).toEqual(['person-3', 'person-4']);
    expect(await results(`limit=2&after=${second.next}`)).toEqual({ keys: ['person-5'], next: null });
    expect((await results('result=failed')).keys).toEqual(['person-3']);
    expect((await results(`target=${crm}&type=user`)).keys).toHaveLength(5);
    expect((await results('type=group')).keys).toEqual([]);
    expect((await api.send('get', `/api/v1/jobs/${body.id}/results?after=x`)).body).toMatchObject({
      status: 400,
      errors: [{ parameter: 'after' }],
    });
  });

  it('names what is no job', async () => {
    expect((await api.send('get', '/api/v1/jobs/7')).body).toMatchObject({
      status: 400,
      errors: [{ parameter: 'jobId' }],
    });
    for (const part of ['', '/statistics', '/results', '/events']) {
      expect((await api.send('get', `/api/v1/jobs/${UNKNOWN}${part}`)).status).toBe(404);
    }
  });
});

describe('the event stream', () => {
  const eventsUrl = (id: string) => `${api.running.url}/api/v1/jobs/${id}/events`;

  it('STA-1: sends the job, each change, and ends with the final state', async () => {
    const { body } = await start();
    const events = await readEvents(eventsUrl(body.id), api.token, async ({ type, data }) => {
      if (type !== 'progress') return;
      const { startedAt } = data as { startedAt: string | null };
      const change =
        startedAt === null
          ? `update run set state = 'running', mode = 'full', started_at = now()`
          : `update run set state = 'finished', status = 'Success', ended_at = now()`;
      await api.sql(change);
    });
    expect(events.map(({ type }) => type)).toEqual(['progress', 'progress', 'end']);
    expect(events[1]?.data).toMatchObject({ status: 'Running', readMode: 'Full Read', statistics: [] });
    expect(events[2]?.data).toMatchObject({ id: body.id, status: 'Success' });
  });

  it('of a job that is over sends the end only', async () => {
    const { body } = await start();
    await api.sql(`update run set state = 'finished', status = 'Finished with Error', error_message = 'no'`);
    const events = await readEvents(eventsUrl(body.id), api.token);
    expect(events).toEqual([
      { type: 'end', data: expect.objectContaining({ status: 'Finished with Error', errorMessage: 'no' }) },
    ]);
  });

  it('needs a token', async () => {
    const { body } = await start();
    await expect(readEvents(eventsUrl(body.id), 'mst_wrong')).rejects.toThrow('401');
  });

  it('is closed by the shutdown of the API, which does not wait for its readers', async () => {
    const own = await startTestApi({ launcher });
    const source = await createSource(own, 'HR');
    await createTarget(own, 'CRM', [source]);
    const { body } = await own.send('post', `/api/v1/systems/${source}/jobs`, { type: 'READ' });
    let stopped: Promise<void> | undefined;
    const events = await readEvents(`${own.running.url}/api/v1/jobs/${body.id}/events`, own.token, () => {
      stopped ??= own.stop();
    });
    await stopped;
    expect(events.map(({ type }) => type)).toEqual(['progress']);
  });
});
