import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HTTP_LIMITS } from '../../connectors/http/http-client.js';
import { resetSystem } from '../../state/config/index.js';
import { listResults } from '../../state/runs/index.js';
import { Actor } from '../support/actors.js';
import { bothAccounts, links, startOrigins, UAA_TARGET, users, workWithCrash } from '../support/origins-scene.js';
import { TestEngine, withGroups } from '../support/engine.js';
import type { SystemOptions } from '../support/engine.js';
import { person } from '../support/world.js';
import type { JobResult, WorldTarget, World } from '../support/world.js';

describe('one user, several accounts: people and configurations that change', () => {
  let engine: TestEngine;
  let world: World;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => world.stop());
  afterAll(() => engine.stop());

  async function start(ids: readonly string[], properties: Readonly<Record<string, string>> = {}): Promise<void> {
    ({ world, cloud } = await startOrigins(engine, ids, properties));
  }

  const numbers = ({ statistics }: JobResult): string | undefined => statistics['Cloud user'];

  async function failures({ runKey }: JobResult): Promise<(string | null)[]> {
    const { results } = await listResults(engine.pool, runKey, { limit: 10, result: 'failed' });
    return results.map(({ message }) => message);
  }

  async function configure(properties: Readonly<Record<string, string>>): Promise<void> {
    await engine.changeProperties(cloud.system, properties);
  }

  async function reset(): Promise<void> {
    await engine.dataSource.transaction((manager) =>
      resetSystem(manager, cloud.system.no, { role: 'target', keepOrigins: false }),
    );
  }

  it.each([
    ['another origin takes the place of one', 'idp1;idp3', /an account for idp2, and xsuaa.origin asks for idp1, idp3/],
    ['one of several is left', 'idp1', /several accounts in the target, which is configured for one/],
  ])(
    'LNK-3, RST-4: %s: refused until a reset, nothing is written and nobody is deleted',
    async (_, origins, message) => {
      await start(['P']);
      await world.job();
      const accounts = users(cloud.simulator);
      await configure({ 'xsuaa.origin': origins });
      world.source.store.update('User', 'P', { title: 'Chief' });
      const mark = cloud.simulator.journal.mark();
      const refused = await world.job();
      expect(numbers(refused)).toBe('failed 1');
      expect((await failures(refused))[0]).toMatch(message);
      expect((await failures(refused))[0]).toMatch(
        /needs a reset of the target system \(nothing was written or deleted\)/,
      );
      expect(cloud.simulator.journal.writesSince(mark)).toEqual([]);
      await reset();
      const isOne = origins === 'idp1';
      expect(numbers(await world.job())).toBe(isOne ? 'updated 1' : 'created 1, updated 1');
      expect(users(cloud.simulator)).toEqual([...accounts, ...(isOne ? [] : ['P@example.com idp3'])]);
    },
  );

  it('LNK-3, RST-4: from one origin to several the reset is needed as well', async () => {
    await start(['P'], { 'xsuaa.origin': 'idp1' });
    expect(numbers(await world.job())).toBe('created 1');
    expect(await links(engine, cloud)).toEqual([{ ord: 0, part: null, state: 1, origin: 1 }]);
    await configure({ 'xsuaa.origin': 'idp1;idp2' });
    const refused = await world.job();
    expect(numbers(refused)).toBe('failed 1');
    expect((await failures(refused))[0]).toMatch(/an account from before there were several/);
    await reset();
    expect(numbers(await world.job())).toBe('created 1, updated 1');
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
  });

  it('LNK-3, DEL-6: who leaves while the list of origins has changed loses what we made under all of the old ones', async () => {
    await start(['P', 'W']);
    await world.job();
    await configure({ 'xsuaa.origin': 'idp1' });
    world.source.store.remove('User', 'P');
    expect(numbers(await world.job())).toBe('deleted 2, failed 1');
    expect(users(cloud.simulator)).toEqual(bothAccounts('W'));
  });

  it('LNK-3, RST-1, RST-3: after a reset both are found again, existed before, and stay when the person leaves', async () => {
    await start(['P', 'W']);
    await world.job();
    await reset();
    expect(await links(engine, cloud)).toEqual([]);
    expect(numbers(await world.job())).toBe('updated 4');
    world.source.store.remove('User', 'P');
    await world.job();
    expect(users(cloud.simulator)).toEqual(bothAccounts('P', 'W'));
    expect(await links(engine, cloud, 'P')).toEqual([]);
    expect(
      await engine.pool.query('select part from released_entity where target_id = $1 order by 1', [cloud.system.no]),
    ).toEqual([{ part: 'idp1' }, { part: 'idp2' }]);
    world.source.store.add('User', person('P'));
    expect(numbers(await world.job())).toBe('updated 2');
  });

  it('LNK-3, SKP-3: the condition of the target deletes and creates all of them', async () => {
    await start(['P', 'W']);
    const wanted = withGroups('target', UAA_TARGET.typeName);
    await engine.setTransformation(cloud.system, {
      ...wanted,
      user: { ...Object(wanted['user']), condition: "$.title != 'Guest'" },
    });
    await world.job();
    world.source.store.update('User', 'P', { title: 'Guest' });
    expect(numbers(await world.job())).toBe('deleted 2');
    expect(numbers(await world.job())).toBe('skipped 1');
    world.source.store.update('User', 'P', { title: 'Staff' });
    expect(numbers(await world.job())).toBe('created 2');
    expect(users(cloud.simulator)).toEqual(bothAccounts('P', 'W'));
  });

  it('LNK-3, CHG-7: one account that is gone is created again, the other is updated', async () => {
    await start(['P']);
    await world.job();
    const gone = cloud.simulator.store.find('User', 'origin', 'idp1')[0]?.['id'];
    cloud.simulator.store.remove('User', String(gone));
    world.source.store.update('User', 'P', { name: { givenName: 'New', familyName: 'Name' } });
    expect(numbers(await world.job())).toBe('created 1, updated 1');
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
    expect(numbers(await world.job())).toBeUndefined();
  });

  it('LNK-3, CHG-8: of two updates one is refused: the next job sends only that one', async () => {
    await start(['P']);
    await world.job();
    world.source.store.update('User', 'P', { name: { givenName: 'New', familyName: 'Name' } });
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['PUT'] },
      skip: 1,
      times: 1,
    });
    expect(numbers(await world.job())).toBe('updated 1, failed 1');
    expect(numbers(await world.job())).toBe('updated 1');
    expect(cloud.simulator.store.find('User', 'name.givenName', 'New')).toHaveLength(2);
  });

  it('LNK-3, DEL-7: of two deletes one is refused: the link of that account is left, and the next job deletes it', async () => {
    await start(['P', 'W']);
    await world.job();
    world.source.store.remove('User', 'P');
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 400 },
      match: { methods: ['DELETE'] },
      skip: 1,
      times: 1,
    });
    expect(numbers(await world.job())).toBe('deleted 1, failed 1');
    expect(await links(engine, cloud, 'P')).toEqual([{ ord: 0, part: 'idp2', state: 1, origin: 1 }]);
    expect(numbers(await world.job())).toBe('deleted 1');
    expect(users(cloud.simulator)).toEqual(bothAccounts('W'));
  });

  it.each([
    ['before the first delete', { moment: 'sending', nth: 1 }],
    ['between the two deletes', { moment: 'answered', nth: 1 }],
    ['after both', { moment: 'answered', nth: 2 }],
    ['before the commit', { statement: /delete from link_body/, side: 'before' }],
  ] as const)('LNK-3, engine invariant 7: a process dies %s: the leaver is deleted, nobody else', async (_, point) => {
    await start(['P', 'W']);
    await world.job();
    world.source.store.remove('User', 'P');
    await workWithCrash(engine, world.hr, point);
    await world.job();
    expect(users(cloud.simulator)).toEqual(bothAccounts('W'));
    expect(await links(engine, cloud)).toHaveLength(2);
  });

  it.each([
    ['when the second create is sent', { moment: 'sending', nth: 2 }],
    ['after both creates', { moment: 'answered', nth: 2 }],
  ] as const)(
    'LNK-3, engine invariant 4: a process dies %s and the person leaves: what was made is found, ours, and deleted',
    async (_, point) => {
      await start(['P', 'W']);
      await workWithCrash(engine, world.hr, point);
      world.source.store.remove('User', 'P');
      await world.job();
      await world.job();
      await world.job();
      expect(users(cloud.simulator)).toEqual(bothAccounts('W'));
      expect(await links(engine, cloud)).toHaveLength(2);
    },
  );

  it('LNK-3, engine invariant 8: the claim on the second account lasts while the first one is deleted slowly', async () => {
    await start(['P', 'W']);
    await world.job();
    world.source.store.remove('User', 'P');
    const worker = Actor.join(engine);
    let claims: { isHeld: boolean }[] = [];
    worker.before(
      /call delete user/,
      async () => {
        // A delete, a read because of its tag, the delete again, and this one: four requests that take as long as they may.
        claims = await engine.pool.query<{ isHeld: boolean }>(
          `select until - $1::int * interval '1 millisecond' > clock_timestamp() as "isHeld" from target_claim where target_id = $2`,
          [4 * HTTP_LIMITS.writeTimeoutMs, cloud.system.no],
        );
      },
      2,
    );
    const run = await engine.request(world.hr);
    await engine.workThrough(run.runKey, worker.process);
    expect(claims).toEqual([{ isHeld: true }, { isHeld: true }]);
    expect(users(cloud.simulator)).toEqual(bothAccounts('W'));
  });

  it('LNK-3, CNF-10: an account that was linked by somebody else of the source is not taken twice', async () => {
    await start(['P']);
    await world.job();
    world.source.store.add('User', { ...person('Q'), userName: 'P@example.com' }, { allowDuplicate: true });
    const result = await world.job();
    expect(numbers(result)).toBe('failed 2');
    expect((await failures(result)).join()).toMatch(/linked to source id P/);
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
  });

  it('LNK-3: a target that wants to be left alone between two accounts gets the second one later', async () => {
    await start(['P']);
    cloud.simulator.faults.arm({
      effect: { kind: 'status', status: 429, retryAfter: 1 },
      match: { methods: ['POST'] },
      skip: 1,
      times: 3,
    });
    await world.job();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.job();
    expect(users(cloud.simulator)).toEqual(bothAccounts('P'));
    expect((await links(engine, cloud)).map(({ origin }) => origin)).toEqual([1, 1]);
  });

  it.each<[string, SystemOptions['properties'], RegExp]>([
    [
      'users are unique by their name alone',
      { 'xsuaa.user.unique.attribute': 'userName' },
      /origin has to be one of the unique attributes/,
    ],
    [
      'a value of one account goes back to the source',
      { 'ips.write.back.attribute': 'externalId' },
      /takes a value from one account/,
    ],
  ])('LNK-3, PRP-172: %s: the job says so and writes nothing', async (_, properties, message) => {
    await start(['P'], properties);
    const { job } = await engine.runJob(world.hr);
    expect(job.errorMessage).toMatch(message);
    expect(users(cloud.simulator)).toEqual([]);
  });

  it.each([
    [
      'no list',
      'idp1;idp2',
      /origin must be a list of different texts without ";"; map the constant "%xsuaa.origin%\[\]"/,
    ],
    ['nothing', undefined, /gives no origin for the accounts/],
  ])(
    'LNK-3, PHL-7: a transformation that gives %s for the origins is told how to give it',
    async (_, constant, message) => {
      await start(['P']);
      const origin = constant === undefined ? [] : [{ constant, targetPath: '$.origin' }];
      await engine.setTransformation(cloud.system, {
        user: { mappings: [{ sourcePath: '$.userName', targetPath: '$.userName' }, ...origin] },
      });
      const result = await world.job();
      expect((await failures(result))[0]).toMatch(message);
      expect(users(cloud.simulator)).toEqual([]);
    },
  );
});
