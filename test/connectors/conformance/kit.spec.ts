import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CHECKS, ConformanceRun, SECRETS_CHECK, type SystemUnderTest } from '../../../connectors/conformance/index.js';
import type { Connector, ConnectorContext } from '../../../connectors/contract.js';
import { ConnectorError } from '../../../connectors/errors.js';
import { SCIM_SAMPLES } from '../../../connectors/scim/samples.js';
import { scimSystemFactory } from '../../../connectors/scim/scim.factory.js';
import { startScimSimulator, type ScimSimulator } from '../../../simulators/scim/simulator.js';

const PASSWORD = 'a-password-of-this-test';

/* Each check must find the connector that breaks its rule: a connector with one thing wrong is run through it. */
describe('Conformance kit', () => {
  let simulator: ScimSimulator;
  beforeAll(async () => {
    simulator = await startScimSimulator({});
  });
  afterAll(() => simulator.stop());

  type Sabotage = (connector: Connector, context: ConnectorContext) => Partial<Connector>;

  function systemWith(sabotage: Sabotage, more: Partial<SystemUnderTest> = {}): SystemUnderTest {
    return {
      name: 'sabotaged',
      factory: {
        ...scimSystemFactory,
        open: (context) => {
          const connector = scimSystemFactory.open(context);
          return { ...connector, ...sabotage(connector, context) };
        },
      },
      samples: SCIM_SAMPLES,
      properties: { URL: simulator.url, Authentication: 'NoAuthentication' },
      secrets: { Password: PASSWORD },
      mayWrite: true,
      largeGroupMembers: 10,
      deviations: {},
      notApplicable: {},
      ...more,
    };
  }

  async function resultOf(id: string, system: SystemUnderTest) {
    const check = CHECKS.find((candidate) => candidate.id === id);
    if (check === undefined) throw new Error(`no check ${id}`);
    return new ConformanceRun(system).run(check);
  }

  const conflict = new ConnectorError({
    kind: 'conflict',
    scope: 'entity',
    outcome: 'not-applied',
    safeMessage: 'exists',
  });
  const gone = new ConnectorError({ kind: 'notFound', scope: 'entity', outcome: 'not-applied', safeMessage: 'gone' });

  const cases: readonly (readonly [check: string, what: string, sabotage: Sabotage])[] = [
    [
      'every-entity-once',
      'leaves one entity of each later page out',
      ({ readPage }) => ({
        readPage: async (request) => {
          const page = await readPage(request);
          return request.cursor === null ? page : { ...page, items: page.items.slice(1) };
        },
      }),
    ],
    [
      'every-entity-once',
      'gives the first page twice',
      ({ readPage }) => {
        let again = true;
        return {
          readPage: async (request) => {
            const page = await readPage(request);
            if (request.cursor !== null || !again || page.next === null) return page;
            again = false;
            return { ...page, next: { ...page.next, i: 1, f: 'x', h: 'x' } };
          },
        };
      },
    ],
    [
      'pages-repeat',
      'goes on by itself instead of by the position',
      ({ readPage }) => {
        let calls = 0;
        return {
          readPage: async (request) => {
            const page = await readPage(request);
            return calls++ % 2 === 0 ? page : { ...page, items: page.items.slice(1) };
          },
        };
      },
    ],
    [
      'images-tell-changes',
      'gives an image that does not change with its entity',
      ({ readPage }) => ({
        readPage: async (request) => {
          const page = await readPage(request);
          return { ...page, items: page.items.map((item) => ({ ...item, image: Buffer.from(item.id) })) };
        },
      }),
    ],
    [
      'images-tell-changes',
      'gives everybody the same image',
      ({ readPage }) => {
        let reads = 0;
        return {
          readPage: async (request) => {
            const page = await readPage(request);
            const image = Buffer.from(String((reads += 1)));
            return { ...page, items: page.items.map((item) => ({ ...item, image })) };
          },
        };
      },
    ],
    [
      'read-resumes',
      'keeps the position in memory',
      ({ readPage }) => {
        let next: Parameters<Connector['readPage']>[0]['cursor'] = null;
        return {
          readPage: async (request) => {
            const page = await readPage({ ...request, cursor: next });
            next = page.next;
            return page.next === null ? page : { ...page, next: { v: 1 } };
          },
        };
      },
    ],
    [
      'read-one',
      'throws for who is absent',
      ({ readOne }) => ({
        readOne: async (type, id, options) => {
          const found = await readOne(type, id, options);
          if (found === null) throw gone;
          return found;
        },
      }),
    ],
    ['filter-in-force', 'forgets the filter', ({ readOne }) => ({ readOne: (type, id) => readOne(type, id, {}) })],
    [
      'confirmed-together',
      'leaves one out who is there',
      ({ readPresent }) => ({
        readPresent: async (type, ids, options) => {
          const present = await readPresent?.(type, ids, options);
          return new Set([...(present ?? [])].slice(1));
        },
      }),
    ],
    [
      'confirmed-together',
      'takes everybody for present',
      () => ({ readPresent: (_, ids) => Promise.resolve(new Set(ids)) }),
    ],
    [
      'confirmed-together',
      'answers only the beginning of a full question',
      ({ readPresent }) => ({
        readPresent: async (type, ids, options) => (await readPresent?.(type, ids.slice(0, 24), options)) ?? null,
      }),
    ],
    ['confirmed-together', 'never answers', () => ({ readPresent: () => Promise.resolve(null) })],
    [
      'confirmed-together-awkward',
      'finds somebody by a wildcard',
      ({ readPresent }) => ({
        readPresent: async (type, ids, options) => {
          const plain = ids.filter((id) => !id.includes('*'));
          const present = await readPresent?.(type, plain, options);
          return new Set([...(present ?? []), ...ids.filter((id) => id.includes('*'))]);
        },
      }),
    ],
    [
      'mark-before-first-page',
      'takes the mark at the end',
      ({ readPage }, { clock }) => ({
        readPage: async (request) => {
          const page = await readPage(request);
          if (page.watermark === undefined) return page;
          return {
            ...page,
            watermark: { ...page.watermark, since: new Date(clock().getTime() + 1_000).toISOString() },
          };
        },
      }),
    ],
    [
      'mark-refused',
      'takes any mark',
      ({ readPage }) => ({ readPage: (request) => readPage({ ...request, mode: 'full' }) }),
    ],
    [
      'conflict-then-found',
      'takes what exists for new',
      ({ create, resolveExisting, uniqueKeys }) => ({
        create: async (type, body, options) => {
          const found = await resolveExisting(type, body, uniqueKeys(type), options);
          return found.outcome === 'one' ? { id: found.entity.id, applied: 'created' } : create(type, body, options);
        },
      }),
    ],
    [
      'ambiguous-key',
      'takes the first of many',
      ({ resolveExisting, readOne }) => ({
        resolveExisting: async (type, body, keys, options) => {
          const found = await resolveExisting(type, body, keys, options);
          const entity = found.outcome === 'many' ? await readOne(type, found.ids[0] ?? '', {}) : null;
          return entity === null ? found : { outcome: 'one', entity };
        },
      }),
    ],
    [
      'credentials-refused-once',
      'asks again and again',
      ({ readPage }) => ({
        readPage: async (request) => {
          for (let attempt = 1; ; attempt += 1) {
            try {
              return await readPage(request);
            } catch (error) {
              if (attempt >= 5) throw error;
            }
          }
        },
      }),
    ],
    ['create', 'refuses everybody', () => ({ create: () => Promise.reject(conflict) })],
    [
      'optional-goes-patch',
      'never removes an attribute',
      ({ update }) => ({
        update: (type, id, change, options) =>
          update(type, id, { ...change, body: { ...change.before, ...change.body } }, options),
      }),
    ],
    [
      'empty-change',
      'sends changes that change nothing',
      ({ update }) => ({
        update: (type, id, { body }, options) => update(type, id, { mode: 'patch', body }, options),
      }),
    ],
    [
      'delete-twice',
      'fails for who is gone already',
      ({ delete: remove }) => ({
        delete: async (type, id, options) => {
          const result = await remove(type, id, options);
          if (result.applied === 'already-absent') throw gone;
          return result;
        },
      }),
    ],
    [
      'no-path-tricks',
      'deletes somebody for a step of a path',
      ({ create, delete: remove }) => {
        let newest = '';
        return {
          create: async (type, body, options) => {
            const made = await create(type, body, options);
            newest = made.id;
            return made;
          },
          delete: (type, id, options) => remove(type, id === '.' ? newest : id, options),
        };
      },
    ],
    [
      'members-patch',
      'only adds members',
      ({ update }) => ({
        update: (type, id, change, options) => update(type, id, { ...change, before: { members: [] } }, options),
      }),
    ],
    [
      'lost-answer',
      'says that nothing was done',
      ({ create }) => ({
        create: (type, body, options) => create(type, body, options).catch(() => Promise.reject(conflict)),
      }),
    ],
    [
      'cut-answer',
      'takes what breaks off for the end of the list',
      ({ readPage }) => ({
        readPage: (request) => readPage(request).catch(() => ({ items: [], failures: [], tombstones: [], next: null })),
      }),
    ],
  ];
  it.each(cases)('CONN-EXT-07: %s finds a connector that %s', async (id, _, sabotage) => {
    const result = await resultOf(id, systemWith(sabotage));
    expect(result.status).toBe('failed');
    expect(result.text).not.toBe('');
  });

  it('CONN-TCK-23: a password in a log line is found', async () => {
    const system = systemWith(({ readPage }, { log, config }) => ({
      readPage: (request) => {
        log.debug({ password: config.secret('Password') ?? '' }, 'reading');
        return readPage(request);
      },
    }));
    const run = new ConformanceRun(system);
    const [check] = CHECKS;
    if (check === undefined) throw new Error('no checks');
    await run.run(check);
    expect(run.secretsLetOut()).toMatchObject({ id: SECRETS_CHECK.id, status: 'failed' });
    expect(run.secretsLetOut().text).not.toContain(PASSWORD);
  });

  it('a deviation is told with what is done about it; one that has gone is a failure', async () => {
    const deviations = { 'read-one': 'It is asked for in another way.' };
    const sabotage: Sabotage = () => ({ readOne: () => Promise.reject(gone) });
    const known = await resultOf('read-one', systemWith(sabotage, { deviations }));
    expect(known).toMatchObject({ status: 'deviation', text: expect.stringContaining('in another way') });
    expect(
      await resultOf(
        'read-one',
        systemWith(() => ({}), { deviations }),
      ),
    ).toMatchObject({ status: 'failed' });
  });

  it('without permission to write only reading is checked, and nothing is written', async () => {
    const before = simulator.journal.writesSince(0).length;
    const run = new ConformanceRun(systemWith(() => ({}), { mayWrite: false }));
    expect(await run.sweep()).toBe(0);
    const results = [];
    for (const check of CHECKS.filter(({ area }) => area !== 'faults')) results.push(await run.run(check));
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(simulator.journal.writesSince(0)).toHaveLength(before);
  });

  it('what a killed run has left is removed by the next, and nobody else', async () => {
    const run = new ConformanceRun(systemWith(() => ({})));
    const connector = scimSystemFactory.open({
      config: { properties: { URL: simulator.url, Authentication: 'NoAuthentication' }, secret: () => undefined },
      clock: () => new Date(),
      log: { debug: () => undefined, warn: () => undefined },
    });
    await run.sweep();
    const stay = await connector.create('user', { userName: 'mtck' }, {});
    await connector.create('user', { userName: 'mtckabcd1234-0' }, {});
    await connector.create('group', { displayName: 'mtckabcd1234-1' }, {});
    expect(await run.sweep()).toBe(2);
    expect(await connector.readOne('user', stay.id, {})).not.toBeNull();
    await connector.close();
  });
});
