import { afterEach, describe, expect, it } from '@jest/globals';
import { isJsonObject } from '../../core/json.js';
import type { JsonObject } from '../../core/json.js';
import { TestEngine, withCondition, withGroups, withUserMappings } from '../support/engine.js';
import { downloadsOf } from '../support/log-downloads.js';
import type { Download } from '../support/log-downloads.js';
import { startOrigins } from '../support/origins-scene.js';
import { group, person, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const RECORDS = ['created', 'updated', 'deleted', 'skipped'].map((result) => `ips.trace.${result}.entity`);
const CONTENTS = ['created', 'updated', 'skipped', 'failed'].map((result) => `ips.trace.${result}.entity.content`);
const on = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'true']));
const ALL = on([...RECORDS, ...CONTENTS]);
const HIDDEN = '<hidden content>';

const RANDOM_PASSWORD = {
  function: 'randomPassword',
  passwordLength: 12,
  minimumNumberOfLowercaseLetters: 2,
  minimumNumberOfUppercaseLetters: 2,
  minimumNumberOfDigits: 2,
  minimumNumberOfSpecialSymbols: 0,
};

type Log = 'created' | 'updated' | 'skipped' | 'failed';

describe('contents of traced entities', () => {
  let world: World;
  let cloud: WorldTarget;
  let download: Download;
  afterEach(() => world.stop());

  async function start(
    users: readonly JsonObject[],
    options: {
      readonly properties?: Record<string, string>;
      readonly read?: JsonObject;
      readonly write?: JsonObject;
      readonly secrets?: Record<string, string>;
    } = {},
  ): Promise<void> {
    const { properties = ALL, read, write, secrets = {} } = options;
    world = await World.start({
      source: { users },
      hr: { properties, ...(read !== undefined && { transformation: read }) },
    });
    cloud = await world.addTarget('Cloud', {}, { secrets, ...(write !== undefined && { transformation: write }) });
    download = await downloadsOf(world.engine);
  }

  /** Contents in a log, by system and source id. */
  async function contents(runKey: string, log: Log): Promise<Record<string, unknown>> {
    const files = await download(runKey, `${log}EntitiesLog`, 'jsonl');
    const lines = Object.values(files).flatMap((text) => text.trim().split('\n'));
    return Object.fromEntries(
      lines.map((line) => {
        const { system, sourceId, content } = JSON.parse(line);
        return [`${system} ${sourceId}`, content];
      }),
    );
  }

  const isStored = async (): Promise<boolean> =>
    (await world.engine.pool.query('select 1 from traced_content limit 1')).length > 0;

  /** Reads the badge of everybody, who has to have one, if the user is no guest. */
  function readBadges(): JsonObject {
    const document = withCondition('source', "$.userType != 'guest'");
    const { user } = document;
    if (isJsonObject(user) && Array.isArray(user['mappings']))
      user['mappings'].push({ sourcePath: '$.title', targetPath: '$.nickName' });
    return document;
  }

  it('TRC-1, TRC-2, TRC-9, DWN-4, PRP-52, PRP-54, PRP-56, PRP-57: target JSON as sent of who was written or refused, common JSON of who was skipped, source JSON of who was not read', async () => {
    await start(
      [
        person('Ann', { title: 'Lead' }),
        person('Out', { title: 'x', userType: 'guest' }),
        person('Bad'),
        person('Boss', { title: 'Boss' }),
        person('Rex', { title: 'y' }),
      ],
      { read: readBadges(), write: withCondition('target', "$.title != 'Boss'") },
    );
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['POST'], key: 'Rex@example.com' },
    });
    const { runKey, outcome } = await world.job();
    const common = { userName: 'Ann@example.com', title: 'Lead', nickName: 'Lead' };
    expect(await contents(runKey, 'created')).toEqual({ 'Cloud Ann': expect.objectContaining(common) });
    expect(await contents(runKey, 'skipped')).toEqual({
      'HR Out': expect.objectContaining({ id: 'Out', userType: 'guest', meta: expect.anything() }),
      'Cloud Boss': expect.objectContaining({ nickName: 'Boss' }),
    });
    expect((await contents(runKey, 'skipped'))['Cloud Boss']).not.toHaveProperty('id');
    expect(await contents(runKey, 'failed')).toEqual({
      'HR Bad': expect.objectContaining({ id: 'Bad', meta: expect.anything() }),
      'Cloud Rex': expect.objectContaining({ nickName: 'y' }),
    });
    const [text] = Object.values(await download(runKey, 'createdEntitiesLog'));
    expect(text).toMatch(/^user:Cloud-\S+\nsystem=Cloud\ncontent=\{.*"userName":"Ann@example.com".*\}\n\n$/);
    expect(outcome).toContain(`Switched off by the platform after this job: ${[...CONTENTS].sort().join(', ')}`);

    // The next job does not trace: the record properties stay, the content properties are off.
    world.source.store.update('User', 'Ann', { title: 'Head' });
    const next = await world.job();
    expect(await contents(next.runKey, 'updated')).toEqual({ 'Cloud Ann': HIDDEN });
    expect((await contents(next.runKey, 'skipped'))['HR Out']).toBe(HIDDEN);
    const { 'ips.trace.updated.entity': record, 'ips.trace.updated.entity.content': content } =
      await world.engine.properties(world.hr);
    expect([record, content]).toEqual(['true', 'false']);

    // Somebody asks once more: those that are as they were are traced, too.
    await world.engine.changeProperties(world.hr, on(CONTENTS));
    world.source.store.update('User', 'Ann', { title: 'Chief' });
    const third = await world.job();
    expect(await contents(third.runKey, 'updated')).toEqual({
      'Cloud Ann': expect.objectContaining({ nickName: 'Chief' }),
    });
    expect(await contents(third.runKey, 'skipped')).toEqual({
      'HR Out': expect.objectContaining({ id: 'Out' }),
      'Cloud Boss': expect.objectContaining({ nickName: 'Boss' }),
    });
  });

  it('TRC-9: common JSON where nothing could be sent; the content of a failed delete is null', async () => {
    const write = withUserMappings([{ sourcePath: '$.title', targetPath: '$.nickName' }]);
    await start([person('Ann', { title: 'Lead' }), person('Bad')], { write });
    const first = await world.job();
    expect(await contents(first.runKey, 'failed')).toEqual({
      'Cloud Bad': expect.objectContaining({ userName: 'Bad@example.com' }),
    });
    await world.engine.changeProperties(world.hr, on(CONTENTS));
    world.source.store.remove('User', 'Ann');
    cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['DELETE'] } });
    const second = await world.job();
    expect((await contents(second.runKey, 'failed'))['Cloud Ann']).toBeNull();
    expect(Object.values(await download(second.runKey, 'failedEntitiesLog'))[0]).toMatch(
      /user:Ann\nsystem=Cloud\ntime=.*\nerror=.*\ncontent=null\n\n/,
    );
  });

  it('TRC-9: common JSON of who failed in the source after the read transformation had come to its end', async () => {
    // A group that shows as many members as the source shows at most: some may be missing (CONN-SCIM-48).
    const profile = JSON.stringify({ members: { shownAtMost: 1 } });
    await start([person('Ann')], { properties: { ...ALL, 'scim.profile': profile } });
    world.source.store.add('Group', group('G', ['Ann']));
    const [content] = Object.values(await contents((await world.job()).runKey, 'failed'));
    expect(content).toMatchObject({ displayName: 'Group G', members: [{ value: 'Ann' }] });
    expect(content).not.toHaveProperty('meta');
  });

  it('TRC-7: a secret of the source that its mapping gives another name is masked in the common JSON of who failed there', async () => {
    const profile = JSON.stringify({ members: { shownAtMost: 1 } });
    const read = withGroups('source');
    if (isJsonObject(read['group']) && Array.isArray(read['group']['mappings']))
      read['group']['mappings'].push({ sourcePath: '$.joinSecret', targetPath: '$.note' });
    await start([person('Ann')], { properties: { ...ALL, 'scim.profile': profile }, read });
    world.source.store.add('Group', { ...group('G', ['Ann']), joinSecret: 'geheim-4711' });
    const [content] = Object.values(await contents((await world.job()).runKey, 'failed'));
    expect(content).toMatchObject({ displayName: 'Group G', note: '••••••••' });
    expect(JSON.stringify(content)).not.toContain('geheim');
  });

  it('TRC-3, TRC-4, TRC-6: without its partner a content property records nothing, and without any of them nothing is stored', async () => {
    await start([person('Ann'), person('Out', { userType: 'guest' })], {
      properties: on(CONTENTS),
      read: withCondition('source', "$.userType != 'guest'"),
    });
    const { runKey } = await world.job();
    for (const log of ['created', 'skipped'] as const) expect(await contents(runKey, log)).toEqual({});
    expect(await isStored()).toBe(false);
    await world.engine.changeProperties(world.hr, on(RECORDS));
    const { runKey: plain } = await world.job('resync');
    expect(await contents(plain, 'updated')).toEqual({ 'Cloud Ann': HIDDEN });
    expect(await isStored()).toBe(false);
  });

  it('TRC-7: passwords, secrets, values of credential properties and of randomPassword are masked before anything is stored', async () => {
    const write = withUserMappings([
      { constant: '%initial.password%', targetPath: '$.nickName' },
      { functions: [RANDOM_PASSWORD], targetPath: '$.displayName', scope: 'createEntity' },
      { sourcePath: '$.password', targetPath: '$.title' },
    ]);
    await start([person('Ann', { password: 'Quokka-1' })], { write, secrets: { 'initial.password': 'Numbat-2' } });
    const { runKey } = await world.job();
    const [account] = cloud.simulator.store.find('User', 'userName', 'Ann@example.com');
    expect(account).toMatchObject({ nickName: 'Numbat-2', title: 'Quokka-1' });
    const MASK = '••••••••';
    expect((await contents(runKey, 'created'))['Cloud Ann']).toMatchObject({
      userName: 'Ann@example.com',
      password: MASK,
      nickName: MASK,
      displayName: MASK,
      title: MASK,
    });
    // Sealed as well: nothing of it is readable in the database.
    const rows = await world.engine.pool.query<{ text: string }>(
      `select encode(content, 'escape') as text from traced_content`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain('example.com');
  });

  it('LIM-4, TRC-5, PRP-59: contents are cut after 150,000 characters, and whole with ips.trace.entity.content.unlimited', async () => {
    const note = 'n'.repeat(200_000);
    await start([person('Ann', { title: note })]);
    const { runKey } = await world.job();
    const cut = String((await contents(runKey, 'created'))['Cloud Ann']);
    expect(cut).toMatch(/^\{.{149999}… \[cut: 200\d{3} characters in all\]$/s);
    await world.engine.changeProperties(world.hr, { ...on(CONTENTS), 'ips.trace.entity.content.unlimited': 'true' });
    const { runKey: next } = await world.job('resync');
    expect((await contents(next, 'updated'))['Cloud Ann']).toMatchObject({ title: note });
    // It is no content property: it stays.
    expect((await world.engine.properties(world.hr))['ips.trace.entity.content.unlimited']).toBe('true');
  });

  it('TRC-9: everybody whom a target skips without an attempt has a content, also where they are many', async () => {
    const people = Array.from({ length: 1_040 }, (_, no) => person(`P${no}`, { userType: no % 3 === 0 ? 'a' : 'b' }));
    await start(people, { write: withCondition('target', "$.userType == 'a'") });
    const { runKey } = await world.job();
    const skipped = Object.entries(await contents(runKey, 'skipped'));
    expect(skipped).toHaveLength(693);
    for (const [name, content] of skipped)
      expect([name, Object(content).userName]).toEqual([name, `${name.split(' ')[1]}@example.com`]);
  });
});

describe('contents of a user with several accounts', () => {
  it('TRC-9, LNK-3: each account has what was sent for it', async () => {
    const engine = await TestEngine.start({ isRecycled: true });
    const { world, cloud } = await startOrigins(engine, ['P', 'W']);
    const download = await downloadsOf(engine);
    /** Name and origin in the contents of a log; null where one is null. */
    const accounts = async (runKey: string, log: Log): Promise<unknown[]> => {
      const files = await download(runKey, `${log}EntitiesLog`, 'jsonl');
      const lines = Object.values(files).flatMap((text) => text.trim().split('\n'));
      const found = lines.map((line) => JSON.parse(line).content);
      return found.map((one) => one && `${one.userName.split('@')[0]} ${one.origin}`).sort();
    };
    try {
      await engine.changeProperties(world.hr, ALL);
      const match = { methods: ['POST'], key: 'P@example.com' };
      cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match, skip: 1, times: 1 });
      const first = await world.job();
      expect(await accounts(first.runKey, 'created')).toEqual(['P idp1', 'W idp1', 'W idp2']);
      expect(await accounts(first.runKey, 'failed')).toEqual(['P idp2']);
      await engine.changeProperties(world.hr, ALL);
      const { runKey } = await world.job('resync');
      expect(await accounts(runKey, 'created')).toEqual(['P idp2']);
      expect(await accounts(runKey, 'updated')).toEqual(['P idp1', 'W idp1', 'W idp2']);
      await engine.changeProperties(world.hr, ALL);
      world.source.store.remove('User', 'P');
      cloud.simulator.faults.arm({ effect: { kind: 'status', status: 400 }, match: { methods: ['DELETE'] } });
      expect(await accounts((await world.job()).runKey, 'failed')).toEqual([null, null]);
    } finally {
      await world.stop();
      await engine.stop();
    }
  });
});
