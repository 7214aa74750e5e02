import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { resetSystem } from '../../state/config/index.js';
import { listResults } from '../../state/runs/index.js';
import { person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const DELTA = { 'ips.delta.read': 'enabled', 'scim.delta.overlap.seconds': '0' };

/** The rows of the table in docs/jobs.md, in its words, and how each is counted for the source and for one of its two targets. */
const ROWS = {
  'links of the source to all its targets': { sql: 'select 1 from link', before: 6, source: 0, target: 3 },
  'last written content of these links': { sql: 'select 1 from link_body', before: 6, source: 0, target: 3 },
  'fingerprints of the entities of the source': {
    sql: 'select 1 from entity where source_hash is not null',
    before: 3,
    source: 0,
    target: 3,
  },
  'marks of delta reads': {
    sql: 'select 1 from source_state where delta_mark is not null',
    before: 1,
    source: 0,
    target: 0,
  },
  'counter of the forced full read': {
    sql: 'select 1 from source_state where forced_full_counter > 0',
    before: 1,
    source: 0,
    target: 1,
  },
  'what waits to be written': { sql: `select 1 from backlog where reason = 'test'`, before: 2, source: 0, target: 1 },
  'failed jobs in a row, for notifications': {
    sql: 'select 1 from notification_state where streak > 0',
    before: 1,
    source: 0,
    target: 1,
  },
  'recipients of notifications': { sql: 'select 1 from notification_recipient', before: 1, source: 1, target: 1 },
  properties: { sql: 'select distinct system_no from system_property', before: 3, source: 3, target: 3 },
  'transformations with their history': {
    sql: 'select 1 from transformation_version',
    before: 3,
    source: 3,
    target: 3,
  },
  'job logs': { sql: 'select 1 from run', before: 1, source: 1, target: 1 },
  'results of single entities in the job logs': { sql: 'select 1 from entity_log', before: 6, source: 6, target: 6 },
} as const;

describe('reset', () => {
  let world: World;
  let cloud: WorldTarget;
  let wiki: WorldTarget;
  let firstRun = '';
  beforeEach(async () => {
    world = await World.start({
      source: { users: [person('P'), person('Q'), person('R')] },
      hr: { properties: DELTA },
    });
    cloud = await world.addTarget('Cloud');
    wiki = await world.addTarget('Wiki');
    firstRun = (await world.engine.runJob(world.hr)).job.runKey;
  });
  afterEach(() => world.stop());

  async function reset(what: 'source' | 'target', keepOrigins = false): Promise<void> {
    const no = what === 'source' ? world.hr.no : cloud.system.no;
    await world.engine.dataSource.transaction((manager) => resetSystem(manager, no, { role: what, keepOrigins }));
  }

  const count = async (sql: string): Promise<number> => (await world.engine.pool.query(sql)).length;

  describe.each(['source', 'target'] as const)('RST-1, RST-2: what the reset of a %s leaves behind', (what) => {
    it.each(Object.entries(ROWS))('%s', async (_row, { sql, before, [what]: after }) => {
      const { pool } = world.engine;
      await pool.query('update source_state set forced_full_counter = 3');
      await pool.query(
        `insert into backlog (target_id, entity_no, source_id, type, reason)
         select t.no, (select min(entity_no) from entity), $1, 1, 'test' from system t where t.role = 'target'`,
        [world.hr.no],
      );
      await pool.query('insert into notification_state (source_id, streak) values ($1, 1)', [world.hr.no]);
      await pool.query(
        `insert into notification_recipient (system_no, name, email, topics, added_by) values ($1, 'Anna', 'anna@example.com', '{jobs}', 'test')`,
        [world.hr.no],
      );
      expect(await count(sql)).toBe(before);
      await reset(what);
      expect(await count(sql)).toBe(after);
    });
  });

  it('RST-1: the table of the documentation has exactly these rows', async () => {
    const text = await readFile(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
    const rows = [
      ...(text.split('## Reset')[1] ?? '').matchAll(/^\| ([^|]+) \| (deleted|kept)[^|]* \| (deleted|kept)[^|]* \|$/gm),
    ];
    const documented = Object.fromEntries(rows.map(([, name, source, target]) => [name, [source, target]]));
    const tested = Object.entries(ROWS).map(([name, row]) => [
      name,
      [row.source < row.before, row.target < row.before].map((isLess) => (isLess ? 'deleted' : 'kept')),
    ]);
    expect(documented).toMatchObject(Object.fromEntries(tested));
  });

  it('RST-1: job logs still name the entities after the source was reset', async () => {
    await reset('source');
    const { results } = await listResults(world.engine.pool, firstRun, { limit: 10 });
    expect(results.map((result) => result.sourceKey).sort()).toEqual(['P', 'P', 'Q', 'Q', 'R', 'R']);
  });

  it.each(['source', 'target'] as const)(
    'RST-3, CONN-CORE-40: after the reset of the %s the next job reads fully and finds the entities again',
    async (what) => {
      await reset(what);
      const next = await world.engine.runJob(world.hr);
      expect(next.job).toMatchObject({ readMode: 'Full Read', status: 'Success' });
      expect(summary(next.statistics)).toEqual({
        'HR user': 'read 3',
        'Cloud user': 'updated 3',
        ...(what === 'source' && { 'Wiki user': 'updated 3' }),
      });
      for (const target of [cloud, wiki]) expect(userNames(target.simulator)).toHaveLength(3);
    },
  );

  it.each([
    ['RST-3, DEL-12: found again they existed before, and stay when they leave the source', false, 3],
    ['RST-7: with kept origins they are still ours, and are deleted when they leave the source', true, 2],
  ])('%s', async (_rule, keepOrigins, left) => {
    await reset('source', keepOrigins);
    await world.engine.setProperties(world.hr, {
      Type: 'HTTP',
      URL: world.source.url,
      ProxyType: 'Internet',
      Authentication: 'NoAuthentication',
    });
    await world.engine.runJob(world.hr);
    expect(await count('select 1 from kept_origin')).toBe(0);
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    for (const target of [cloud, wiki]) expect(userNames(target.simulator)).toHaveLength(left);
  });

  it('RST-4: after a refresh of the back end of a target, in which everybody got another id, a reset lets the next job find them', async () => {
    const people = cloud.simulator.store.snapshot().users;
    for (const one of people) {
      cloud.simulator.store.remove('User', String(one['id']));
      cloud.simulator.store.add('User', { ...one, id: `new-${String(one['id'])}` });
    }
    await reset('target');
    const next = await world.engine.runJob(world.hr);
    expect(summary(next.statistics)).toEqual({ 'HR user': 'read 3', 'Cloud user': 'updated 3' });
    expect(cloud.simulator.store.snapshot().users.map((one) => String(one['id']).startsWith('new-'))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('RST-7: who existed before stays so, also with kept origins', async () => {
    wiki.simulator.store.add('User', person('S', { id: 'by-hand' }));
    world.source.store.add('User', person('S'));
    const url = { Type: 'HTTP', URL: world.source.url, ProxyType: 'Internet', Authentication: 'NoAuthentication' };
    await world.engine.setProperties(world.hr, url);
    await world.engine.runJob(world.hr);
    await reset('target', true);
    await reset('source', true);
    await world.engine.runJob(world.hr);
    world.source.store.remove('User', 'S');
    await world.engine.runJob(world.hr);
    expect(userNames(wiki.simulator)).toContain('S@example.com');
    expect(userNames(cloud.simulator)).not.toContain('S@example.com');
  });

  it('RST-7: a second reset without keeping origins forgets those that the first one kept', async () => {
    await reset('source', true);
    expect(await count('select 1 from kept_origin')).toBe(6);
    await reset('source', false);
    expect(await count('select 1 from kept_origin')).toBe(0);
  });

  it('RST-5: after a reset, with ips.delete.existedbefore.entities, who leaves is deleted', async () => {
    await reset('source');
    const url = { Type: 'HTTP', ProxyType: 'Internet', Authentication: 'NoAuthentication' };
    await world.engine.setProperties(world.hr, { ...url, URL: world.source.url });
    await world.engine.runJob(world.hr);
    await world.engine.setProperties(cloud.system, {
      ...url,
      URL: cloud.simulator.url,
      'ips.delete.existedbefore.entities': 'true',
    });
    world.source.store.remove('User', 'P');
    await world.engine.runJob(world.hr);
    expect(userNames(cloud.simulator)).toHaveLength(2);
    expect(userNames(wiki.simulator)).toHaveLength(3);
  });
});
