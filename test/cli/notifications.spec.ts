import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { createSource } from '../api/support/fixtures.js';
import { runAgainst } from './support/against-api.js';

/** Each command is a process of its own. */
const LIMIT_MS = 90_000;

describe('muster subscribe, unsubscribe, recipients', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({
      environment: {
        MUSTER_SMTP_HOST: 'mail.example.com',
        MUSTER_MAIL_FROM: 'muster@example.com',
        MUSTER_PUBLIC_URL: 'https://muster.example.com',
      },
    });
    await createSource(api, 'HR');
  });
  afterAll(() => api.stop());

  it(
    'NTF-3, NTF-20, NTF-22: who is told of what, where the source stands, and what nobody got',
    async () => {
      expect(await runAgainst(api, 'recipients', 'HR')).toBe('nobody is subscribed\nthe last job did not fail\n');
      const [anna, bert, wrong] = await Promise.all([
        runAgainst(api, 'subscribe', 'HR', 'anna@example.com', '--name', 'Anna'),
        runAgainst(api, 'subscribe', 'hr', 'bert@example.com', '--topic', 'jobs', '--topic', 'reminder'),
        runAgainst(api, 'subscribe', 'HR', 'cora'),
      ]);
      expect(anna).toBe('anna@example.com is told of HR\n');
      expect(bert).toBe('bert@example.com is told of hr\n');
      expect(wrong).toContain('/email: must be one e-mail address');
      await api.sql(
        `with run as (
           insert into run (source_id, source_name, kind, state, status, job_ids, trigger_type)
           select no, name, 'read', 'finished', 'Finished with Error', '{j1}', 'REPEAT' from system returning run_key, source_id),
         state as (
           insert into notification_state (source_id, streak, failing_since, failed_run)
           select source_id, 2, '2026-11-28T10:00:00Z', run_key from run),
         event as (
           insert into mail_event (system_no, run_key, kind, facts, at)
           select source_id, run_key, 'failure', '{"sourceName": "HR", "jobId": "j1"}', '2026-11-28T10:00:00Z' from run returning event_no)
         insert into mail (event_no, recipient_no, name, email, state, last_error)
         select event_no, 1, 'Anna', 'anna@example.com', 'undeliverable', '550 \u001b[2J no' from event`,
      );
      const shown = await runAgainst(api, 'recipients', 'HR');
      expect(shown.split('\n').slice(0, 2).sort()).toEqual([
        'Anna <anna@example.com>: jobs, held',
        'bert@example.com <bert@example.com>: jobs, reminder',
      ]);
      expect(shown.split('\n').slice(2)).toEqual([
        '2 failed jobs in a row since 2026-11-28T10:00:00.000Z, the last one j1',
        'undeliverable mails: 1',
        '  2026-11-28T10:00:00.000Z undeliverable anna@example.com Provisioning Finished with Error. Source System: HR: 550  [2J no',
        '',
      ]);
      expect(await runAgainst(api, 'unsubscribe', 'HR', 'BERT@example.com')).toBe(
        'BERT@example.com is not told of HR any more\n',
      );
      expect(await runAgainst(api, 'unsubscribe', 'HR', 'bert@example.com')).toContain(
        'bert@example.com is not subscribed to HR',
      );
    },
    LIMIT_MS,
  );
});
