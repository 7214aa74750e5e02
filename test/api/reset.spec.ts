import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KEPT_TABLES } from '../../state/config/reset.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

let hr = '';
let crm = '';
beforeEach(async () => {
  await api.sql('truncate system, run cascade');
  hr = await createSource(api, 'HR');
  crm = await createTarget(api, 'CRM', [hr]);
});

const openJob = (state: string): Promise<object[]> =>
  api.sql(
    `insert into run (source_id, source_name, kind, state, job_ids, trigger_type)
     select no, name, 'read', $1, '{x}', 'IMMEDIATE' from system where role = 'source'`,
    [state],
  );

describe('POST /systems/{id}/reset', () => {
  it('RST-1: resets a source and a target after the name was typed', async () => {
    for (const [id, name] of [
      [hr, 'HR'],
      [crm, 'CRM'],
    ]) {
      const response = await api.send('post', `/api/v1/systems/${id}/reset`, { confirm: name });
      expect(response.status).toBe(200);
      expect(response.body).toMatchObject({ id, name, enabled: true });
    }
  });

  it.each([
    ['another name', { confirm: 'hr' }, 409, 'not-confirmed'],
    ['nothing', {}, 400, 'invalid-request'],
    ['an unknown choice', { confirm: 'HR', keep: true }, 400, 'invalid-request'],
  ])('RST-1: refuses %s as confirmation', async (_what, body, status, type) => {
    expect((await api.send('post', `/api/v1/systems/${hr}/reset`, body)).body).toMatchObject({
      status,
      type: `urn:muster:problem:${type}`,
    });
  });

  it.each(['running', 'queued'])(
    'RST-6: is refused while a job is %s, of the source and of its target',
    async (state) => {
      await openJob(state);
      for (const [id, name] of [
        [hr, 'HR'],
        [crm, 'CRM'],
      ]) {
        expect((await api.send('post', `/api/v1/systems/${id}/reset`, { confirm: name })).body).toMatchObject({
          status: 409,
          type: 'urn:muster:problem:job-running',
        });
      }
      const other = await createSource(api, 'Other');
      expect((await api.send('post', `/api/v1/systems/${other}/reset`, { confirm: 'Other' })).status).toBe(200);
    },
  );
});

describe('POST /settings/reset', () => {
  const tenantName = async (): Promise<string> => (await api.send('get', '/api/v1/settings')).body.tenantName;

  it('RST-8: deletes everything but users, tokens and the installation, once the tenant name was typed', async () => {
    await openJob('finished');
    expect((await api.send('post', '/api/v1/settings/reset', { confirm: 'yes' })).body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:not-confirmed',
    });
    const answer = await api.send('post', '/api/v1/settings/reset', { confirm: await tenantName() });
    expect(answer.status).toBe(204);
    const tables = await api.sql(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
    );
    const filled: string[] = [];
    for (const { name } of tables as { name: string }[]) {
      if ((await api.sql(`select 1 from "${name}" limit 1`)).length > 0) filled.push(name);
    }
    expect(filled.sort()).toEqual([...KEPT_TABLES].sort());
    // The token still works, and a system of the old name can be made.
    await createSource(api, 'HR');
  });

  it.each(['running', 'queued'])('RST-8: is refused while a job is %s', async (state) => {
    await openJob(state);
    expect((await api.send('post', '/api/v1/settings/reset', { confirm: await tenantName() })).body).toMatchObject({
      status: 409,
      type: 'urn:muster:problem:job-running',
    });
    expect((await api.send('get', `/api/v1/systems/${hr}`)).status).toBe(200);
  });
});
