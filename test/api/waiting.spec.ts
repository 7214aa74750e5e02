import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { createSource, createTarget } from './support/fixtures.js';
import { FakeLauncher } from './support/fake-launcher.js';

describe('what waits for a target', () => {
  let api: TestApi;
  let source = '';
  let target = '';
  beforeAll(async () => {
    api = await startTestApi({ launcher: new FakeLauncher() });
    source = await createSource(api, 'HR');
    target = await createTarget(api, 'Cloud', [source]);
    // Three people as a job leaves them: one deferred, one parked, one whose account is in step.
    await api.sql(
      `insert into entity (source_id, type, source_key, presence, read_seq)
       select no, 1, key, 1, 1 from system cross join (values ('P'), ('Q'), ('R')) k (key) where id = $1`,
      [source],
    );
    await api.sql(
      `insert into backlog (target_id, entity_no, source_id, type, reason, state, attempts, error_class, failed_at, next_at)
       select t.no, e.entity_no, e.source_id, 1, 'changed', case e.source_key when 'P' then 2 else 4 end, 3, 'validation', now(),
              now() + interval '30 minutes'
         from entity e cross join system t where t.id = $1 and e.source_key <> 'R'`,
      [target],
    );
    await api.sql(
      `insert into entity_log (source_id, target_id, type, entity_no, operation, result, message)
       select source_id, target_id, type, entity_no, 'create', 'failed', 'HTTP 400' from backlog`,
    );
  });
  afterAll(() => api.stop());

  const path = (rest: string, system = target): string => `/api/v1/systems/${system}/${rest}`;

  it('HEA-1, HEA-2: each entity is shown with class, remedy, last failure, attempts and the next attempt', async () => {
    const first = await api.send('get', path('waiting?limit=1'));
    expect(first.body).toMatchObject({
      items: [
        {
          entity: 'user',
          sourceId: source,
          sourceName: 'HR',
          sourceKey: 'P',
          state: 'deferred',
          errorClass: 'validation',
          message: 'HTTP 400',
          attempts: 3,
          advice: { remedy: 'Correct the data in the source, or the transformation' },
          quarantine: null,
        },
      ],
    });
    expect(Date.parse(first.body.items[0].nextAttemptAt)).toBeGreaterThan(Date.now());
    const rest = await api.send('get', path(`waiting?limit=1&after=${String(first.body.next)}`));
    expect(rest.body).toMatchObject({ items: [{ sourceKey: 'Q', state: 'parked' }], next: null });
    const parked = await api.send('get', path(`waiting?state=parked&errorClass=validation&type=user&source=${source}`));
    expect(parked.body.items).toHaveLength(1);
  });

  it('HEA-6: the gate tells why the breaker is open and when it is probed next', async () => {
    expect((await api.send('get', path('gate'))).body).toMatchObject({
      breaker: 'closed',
      reason: null,
      nextProbeAt: null,
    });
    await api.sql(
      `insert into target_gate (target_id, breaker, opened_at, cause, reason, probes, next_probe_at)
       select no, 'open', now(), 'unreachable', 'connection refused', 2, now() + interval '2 minutes' from system where id = $1`,
      [target],
    );
    const { body } = await api.send('get', path('gate'));
    expect(body).toMatchObject({
      breaker: 'open',
      errorClass: 'unreachable',
      reason: 'connection refused',
      failedProbes: 2,
      waiting: [
        { state: 'deferred', errorClass: 'validation', count: 1 },
        { state: 'parked', errorClass: 'validation', count: 1 },
      ],
    });
    expect(Date.parse(body.nextProbeAt)).toBeGreaterThan(Date.now() + 60_000);
    await api.send('post', path('waiting/retry'), { key: 'nobody' });
    const hurried = await api.send('get', path('gate'));
    expect(Date.parse(hurried.body.nextProbeAt)).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('HEA-5: quarantine with note and author, release, and retry now', async () => {
    const pair = { source, type: 'user', key: 'R' };
    expect((await api.send('post', path('waiting/quarantine'), { ...pair, note: ' ' })).status).toBe(400);
    expect((await api.send('post', path('waiting/quarantine'), { ...pair, note: 'why not' })).status).toBe(204);
    const shown = await api.send('get', path('waiting?state=quarantined'));
    expect(shown.body.items).toMatchObject([{ sourceKey: 'R', quarantine: { note: 'why not', author: 'admin' } }]);
    expect((await api.send('post', path('waiting/retry'), {})).body).toEqual({ entities: 2, stoppedSources: [] });
    expect((await api.send('post', path('waiting/release'), pair)).status).toBe(204);
    expect((await api.send('post', path('waiting/release'), pair)).status).toBe(404);
    const states = await api.send('get', path('waiting'));
    expect(states.body.items.map((item: { state: string }) => item.state)).toEqual(['due', 'due', 'due']);
  });

  it('HEA-5: what does not exist is not found: another system, a source in the place of a target, an entity', async () => {
    expect((await api.send('get', path('gate', source))).status).toBe(404);
    const nobody = { source, type: 'user', key: 'nobody', note: 'x' };
    expect((await api.send('post', path('waiting/quarantine'), nobody)).status).toBe(404);
    expect((await api.send('post', path('waiting/retry'), { source: target })).status).toBe(202);
    expect((await api.send('post', path('waiting/retry'), { errorClass: 'boredom' })).status).toBe(400);
  });
});
