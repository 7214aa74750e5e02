import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { acceptanceOf } from '../../cli/plan/accept.js';
import { startTestApi } from './support/api-server.js';
import type { TestApi } from './support/api-server.js';
import { runAgainst } from '../cli/support/against-api.js';
import { FakeLauncher } from './support/fake-launcher.js';
import { createSource, createTarget } from './support/fixtures.js';

describe('what a job did not know, and what is accepted for one', () => {
  let api: TestApi;
  let hr: string;
  beforeAll(async () => {
    api = await startTestApi({ launcher: new FakeLauncher() });
    hr = await createSource(api, 'HR');
    await createTarget(api, 'CRM', [hr]);
  });
  afterAll(() => api.stop());

  const start = (body: object) => api.send('post', `/api/v1/systems/${hr}/jobs`, body);
  const muster = (...args: string[]): Promise<string> => runAgainst(api, ...args);

  it('DEL-21, UNK-4: a job says what was accepted for it; a waiting job gets what a further request accepts', async () => {
    const first = await start({ type: 'READ', accept: { emptyRead: ['group'] } });
    expect(first.body.accepts).toEqual({ emptyRead: ['group'], readSize: [] });
    const waiting = await start({ type: 'READ' });
    expect(waiting.body).toMatchObject({ status: 'Queued', accepts: null });
    await start({ type: 'READ', accept: { readSize: ['user'] } });
    const again = await start({ type: 'READ', accept: { readSize: ['user', 'group'] } });
    expect(again.body).toMatchObject({ id: waiting.body.id, accepts: { emptyRead: [], readSize: ['user', 'group'] } });
    const wrong = await start({ type: 'READ', accept: { size: ['user'], readSize: ['people'] } });
    expect(wrong.status).toBe(400);
    expect(JSON.stringify(wrong.body.errors)).toContain('/accept');
    const options = { acceptEmpty: ['user', 'user'], acceptSize: [] } as const;
    expect(acceptanceOf(options)).toEqual({ accept: { emptyRead: ['user'], readSize: [] } });
    expect(acceptanceOf({ acceptEmpty: [], acceptSize: [] })).toEqual({});
    expect(await muster('run', 'HR', '--accept-size', 'people')).toContain('give one of user, group, role');
  });

  it('UNK-6: numbers by type and cause are part of the job details, each can be listed by pages, also from the command line', async () => {
    await api.sql(
      `with job as (select run_key, source_id from run order by run_key limit 1),
       person as (insert into entity (source_id, type, source_key, presence, read_seq)
                  select source_id, 1, 'p' || n, 1, 1 from job cross join generate_series(1, 5) n returning entity_no, source_key),
       listed as (insert into run_unknown (run_key, type, cause, part, entity_nos)
                  select run_key, 1, 'sizeGuard', part, array_agg(entity_no order by entity_no)
                    from (select job.run_key, p.entity_no, (row_number() over (order by p.entity_no) - 1) / 2 as part from job cross join person p) x
                   group by run_key, part)
       insert into run_unknown_count select run_key, 1, 'sizeGuard', 5 from job`,
    );
    await api.sql(
      `insert into run_unknown select run_key, 2, 'membersNotDelivered', 0, array[999999] from run order by run_key limit 1`,
    );
    await api.sql(
      `insert into run_unknown_count select run_key, 2, 'membersNotDelivered', 1 from run order by run_key limit 1`,
    );
    const { id } = (await api.send('get', '/api/v1/jobs')).body.items.at(-1);
    expect((await api.send('get', `/api/v1/jobs/${id}`)).body.unknown).toEqual([
      expect.objectContaining({
        entity: 'user',
        cause: 'sizeGuard',
        count: 5,
        meaning: expect.stringContaining('usual'),
      }),
      expect.objectContaining({ entity: 'group', cause: 'membersNotDelivered', count: 1 }),
    ]);
    const keys: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const after: string = next === '' ? '' : `&after=${next}`;
      const page = await api.send('get', `/api/v1/jobs/${id}/unknown?limit=2${after}`);
      expect(page.status).toBe(200);
      keys.push(
        ...page.body.items.map((item: { entity: string; sourceKey: string }) => `${item.entity} ${item.sourceKey}`),
      );
      next = page.body.next;
    }
    expect(keys).toEqual(['user p1', 'user p2', 'user p3', 'user p4', 'user p5', 'group ']);
    const groups = await api.send('get', `/api/v1/jobs/${id}/unknown?cause=membersNotDelivered&type=group`);
    expect(groups.body.items).toHaveLength(1);
    for (const wrong of ['cause=none', 'after=user.none.1', 'after=x', 'colour=red'])
      expect((await api.send('get', `/api/v1/jobs/${id}/unknown?${wrong}`)).status).toBe(400);
    const shown = await muster('unknown', id, '--limit', '3');
    expect(shown).toContain('5 user sizeGuard: the source delivered far fewer entities than usual');
    expect(shown).toContain('  user p3 (sizeGuard)');
    expect(shown).toContain('More: --after user.sizeGuard.');
  });

  it('GOV-10: the page of a source and each of its jobs say that it follows the reference', async () => {
    const page = async () => (await api.send('get', `/api/v1/systems/${hr}`)).body.safety;
    expect(await page()).toMatchObject({
      referenceBehavior: false,
      governor: true,
      confirmsDeletions: true,
      sizeGuardPercent: 70,
    });
    const wrong = await api.send('patch', `/api/v1/systems/${hr}/properties`, {
      properties: { 'ips.read.guard.size': '0' },
    });
    expect(JSON.stringify(wrong.body)).toContain('must be off or a percentage from 1 to 100');
    const properties = { 'ips.reference.behavior': 'true' };
    expect((await api.send('patch', `/api/v1/systems/${hr}/properties`, { properties })).status).toBe(200);
    expect(await page()).toEqual({
      referenceBehavior: true,
      governor: false,
      confirmsDeletions: false,
      guardsEmptyReads: false,
      sizeGuardPercent: null,
      guardsMembers: false,
      isolatesFailedEntities: false,
    });
    const { id } = (await api.send('get', '/api/v1/jobs')).body.items.at(-1);
    expect((await api.send('get', `/api/v1/jobs/${id}`)).body.referenceBehavior).toBe(false);
    await api.sql(
      `update run set frozen = '{"source": {"properties": {"ips.reference.behavior": "true"}}, "targets": []}'`,
    );
    expect((await api.send('get', `/api/v1/jobs/${id}`)).body.referenceBehavior).toBe(true);
  });
});
