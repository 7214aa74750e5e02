import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

const MAIL = {
  MUSTER_SMTP_HOST: 'mail.example.com',
  MUSTER_MAIL_FROM: 'muster@example.com',
  MUSTER_PUBLIC_URL: 'https://muster.example.com',
};

describe('recipients of notifications', () => {
  let api: TestApi;
  let hr = '';
  beforeAll(async () => {
    api = await startTestApi({ environment: MAIL });
  });
  afterAll(() => api.stop());
  beforeEach(async () => {
    hr = await createSource(api, `HR ${randomUUID()}`);
  });

  const path = (rest: string, system = hr): string => `/api/v1/systems/${system}/${rest}`;
  const add = (body: object, system = hr) => api.send('post', path('recipients', system), body);

  it('NTF-3: somebody is subscribed with display name and address, listed, and removed', async () => {
    const added = await add({ name: ' Team Ä ', email: ' Team@Example.com ' });
    expect(added.status).toBe(201);
    expect(added.body).toEqual({
      id: expect.any(String),
      name: 'Team Ä',
      email: 'Team@Example.com',
      topics: ['jobs', 'held'],
      addedBy: 'admin',
      addedAt: expect.stringMatching(/Z$/),
    });
    const second = await add({ name: 'Bert', email: 'bert@example.com', topics: ['reminder'] });
    const list = await api.send('get', path('recipients'));
    expect(list.body).toEqual({ items: [added.body, second.body], mailServer: 'configured' });
    expect((await api.send('delete', path(`recipients/${added.body.id}`))).status).toBe(204);
    expect((await api.send('delete', path(`recipients/${added.body.id}`))).status).toBe(404);
    expect((await api.send('get', path('recipients'))).body.items).toEqual([second.body]);
    // Of one source nobody is removed under the name of another.
    const other = await createSource(api, `HR ${randomUUID()}`);
    expect((await api.send('delete', path(`recipients/${second.body.id}`, other))).status).toBe(404);
  });

  it('NTF-3: an address is unique for the source in any case, and for the source only', async () => {
    expect((await add({ name: 'A', email: 'team@example.com' })).status).toBe(201);
    const again = await add({ name: 'B', email: 'TEAM@example.COM' });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ type: 'urn:muster:problem:recipient-exists', errors: [{ pointer: '/email' }] });
    const other = await createSource(api, `HR ${randomUUID()}`);
    expect((await add({ name: 'A', email: 'team@example.com' }, other)).status).toBe(201);
  });

  it.each([
    ['no address', { email: 'anna' }, '/email'],
    ['two addresses', { email: 'a@example.com, b@example.com' }, '/email'],
    ['a line break', { email: 'a@example.com\r\nBcc: b@example.com' }, '/email'],
    ['a name around it', { email: 'Anna <anna@example.com>' }, '/email'],
    ['letters that SMTP does not carry', { email: 'änna@example.com' }, '/email'],
    ['an endless one', { email: `${'a'.repeat(250)}@example.com` }, '/email'],
    ['a name with a line break', { name: 'Anna\r\nBcc: x' }, '/name'],
    ['no name', { name: '  ' }, '/name'],
    ['no topic', { topics: [] }, '/topics'],
    ['a topic twice', { topics: ['jobs', 'jobs'] }, '/topics'],
    ['an unknown topic', { topics: ['weather'] }, '/topics/0'],
    ['an unknown field', { phone: '1' }, '/phone'],
  ])('NTF-3: refuses %s and names the field', async (_what, change, pointer) => {
    const refused = await add({ name: 'Anna', email: 'anna@example.com', ...change });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toMatchObject([{ pointer }]);
    expect((await api.send('get', path('recipients'))).body.items).toEqual([]);
  });

  it('NTF-3: a hundred recipients are enough', async () => {
    await api.sql(
      `insert into notification_recipient (system_no, name, email, topics, added_by)
       select s.no, 'x', n || '@example.com', '{jobs}', 'test' from system s, generate_series(1, 100) n where s.id = $1`,
      [hr],
    );
    const refused = await add({ name: 'Anna', email: 'anna@example.com' });
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:muster:problem:too-many-recipients']);
  });

  it('NTF-1: a target has none', async () => {
    const cloud = await createTarget(api, `Cloud ${randomUUID()}`, [hr]);
    const refused = await add({ name: 'Anna', email: 'anna@example.com' }, cloud);
    expect([refused.status, refused.body.detail]).toEqual([404, expect.stringContaining('is not a source')]);
  });

  it('NTF-11, NTF-20: the streak, and the mails with what became of them; the source shows those that nobody got', async () => {
    const quiet = await api.send('get', path('notifications'));
    expect(quiet.body).toEqual({
      failedJobs: 0,
      failingSince: null,
      failedJob: null,
      intermediateSent: false,
      failureSent: false,
      undeliverable: 0,
      mails: [],
    });
    await api.sql(
      `with run as (
         insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type)
         select no, name, 'read', 'finished', 'Finished with Error', '{j1}', 'REPEAT' from system where id = $1 returning run_key, source_id),
       state as (
         insert into notification_state (source_id, streak, fail_sent, failing_since, failed_run)
         select source_id, 3, true, '2026-11-28T10:00:00Z', run_key from run),
       event as (
         insert into mail_event (system_no, run_key, kind, facts, at)
         select source_id, run_key, 'failure', '{"sourceName": "HR", "jobId": "j1"}', '2026-11-28T10:00:00Z' from run returning event_no)
       insert into mail (event_no, recipient_no, name, email, state, attempts, due_at, last_error, ended_at)
       select event_no, 1, 'Anna', 'anna@example.com', 'undeliverable', 30, '2026-11-29T10:00:00Z'::timestamptz, '550 no', '2026-11-29T10:00:00Z'::timestamptz from event
       union all select event_no, 2, 'Bert', 'bert@example.com', 'waiting', 1, '2026-11-29T10:00:00Z', '451 later', null from event`,
      [hr],
    );
    const { body } = await api.send('get', path('notifications'));
    expect(body).toMatchObject({
      failedJobs: 3,
      failingSince: '2026-11-28T10:00:00.000Z',
      failedJob: 'j1',
      failureSent: true,
      undeliverable: 1,
    });
    const mail = {
      kind: 'failure',
      subject: 'Provisioning Finished with Error. Source System: HR',
      jobId: 'j1',
      at: '2026-11-28T10:00:00.000Z',
    };
    expect(body.mails).toEqual([
      {
        ...mail,
        to: { name: 'Anna', email: 'anna@example.com' },
        state: 'undeliverable',
        attempts: 30,
        nextAttemptAt: null,
        endedAt: '2026-11-29T10:00:00.000Z',
        error: '550 no',
      },
      {
        ...mail,
        to: { name: 'Bert', email: 'bert@example.com' },
        state: 'waiting',
        attempts: 1,
        nextAttemptAt: '2026-11-29T10:00:00.000Z',
        endedAt: null,
        error: '451 later',
      },
    ]);
    expect((await api.send('get', path('notifications?limit=1'))).body.mails).toHaveLength(1);
    expect((await api.send('get', `/api/v1/systems/${hr}`)).body).toMatchObject({ undeliverableMails: 1 });
    expect((await api.send('delete', `/api/v1/systems/${hr}`)).status).toBe(200);
    expect(await api.sql(`select 1 from mail where email = 'anna@example.com'`)).toEqual([]);
  });
});

describe('without a mail server', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.stop());

  it('NTF-20: nobody can be subscribed, and the answer says what to set', async () => {
    const hr = await createSource(api, 'HR');
    const refused = await api.send('post', `/api/v1/systems/${hr}/recipients`, {
      name: 'Anna',
      email: 'anna@example.com',
    });
    expect([refused.status, refused.body.type]).toEqual([409, 'urn:muster:problem:no-mail-server']);
    expect(refused.body.detail).toContain('set MUSTER_SMTP_HOST, MUSTER_MAIL_FROM and MUSTER_PUBLIC_URL');
    expect((await api.send('get', `/api/v1/systems/${hr}/recipients`)).body).toEqual({
      items: [],
      mailServer: 'missing',
    });
  });
});
