import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ launcher: new FakeLauncher() });
});
afterAll(() => api.stop());

let hr = '';
beforeEach(async () => {
  await api.sql('truncate system, run cascade');
  hr = await createSource(api, 'HR');
});

const path = (id: string): string => `/api/v1/systems/${id}/schedule`;
const EVERY_HOUR = { interval: { everyMinutes: 60 } };
const SUNDAYS = { weekly: { days: ['SUN', 'WED'], time: '02:30', zone: 'Europe/Berlin' } };

describe('the schedule of a source', () => {
  it('SCH-1, SCH-2: one for each source, in one of two forms; saving another one replaces it', async () => {
    expect((await api.send('get', path(hr))).status).toBe(404);
    expect((await api.send('put', path(hr), EVERY_HOUR)).body).toMatchObject(EVERY_HOUR);
    const weekly = (await api.send('put', path(hr), SUNDAYS)).body;
    expect(weekly).toMatchObject(SUNDAYS);
    expect(weekly).not.toHaveProperty('interval');
    expect(await api.sql('select 1 from schedule')).toHaveLength(1);
  });

  it('SCH-12: nothing is scheduled that nobody has scheduled: there are no systems but those that were made here', async () => {
    expect(
      (await api.send('get', '/api/v1/systems')).body.items.map((system: { name: string }) => system.name),
    ).toEqual(['HR']);
    expect(await api.sql('select 1 from schedule')).toEqual([]);
  });

  it('SCH-6: a saved schedule is off until it is switched on; on and off start and stop no job', async () => {
    expect((await api.send('put', path(hr), EVERY_HOUR)).body).toMatchObject({
      enabled: false,
      fires: false,
      next: [],
    });
    const on = (await api.send('put', path(hr), { ...EVERY_HOUR, enabled: true })).body;
    expect(on).toMatchObject({ enabled: true, fires: true });
    expect(on.next).toHaveLength(10);
    await api.sql(
      `insert into run (source_id, source_name, kind, state, job_ids, trigger_type) select no, name, 'read', 'running', '{x}', 'REPEAT' from system`,
    );
    expect((await api.send('put', path(hr), EVERY_HOUR)).body).toMatchObject({ enabled: false, next: [] });
    expect(await api.sql('select state, cancel_requested as stop from run')).toEqual([
      { state: 'running', stop: false },
    ]);
  });

  it('SCH-7: the anchor is the moment of switching on, and moves only with the switch and the interval', async () => {
    const off = (await api.send('put', path(hr), EVERY_HOUR)).body;
    const on = (await api.send('put', path(hr), { ...EVERY_HOUR, enabled: true })).body;
    expect(Date.parse(on.anchorAt)).toBeGreaterThan(Date.parse(off.anchorAt));
    const first = Math.floor(Date.parse(on.anchorAt) / 1000) * 1000 + 3_600_000;
    expect(on.next.slice(0, 2).map(Date.parse)).toEqual([first, first + 3_600_000]);
    const same = (await api.send('put', path(hr), { ...EVERY_HOUR, enabled: true })).body;
    expect(same.anchorAt).toBe(on.anchorAt);
    const faster = (await api.send('put', path(hr), { interval: { everyMinutes: 30 }, enabled: true })).body;
    expect(Date.parse(faster.anchorAt)).toBeGreaterThan(Date.parse(on.anchorAt));
  });

  it.each([
    ['SCH-3', { interval: { everyMinutes: 29 } }, '/interval/everyMinutes'],
    ['SCH-3', { interval: { everyMinutes: 10_081 } }, '/interval/everyMinutes'],
    ['SCH-3', { interval: { everyMinutes: 45.5 } }, '/interval/everyMinutes'],
    ['SCH-4', { weekly: { ...SUNDAYS.weekly, days: [] } }, '/weekly/days'],
    ['SCH-4', { weekly: { ...SUNDAYS.weekly, days: ['SUN', 'SUN'] } }, '/weekly/days'],
    ['SCH-4', { weekly: { ...SUNDAYS.weekly, time: '' } }, '/weekly/time'],
    ['SCH-4', { weekly: { ...SUNDAYS.weekly, time: '24:00' } }, '/weekly/time'],
    ['SCH-4', { weekly: { ...SUNDAYS.weekly, zone: 'Mars/Olympus' } }, '/weekly/zone'],
    ['SCH-2', { ...EVERY_HOUR, ...SUNDAYS }, ''],
    ['SCH-2', {}, ''],
  ])('%s: refuses %j', async (_rule, body, pointer) => {
    const answer = (await api.send('put', path(hr), body)).body;
    expect(answer).toMatchObject({ status: 400, type: 'urn:muster:problem:invalid-request' });
    expect(answer.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
  });

  it.each([30, 10_080])('SCH-3: takes %d minutes', async (everyMinutes) => {
    expect((await api.send('put', path(hr), { interval: { everyMinutes } })).status).toBe(200);
  });

  it('SCH-1: a target has none', async () => {
    const crm = await createTarget(api, 'CRM', [hr]);
    for (const method of ['get', 'put', 'delete'] as const) {
      const response = await api.send(method, path(crm), method === 'put' ? EVERY_HOUR : undefined);
      expect(response.status).toBe(404);
    }
  });

  it('SYS-20: disabling the source keeps the schedule, which does not fire; enabling goes on', async () => {
    const on = (await api.send('put', path(hr), { ...EVERY_HOUR, enabled: true })).body;
    await api.send('post', `/api/v1/systems/${hr}/disable`);
    expect((await api.send('get', path(hr))).body).toMatchObject({ enabled: true, fires: false, next: [] });
    await api.send('post', `/api/v1/systems/${hr}/enable`);
    expect((await api.send('get', path(hr))).body).toMatchObject({ fires: true, anchorAt: on.anchorAt, next: on.next });
  });

  it('SCH-11: a reset of the source keeps the schedule; deleting the source or resetting the settings removes it', async () => {
    await api.send('put', path(hr), { ...SUNDAYS, enabled: true });
    await api.send('post', `/api/v1/systems/${hr}/reset`, { confirm: 'HR' });
    expect((await api.send('get', path(hr))).body).toMatchObject({ ...SUNDAYS, enabled: true });
    await api.send('delete', `/api/v1/systems/${hr}`);
    expect(await api.sql('select 1 from schedule')).toEqual([]);
    const again = await createSource(api, 'HR');
    await api.send('put', path(again), SUNDAYS);
    const { tenantName } = (await api.send('get', '/api/v1/settings')).body;
    expect((await api.send('post', '/api/v1/settings/reset', { confirm: tenantName })).status).toBe(204);
    expect(await api.sql('select 1 from schedule')).toEqual([]);
  });

  it('removes a schedule', async () => {
    await api.send('put', path(hr), SUNDAYS);
    expect((await api.send('delete', path(hr))).status).toBe(204);
    expect((await api.send('delete', path(hr))).status).toBe(404);
  });

  it('SCH-10: shows skipped points with their reason, newest first', async () => {
    await api.send('put', path(hr), SUNDAYS);
    await api.sql(
      `insert into schedule_point (source_no, at, outcome, reason)
       select no, x.at::timestamptz, x.outcome, x.reason from system,
              (values ('2026-01-01T00:00:00Z', 'skipped', 'a'), ('2026-01-02T00:00:00Z', 'started', null), ('2026-01-03T00:00:00Z', 'skipped', 'b')) x (at, outcome, reason)`,
    );
    expect((await api.send('get', path(hr))).body.skipped).toEqual([
      { at: '2026-01-03T00:00:00.000Z', reason: 'b' },
      { at: '2026-01-01T00:00:00.000Z', reason: 'a' },
    ]);
  });
});
