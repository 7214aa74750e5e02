import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Watermark } from '../../connectors/contract.js';
import { closeRunAs, requestRun } from '../../state/runs/index.js';
import type { JobView, TriggerType } from '../../state/runs/index.js';
import type { EngineProcess } from '../support/engine.js';
import { group, person, summary, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const PEOPLE = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'];

function properties(url: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    Type: 'HTTP',
    URL: url,
    ProxyType: 'Internet',
    Authentication: 'NoAuthentication',
    'ips.failed.request.retry.attempts': '0',
    'ips.delta.read': 'enabled',
    'scim.delta.overlap.seconds': '0',
    ...more,
  };
}

describe('read modes', () => {
  let world: World;
  let cloud: WorldTarget;
  let ticks = 0;
  afterEach(() => world.stop());

  async function start(more: Record<string, string> = {}, people: readonly string[] = PEOPLE): Promise<void> {
    ticks = 0;
    world = await World.start({
      // Drains that wait for a reading that begins again come to their border soon.
      engine: { timing: { chunkMs: 300 } },
      source: { users: people.map((id) => person(id)), groups: [group('Staff', ['A', 'B'])] },
    });
    cloud = await world.addTarget('Cloud');
    await world.engine.setProperties(world.hr, properties(world.source.url, more));
    later();
  }

  /** The source's clock goes on: marks have whole seconds, and a change must be clearly before or after one. */
  function later(): void {
    ticks += 1;
    world.source.setClockSkewMs(ticks * 5_000);
  }

  function change(...ids: string[]): void {
    later();
    for (const id of ids) world.source.store.update('User', id, { title: `Title ${ticks}` });
    later();
  }

  async function job(trigger: TriggerType = 'IMMEDIATE', process?: EngineProcess): Promise<JobView> {
    const run = await requestRun(world.engine.pool, {
      sourceNo: world.hr.no,
      kind: 'read',
      trigger,
      triggeredBy: trigger === 'REPEAT' ? null : 'test',
    });
    await world.engine.workThrough(run.runKey, process);
    return (await world.engine.finished(run.jobId)).job;
  }

  describe('RDM-2: a Read is a delta read only if all of its conditions hold', () => {
    it.each([
      ['RDM-3: enabled', { 'ips.delta.read': 'enabled' }, 'Delta Read'],
      ['RDM-3: the synonym true, in any case', { 'ips.delta.read': 'TRUE' }, 'Delta Read'],
      ['RDM-3: Enabled, in any case', { 'ips.delta.read': 'Enabled' }, 'Delta Read'],
      ['RDM-3: disabled', { 'ips.delta.read': 'disabled' }, 'Full Read'],
      ['RDM-3: the synonym false', { 'ips.delta.read': 'false' }, 'Full Read'],
      ['RDM-4: absent: the general SCIM system reads fully', { 'ips.delta.read': '' }, 'Full Read'],
    ])('%s', async (_name, more, expected) => {
      await start(more);
      expect((await job()).readMode).toBe('Full Read');
      change('A');
      expect((await job()).readMode).toBe(expected);
    });

    it('RDM-2: a Resync is full, whatever the property says', async () => {
      await start();
      await job();
      change('A');
      expect((await world.engine.runJob(world.hr, 'resync')).job.readMode).toBe('Full Read');
    });

    it('RDM-4: a type whose default is delta reads deltas without the property', async () => {
      await start({ 'ips.delta.read': '' });
      await world.engine.setProperties(world.hr, without(properties(world.source.url), 'ips.delta.read'));
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          descriptor: {
            ...factory.descriptor,
            properties: [
              ...factory.descriptor.properties,
              {
                name: 'ips.delta.read',
                label: '',
                kind: 'enum',
                roles: ['source'],
                description: '',
                defaultValue: 'enabled',
              },
            ],
          },
        }),
      });
      await job('IMMEDIATE', process);
      change('A');
      expect((await job('IMMEDIATE', process)).readMode).toBe('Delta Read');
      await process.activities.close();
    });

    it('RDM-4, CONN-CORE-42: a type that cannot read deltas reads fully; the property has no effect', async () => {
      await start();
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (given, role) => ({ ...factory.capabilities(given, role), delta: 'none', deltaTypes: [] }),
        }),
      });
      await job('IMMEDIATE', process);
      change('A');
      expect((await job('IMMEDIATE', process)).readMode).toBe('Full Read');
      await process.activities.close();
    });

    it('RDM-5: a type that delta does not cover is read fully for changes, and nobody is deleted', async () => {
      await start();
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (given, role) => ({ ...factory.capabilities(given, role), deltaTypes: ['user'] }),
        }),
      });
      await job('IMMEDIATE', process);
      change('A');
      world.source.store.remove('Group', 'Staff');
      world.source.store.add('Group', group('Board', ['C']));
      const run = await world.engine.request(world.hr);
      await world.engine.workThrough(run.runKey, process);
      const { job: second, statistics } = await world.engine.finished(run.jobId);
      expect(second.readMode).toBe('Delta Read');
      expect(summary(statistics)).toEqual({
        'HR user': 'read 1',
        'HR group': 'read 1',
        'Cloud user': 'updated 1',
        'Cloud group': 'created 1',
      });
      expect(cloud.simulator.store.snapshot().groups).toHaveLength(2);
      await process.activities.close();
    });
  });

  it('RDM-7, RDM-14, CONN-CORE-40: the first read is full, and is repeated as full until one succeeds', async () => {
    await start();
    failOnce();
    const modes = [await job(), await job(), await job()];
    expect(modes.map((one) => `${one.readMode}, ${one.status}`)).toEqual([
      'Full Read, Finished with Error',
      'Full Read, Success',
      'Delta Read, Success',
    ]);
  });

  it('RDM-8, CONN-CORE-44: what is read again because of the overlap is recognised as unchanged', async () => {
    await start({ 'scim.delta.overlap.seconds': '300', 'ips.delta.max.share': '100' });
    await job();
    change('A');
    const { job: second, statistics } = await world.engine.runJob(world.hr);
    expect(second.readMode).toBe('Delta Read');
    expect(summary(statistics)).toEqual({ 'HR user': 'read 10', 'HR group': 'read 1', 'Cloud user': 'updated 1' });
  });

  describe('RDM-8: a mark is opaque to the engine', () => {
    it.each<['usn' | 'delta-link', Watermark]>([
      ['usn', { v: 1, usn: '184467', invocation: 'a1b2' }],
      ['delta-link', { v: 3, link: 'https://hr.example/Users/.delta?token=%2B%2F%3D"1"', nested: { skip: [1, null] } }],
    ])('%s: what the connector gave comes back as it was', async (delta, mark) => {
      await start({ 'ips.delta.max.share': '100' });
      const asked: unknown[] = [];
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (given, role) => ({ ...factory.capabilities(given, role), delta }),
          open: (context) => {
            const connector = factory.open(context);
            const readPage = connector.readPage.bind(connector);
            connector.readPage = async (request) => {
              if (request.mode === 'delta') asked.push(request.watermark);
              // All entities are changes; deletions that a source reports in a delta read are not acted upon (RDM-1).
              const page = await readPage({ ...request, mode: 'full' });
              const tombstones = page.items.slice(0, 1).map(({ id }) => ({ id }));
              return { ...page, tombstones, ...(page.next === null && { watermark: mark }) };
            };
            return connector;
          },
        }),
      });
      await job('IMMEDIATE', process);
      const people = userNames(cloud.simulator);
      expect((await job('IMMEDIATE', process)).readMode).toBe('Delta Read');
      expect(asked).toEqual([mark, mark]);
      expect(userNames(cloud.simulator)).toEqual(people);
      await process.activities.close();
    });

    it('RDM-6: a delta that depends on other properties is used only with them, and the job reads fully without', async () => {
      const attributes = { 'ldap.user.attributes': 'cn,uSNChanged', 'ldap.group.attributes': 'cn,uSNChanged' };
      await start(attributes);
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          // The rule of Active Directory, as data.
          capabilities: (given, role) => {
            const hasAll = ['ldap.user.attributes', 'ldap.group.attributes'].every((name) =>
              (given[name] ?? '').split(',').includes('uSNChanged'),
            );
            return { ...factory.capabilities(given, role), delta: hasAll ? 'usn' : 'none' };
          },
        }),
      });
      const modes = [await job('IMMEDIATE', process)];
      change('A');
      modes.push(await job('IMMEDIATE', process));
      await world.engine.setProperties(
        world.hr,
        properties(world.source.url, { ...attributes, 'ldap.group.attributes': 'cn' }),
      );
      change('A');
      modes.push(await job('IMMEDIATE', process));
      expect(modes.map((one) => one.readMode)).toEqual(['Full Read', 'Delta Read', 'Full Read']);
      await process.activities.close();
    });
  });

  describe('RDM-8, CONN-CORE-45: a mark that the source no longer accepts turns the run into a full read', () => {
    it.each([
      ['user', 'the first type'],
      ['group', 'a later type: the earlier ones are read again too'],
    ])('%s: %s', async (type) => {
      await start();
      await job();
      change('A');
      world.source.store.remove('User', 'J');
      const mark = `{${type}}`;
      await world.engine.pool.query(
        `update source_state set delta_mark = jsonb_set(delta_mark::jsonb, $2::text[], '{"v": 1, "since": "nonsense"}')::json where source_id = $1`,
        [world.hr.no, mark],
      );
      const { job: second, statistics } = await world.engine.runJob(world.hr);
      expect(second).toMatchObject({ readMode: 'Full Read', status: 'Success', errorMessage: null });
      expect(summary(statistics)).toEqual({
        'HR user': 'read 9',
        'HR group': 'read 1',
        'Cloud user': 'updated 1, deleted 1',
        // Its member has left.
      });
      expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
      change('B');
      expect((await job()).readMode).toBe('Delta Read');
    });
  });

  it.each([
    ['a filter', { 'scim.user.filter': 'userName sw "A"' }],
    ['the list of attributes', { 'scim.attributes': 'userName,name,title,active,displayName,members' }],
  ])('CONN-CORE-47: %s that changes makes the marks worthless: the next run is full', async (_what, changed) => {
    await start();
    await job();
    await world.engine.setProperties(world.hr, properties(world.source.url, changed));
    expect((await job()).readMode).toBe('Full Read');
    change('A');
    expect((await job()).readMode).toBe('Delta Read');
  });

  it('CONN-CORE-47: a property that has nothing to do with reading leaves the marks', async () => {
    await start();
    await job();
    await world.engine.setProperties(world.hr, properties(world.source.url, { 'ips.trace.created.entity': 'true' }));
    change('A');
    expect((await job()).readMode).toBe('Delta Read');
  });

  it('RDM-12, CONN-CORE-43: a delta read with a failed entity leaves the mark, a failed write does not', async () => {
    await start();
    await job();
    change('A');
    failOnce();
    expect((await job()).status).toBe('Finished with Error');
    // Nobody changed since: A comes again only because the mark has stayed.
    const again = await world.engine.runJob(world.hr);
    expect(summary(again.statistics)).toMatchObject({ 'HR user': 'read 1', 'Cloud user': 'updated 1' });

    change('B');
    failWrite();
    expect(summary((await world.engine.runJob(world.hr)).statistics)).toMatchObject({ 'Cloud user': 'failed 1' });
    later();
    const retried = await world.engine.runJob(world.hr);
    expect(retried.job.readMode).toBe('Delta Read');
    expect(summary(retried.statistics)).toEqual({ 'Cloud user': 'updated 1' });
  });

  describe('RDM-12: whom an earlier job could not create is read from the source by id before a delta job creates', () => {
    async function createFails(more: Record<string, string> = {}): Promise<void> {
      await start(more);
      cloud.simulator.faults.arm({
        effect: { kind: 'status', status: 400 },
        match: { methods: ['POST'], key: 'C@example.com' },
        times: 1,
      });
      await job();
      expect(userNames(cloud.simulator)).not.toContain('C@example.com');
      later();
    }
    const asked = (): number => world.source.journal.since(0).filter((record) => record.operation === 'get').length;

    it('who is still there is created, and nobody else is asked for', async () => {
      await createFails();
      const { job: second, statistics } = await world.engine.runJob(world.hr);
      expect([second.readMode, summary(statistics), asked()]).toEqual(['Delta Read', { 'Cloud user': 'created 1' }, 1]);
    });

    it('who has left meanwhile gets no account, and is forgotten after the next full read', async () => {
      await createFails();
      world.source.store.remove('User', 'C');
      const { job: second, statistics } = await world.engine.runJob(world.hr);
      expect([second.readMode, second.status, summary(statistics)]).toEqual(['Delta Read', 'Success', {}]);
      expect(userNames(cloud.simulator)).not.toContain('C@example.com');
      await world.engine.setProperties(world.hr, properties(world.source.url, { 'ips.delta.read': 'disabled' }));
      await job();
      expect(userNames(cloud.simulator)).toEqual(userNames(world.source));
      // That read says who is absent, and the next drain that there is nothing to do.
      await job();
      expect(await world.engine.pool.query('select 1 from backlog')).toEqual([]);
    });

    it('while the source does not answer for that person nothing is created', async () => {
      await createFails();
      world.source.faults.arm({ effect: { kind: 'status', status: 500 }, match: { operations: ['get'] }, times: 1 });
      expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({});
      expect(summary((await world.engine.runJob(world.hr)).statistics)).toEqual({ 'Cloud user': 'created 1' });
    });

    it('a connector that cannot read one entity creates from what is stored', async () => {
      await createFails();
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          capabilities: (given, role) => ({ ...factory.capabilities(given, role), readOne: false }),
        }),
      });
      await job('IMMEDIATE', process);
      expect([userNames(cloud.simulator).includes('C@example.com'), asked()]).toEqual([true, 0]);
      await process.activities.close();
    });
  });

  describe('RDM-13: too large a share turns a delta read into a full read', () => {
    it.each([
      ['half of 11 entities is not more than 50 %', {}, 5, 'Delta Read'],
      ['six of 11 are', {}, 6, 'Full Read'],
      ['20 %: two of 11', { 'ips.delta.max.share': '20' }, 2, 'Delta Read'],
      ['20 %: three of 11', { 'ips.delta.max.share': '20' }, 3, 'Full Read'],
      ['100 %: never', { 'ips.delta.max.share': '100' }, 10, 'Delta Read'],
    ])('changes: %s', async (_name, more, changes, expected) => {
      await start(more);
      await job();
      change(...PEOPLE.slice(0, changes));
      const { job: second, statistics } = await world.engine.runJob(world.hr);
      expect(second.readMode).toBe(expected);
      expect(summary(statistics)['HR user']).toBe(`read ${expected === 'Full Read' ? 10 : changes}`);
      expect(summary(statistics)['Cloud user']).toBe(`updated ${changes}`);
    });

    it('decided as soon as the share is passed, when the source reports no total that counts', async () => {
      await start({ 'scim.page.size': '2' });
      const process = world.engine.newProcess({
        decorateFactory: (factory) => ({
          ...factory,
          open: (context) => {
            const connector = factory.open(context);
            const readPage = connector.readPage.bind(connector);
            connector.readPage = async (request) => {
              const { total: _total, ...page } = await readPage(request);
              return page;
            };
            return connector;
          },
        }),
      });
      await job('IMMEDIATE', process);
      change(...PEOPLE.slice(0, 7));
      expect((await job('IMMEDIATE', process)).readMode).toBe('Full Read');
      await process.activities.close();
    });

    it('the retry list: more than half of all entities could not be written', async () => {
      await start();
      cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] }, times: 7 });
      await job();
      change('A');
      expect((await job()).readMode).toBe('Full Read');
      change('A');
      expect((await job()).readMode).toBe('Delta Read');
    });
  });

  type Step =
    | 'scheduled'
    | 'manual'
    | 'resync'
    | 'scheduled, a write fails'
    | 'scheduled, a read fails'
    | 'scheduled, stopped'
    | 'scheduled, its worker is lost'
    | 'manual full';

  /** Each sentence of the rules, with what the jobs in a row are logged as: F(ull) or D(elta). The first full read has succeeded. */
  const SENTENCES: readonly [sentence: string, count: string | undefined, steps: readonly Step[], log: string][] = [
    ['RDM-9: after n scheduled delta jobs the next scheduled job is a full read', '2', times(4, 'scheduled'), 'DDFD'],
    ['RDM-9: n = 10 gives ten Delta Read jobs, then one Full Read', '10', times(12, 'scheduled'), 'DDDDDDDDDDFD'],
    ['RDM-9: only scheduled runs count', '2', ['scheduled', 'manual', 'manual', 'scheduled', 'scheduled'], 'DDDDF'],
    ['RDM-9: only scheduled runs are affected', '1', ['scheduled', 'manual', 'manual', 'scheduled'], 'DDDF'],
    ['RDM-9: manual and API starts are not changed, nor is a Resync', '1', ['scheduled', 'resync', 'scheduled'], 'DFF'],
    ['RDM-9: not set: never forced', undefined, times(6, 'scheduled'), 'DDDDDD'],
    [
      'RDM-10: if the forced full read succeeds, the source returns to delta and the counter restarts at 0',
      '2',
      times(7, 'scheduled'),
      'DDFDDFD',
    ],
    [
      'RDM-10, CONN-CORE-41: if it fails, following scheduled jobs are full until one succeeds',
      '1',
      ['scheduled', 'scheduled, a read fails', 'scheduled, a read fails', 'scheduled', 'scheduled', 'scheduled'],
      'DFFFDF',
    ],
    [
      'RDM-10: manual jobs between a failed forced read and the next scheduled one stay delta',
      '1',
      ['scheduled', 'scheduled, a read fails', 'manual', 'scheduled', 'scheduled'],
      'DFDFD',
    ],
    [
      'RDM-10: a forced full read whose writes fail in part has read everything, and succeeds as a read',
      '1',
      ['scheduled', 'scheduled, a write fails', 'scheduled'],
      'DFD',
    ],
    [
      'RDM-11: a scheduled delta job counts when it ends with Finished with Error',
      '2',
      ['scheduled, a write fails', 'scheduled, a read fails', 'scheduled'],
      'DDF',
    ],
    ['RDM-11: it counts too when its worker was lost', '1', ['scheduled, its worker is lost', 'scheduled'], 'DF'],
    ['RDM-11: not when it is manually terminated', '1', ['scheduled, stopped', 'scheduled', 'scheduled'], 'DDF'],
    [
      'RDM-11: a forced full read that is terminated stays due',
      '1',
      ['scheduled', 'scheduled, stopped', 'scheduled', 'scheduled'],
      'DFFD',
    ],
    [
      'RDM-11: a successful manual full read does not reset the counter',
      '2',
      ['scheduled', 'manual full', 'scheduled', 'scheduled'],
      'DFDF',
    ],
  ];

  it('RDM-9: the worked examples of docs/jobs.md', async () => {
    const text = await readFile(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
    const [, n = '', table = ''] = /Jobs in a row, n = (\d+) \|[^\n]*\n([\s\S]*?)\n\n/.exec(text) ?? [];
    const rows = [...table.matchAll(/^\| ([a-z, ]+) \| (.+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(1);
    for (const [, jobs = '', modes = ''] of rows) {
      await start({ 'ips.full.read.force.count': n });
      await job();
      const log: string[] = [];
      for (const trigger of jobs.split(', ')) {
        change('A');
        log.push(`${(await job(trigger === 'scheduled' ? 'REPEAT' : 'IMMEDIATE')).readMode}`);
      }
      expect(log.map((mode) => mode.replace(' Read', '')).join(', ')).toBe(modes.replaceAll('*', ''));
      if (jobs !== rows.at(-1)?.[1]) await world.stop();
    }
  });

  it.each(SENTENCES)('%s (n = %s)', async (_sentence, count, steps, expected) => {
    await start(count === undefined ? {} : { 'ips.full.read.force.count': count });
    await job();
    let log = '';
    for (const step of steps) log += (await perform(step, count)).readMode === 'Full Read' ? 'F' : 'D';
    expect(log).toBe(expected);
  });

  async function perform(step: Step, count: string | undefined): Promise<JobView> {
    change('A');
    switch (step) {
      case 'scheduled':
        return job('REPEAT');
      case 'manual':
        return job();
      case 'resync':
        return (await world.engine.runJob(world.hr, 'resync')).job;
      case 'scheduled, a write fails':
        failWrite();
        return ended(await job('REPEAT'), 'Finished with Error');
      case 'scheduled, a read fails':
        failOnce();
        return ended(await job('REPEAT'), 'Finished with Error');
      case 'scheduled, stopped':
        return ended(await interrupted('stopped'), 'Manually Terminated');
      case 'scheduled, its worker is lost':
        return ended(await interrupted('lost'), 'Finished with Error');
      case 'manual full': {
        const limit = count === undefined ? {} : { 'ips.full.read.force.count': count };
        const set = (value: string): Promise<void> =>
          world.engine.setProperties(world.hr, properties(world.source.url, { ...limit, 'ips.delta.read': value }));
        await set('disabled');
        const full = await job();
        await set('enabled');
        return full;
      }
    }
  }

  /** A scheduled job that has begun and is ended from outside. */
  async function interrupted(how: 'stopped' | 'lost'): Promise<JobView> {
    const { engine, hr } = world;
    const run = await requestRun(engine.pool, { sourceNo: hr.no, kind: 'read', trigger: 'REPEAT', triggeredBy: null });
    const { runKey } = run;
    await engine.activities.openRun({ runKey });
    if (how === 'stopped') {
      await engine.requestStop(run.jobId);
      await engine.activities.finishRun({ runKey, end: 'stopped' });
    } else {
      await closeRunAs(engine.pool, runKey, 'failed', 'the workflow failed');
    }
    return (await engine.finished(run.jobId)).job;
  }

  function ended(one: JobView, status: string): JobView {
    expect(one.status).toBe(status);
    return one;
  }

  /** One entity of the next list of users cannot be read. */
  function failOnce(): void {
    world.source.faults.arm({
      effect: { kind: 'missingId', at: 0 },
      match: { operations: ['list'], type: 'User' },
      times: 1,
    });
  }

  function failWrite(): void {
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['PUT', 'PATCH'] },
      times: 1,
    });
  }
});

function times<T>(count: number, what: T): T[] {
  return Array.from({ length: count }, () => what);
}

function without(set: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(set).filter(([key]) => key !== name));
}
