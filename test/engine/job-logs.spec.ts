import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../core/json.js';
import { withCondition } from '../support/engine.js';
import { downloadsOf } from '../support/log-downloads.js';
import type { Download } from '../support/log-downloads.js';
import { group, person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const TRACING = Object.fromEntries(
  ['created', 'updated', 'deleted', 'skipped'].map((result) => [`ips.trace.${result}.entity`, 'true']),
);

describe('downloads of entity logs', () => {
  let world: World;
  let cloud: WorldTarget;
  let download: Download;

  async function start(properties: Record<string, string>): Promise<void> {
    world = await World.start({
      source: {
        users: ['Ann', 'Ben', 'Cem'].map((id) => person(id)).concat(person('Out', { userType: 'guest' })),
        groups: [group('G', ['Ann'])],
      },
      hr: { properties, transformation: withCondition('source', "$.userType != 'guest'") },
    });
    cloud = await world.addTarget('Cloud', {}, { transformation: withCondition('target', "$.title != 'Boss'") });
    download = await downloadsOf(world.engine);
  }
  afterEach(() => world.stop());

  const key = (userName: string): string =>
    String(
      cloud.simulator.store.snapshot().users.find((user) => user['userName'] === `${userName}@example.com`)?.['id'],
    );

  it('DWN-2, DWN-3, DWN-4, LOG-6, TRC-1, TRC-4: records of traced results, with the ids of the target for what was written', async () => {
    await start(TRACING);
    const first = await world.job();
    const [ann, cem] = [key('Ann'), key('Cem')];
    const created = await download(first.runKey, 'createdEntitiesLog');
    expect(Object.keys(created)).toEqual(['ips_jobCreatedEntitiesLogs_<id>_<time>.txt']);
    const sections = Object.values(created)[0]?.split('\n\n') ?? [];
    expect(sections[0]).toBe(`user:${ann}\nsystem=Cloud\ncontent = <hidden content>`);
    expect(sections.map((section) => section.split('\n')[0]?.split(':')[0])).toEqual([
      'user',
      'user',
      'user',
      'group',
      '',
    ]);
    expect(await download(first.runKey, 'skippedEntitiesLog')).toEqual({
      'ips_jobSkippedEntitiesLogs_<id>_<time>.txt':
        "user:Out\nsystem=HR\nskip reason=Entity condition [$.userType != 'guest'] is not fulfilled\ncontent = <hidden content>\n\n",
    });
    expect(await download(first.runKey, 'deletedEntitiesLog')).toEqual({});

    world.source.store.update('User', 'Ann', { title: 'Lead' });
    world.source.store.update('User', 'Ben', { title: 'Boss' });
    world.source.store.remove('User', 'Cem');
    const second = await world.job();
    expect(Object.values(await download(second.runKey, 'updatedEntitiesLog'))[0]).toContain(
      `user:${ann}\nsystem=Cloud\ncontent = <hidden content>\n\n`,
    );
    // The link and the entity are gone: their ids are in the log.
    expect(await world.engine.pool.query(`select 1 from entity where source_key = 'Cem'`)).toEqual([]);
    expect(Object.values(await download(second.runKey, 'deletedEntitiesLog'))).toEqual([
      expect.stringContaining(`user:${cem}\nsystem=Cloud\n\n`),
    ]);
    expect(
      JSON.parse(Object.values(await download(second.runKey, 'deletedEntitiesLog', 'jsonl'))[0]?.split('\n')[0] ?? ''),
    ).toMatchObject({
      entity: 'user',
      system: 'Cloud',
      operation: 'delete',
    });
  });

  it('TRC-1, TRC-6, LOG-6: without the properties the downloads are empty and no id is kept; a change counts from the next job on', async () => {
    await start({});
    const { runKey } = await world.job();
    for (const type of [
      'createdEntitiesLog',
      'updatedEntitiesLog',
      'skippedEntitiesLog',
      'deletedEntitiesLog',
    ] as const)
      expect(await download(runKey, type)).toEqual({});
    const ids = 'select 1 from entity_log where source_key is not null or target_key is not null';
    expect(await world.engine.pool.query(ids)).toEqual([]);
    await world.engine.changeProperties(world.hr, TRACING);
    expect(await download(runKey, 'createdEntitiesLog')).toEqual({});
    const { runKey: next } = await world.job('resync');
    expect(Object.values(await download(next, 'updatedEntitiesLog'))[0]?.match(/system=Cloud/g)).toHaveLength(4);
  });

  it('DWN-4, DWN-9, LOG-6, LIM-9: failures are recorded whatever the properties say, of source and targets, all of them', async () => {
    const mandatory = (document: JsonObject): JsonObject => {
      const { mappings, ...user } = Object(document['user']);
      return {
        ...document,
        user: { ...user, mappings: [...mappings, { sourcePath: '$.badge', targetPath: '$.badge' }] },
      };
    };
    world = await World.start({
      source: { users: [person('Ann', { badge: '1' }), ...Array.from({ length: 25 }, (_, n) => person(`N${n}`))] },
      hr: { transformation: mandatory(withCondition('source', '$.active != false')) },
    });
    cloud = await world.addTarget('Cloud');
    download = await downloadsOf(world.engine);
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['POST'] } });
    const { runKey } = await world.job();
    const sections =
      Object.values(await download(runKey, 'failedEntitiesLog'))[0]
        ?.trim()
        .split('\n\n') ?? [];
    expect(sections).toHaveLength(26);
    expect(sections[0]).toMatch(
      /^user:N0\nsystem=HR\ntime=\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d \+00\nerror=Attribute at path \$\.badge is mandatory but missing\ncontent = <hidden content>$/,
    );
    expect(sections.at(-1)).toMatch(/^user:Ann\nsystem=Cloud\ntime=.*\nerror=.+\ncontent = <hidden content>$/);
    const lines =
      Object.values(await download(runKey, 'allErrorsLog', 'jsonl'))[0]
        ?.trim()
        .split('\n') ?? [];
    expect(lines).toHaveLength(26);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      entity: 'user',
      id: 'Ann',
      system: 'Cloud',
      sourceId: 'Ann',
      targetId: null,
      operation: 'create',
      durationMs: expect.any(Number),
      time: expect.stringMatching(/Z$/),
      error: expect.stringMatching(/./),
      content: '<hidden content>',
    });
  });

  it('DWN-1, DWN-5: the common log of a job has its counters', async () => {
    await start({});
    const { runKey } = await world.job();
    const [common] = Object.values(await download(runKey, 'commonLog'));
    expect(common?.split('\n')).toEqual(
      expect.arrayContaining([
        'source=HR',
        'type=READ',
        'mode=Full Read',
        'status=Success',
        'user Read HR: numberRead=4 numberSkipped=1 numberCreated=0 numberUpdated=0 numberDeleted=0 numberFailed=0',
        'user Write Cloud: numberRead=0 numberSkipped=0 numberCreated=3 numberUpdated=0 numberDeleted=0 numberFailed=0',
      ]),
    );
    await expect(download(runKey, 'commonLog', 'jsonl')).rejects.toThrow('the common log is a text');
  });

  it('JOB-9, PLN-3: what a simulation finds and what a plan stores can be downloaded like results', async () => {
    await start(TRACING);
    const simulated = await world.job('simulate');
    expect(Object.values(await download(simulated.runKey, 'createdEntitiesLog'))[0]).toContain(
      'user:Ann\nsystem=Cloud\n',
    );
    const plan = await world.job('readPlan');
    expect(Object.values(await download(plan.runKey, 'createdEntitiesLog'))[0]).toContain('user:Ann\nsystem=Cloud\n');
  });

  it('STA-10, LNK-3, DWN-3: portions give every record once, also of who has several accounts', async () => {
    await start(TRACING);
    const { runKey } = await world.job();
    const [like] = await world.engine.pool.query<{ no: number }>(
      `select entity_no as no from entity where source_key = 'Ann'`,
    );
    // Two attempts each: a failure before, which does not count.
    await world.engine.pool.query(
      `insert into entity_log (run_key, source_id, target_id, type, entity_no, operation, result, at, source_key, target_key)
       select $1, source_id, target_id, type, 1000000 + n, 'create', r, now() + (o * interval '1 second'), 's' || n, 't' || n
         from entity_log g, generate_series(1, 2500) n, (values ('failed', 1), ('created', 2)) as x (r, o)
        where g.run_key = $1 and g.entity_no = $2 and g.result = 'created'`,
      [runKey, like?.no],
    );
    // One user with two accounts, of which one was deleted in the end.
    await world.engine.pool.query(
      `insert into entity_log (run_key, source_id, target_id, type, entity_no, operation, result, at, source_key, target_key, part)
       select $1, source_id, target_id, type, 2000000, 'create', r, now() + (o * interval '1 second'), 'two', k, p
         from entity_log g, (values ('created', 1, 't8001', 'a'), ('created', 1, 't8002', 'b'), ('deleted', 2, 't8002', 'b')) as x (r, o, k, p)
        where g.run_key = $1 and g.entity_no = $2 and g.result = 'created' and g.part is null`,
      [runKey, like?.no],
    );
    const [created] = Object.values(await download(runKey, 'createdEntitiesLog'));
    const ids = [...(created ?? '').matchAll(/^user:(t\d+)$/gm)].map(([, id]) => id);
    expect([ids.length, new Set(ids).size, ids.includes('t8001')]).toEqual([2501, 2501, true]);
    expect(Object.values(await download(runKey, 'deletedEntitiesLog'))).toEqual(['user:t8002\nsystem=Cloud\n\n']);
    expect(await download(runKey, 'failedEntitiesLog')).toEqual({});
  });
});
