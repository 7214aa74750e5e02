import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../api/support/api-server.js';
import type { TestApi } from '../api/support/api-server.js';
import { runAgainst } from './support/against-api.js';

describe('muster identities', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    // 1,000 users of each of two sources, 600 of whom are in both.
    await api.sql(
      `insert into entity (source_id, type, source_key, presence, read_seq, identities)
       select s, 1, n::text, 1, 1, case when n <= 600 then decode(md5(n::text), 'hex') end
         from generate_series(1, 2) s, generate_series(1, 1000) n`,
    );
  });
  afterAll(() => api?.stop());

  it('STA-14: the count is shown by the API and the command line, as information only', async () => {
    expect((await api.send('get', '/api/v1/identities')).body).toEqual({
      users: 2000,
      correlatedUsers: 1200,
      identities: 1400,
    });
    expect(await runAgainst(api, 'identities')).toBe(
      'managed identities: 1,400\nusers: 2,000, with a correlation attribute: 1,200\n',
    );
  }, 60_000);
});
