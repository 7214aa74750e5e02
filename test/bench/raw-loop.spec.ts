import { afterEach, describe, expect, it } from '@jest/globals';
import { BareBooks } from '../../bench/raw/bare-books.js';
import { DurableBooks } from '../../bench/raw/durable-books.js';
import type { Books } from '../../bench/raw/books.js';
import { runRawLoop } from '../../bench/raw/loop.js';
import type { LoopResult } from '../../bench/raw/loop.js';
import { RawScim } from '../../bench/raw/scim.js';
import { generatePopulation } from '../../simulators/population.js';
import { startScimSimulator } from '../../simulators/scim/simulator.js';
import type { ScimSimulator } from '../../simulators/scim/simulator.js';
import { createTestDatabase } from '../support/database.js';
import { TestEngine } from '../support/engine.js';

const PEOPLE = 230;
const CONCURRENCY = 8;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function simulator(users: Parameters<typeof startScimSimulator>[0] = {}): Promise<ScimSimulator> {
  const server = await startScimSimulator(users);
  closing.push(() => server.stop());
  return server;
}

function client({ url }: ScimSimulator): RawScim {
  const scim = new RawScim(url, CONCURRENCY);
  closing.push(() => scim.close());
  return scim;
}

function loopOver(source: ScimSimulator, targets: readonly ScimSimulator[], books: Books): () => Promise<LoopResult> {
  const parts = {
    source: client(source),
    targets: targets.map(client),
    pageSizeEntities: 100,
    concurrency: CONCURRENCY,
  };
  return () => runRawLoop({ ...parts, books });
}

/** What a target holds, without what it gave itself, by name. */
function contentOf({ store }: ScimSimulator): Map<unknown, object> {
  return new Map(
    store.list('User').map(({ id: _id, meta: _meta, ...content }) => [content['userName'], content] as const),
  );
}

const { people } = generatePopulation({ people: PEOPLE, groups: 0, seed: 5 });

/** Somebody who gets another title. */
const changedId = people[3]?.id ?? '';

describe('raw loops', () => {
  it('R0 does the work of the engine: the targets of both hold the same', async () => {
    const source = await simulator({ users: people });
    const [byLoop, byEngine] = [await simulator(), await simulator()];
    const result = await loopOver(source, [byLoop], new BareBooks())();
    expect(result).toEqual({ entities: PEOPLE, writes: PEOPLE });

    const engine = await TestEngine.start();
    closing.push(() => engine.stop());
    const configured = await engine.addSource('Source', source.url);
    await engine.addTarget('Target', byEngine.url);
    await engine.runJob(configured);
    expect(contentOf(byLoop).size).toBe(PEOPLE);
    expect(contentOf(byLoop)).toEqual(contentOf(byEngine));
  });

  it('keeps the fixed concurrency full, for each target, and never exceeds it', async () => {
    const source = await simulator({ users: people });
    const slow = { latency: { default: { fixedMs: 5 } } };
    const targets = [await simulator(slow), await simulator(slow)];
    await loopOver(source, targets, new BareBooks())();
    expect(targets.map((target) => target.statistics().maxInFlight)).toEqual([CONCURRENCY, CONCURRENCY]);
  });

  it('R0 writes in a second read what it is told', async () => {
    const source = await simulator({ users: people });
    const target = await simulator();
    const books = new BareBooks();
    const run = loopOver(source, [target], books);
    await run();
    source.store.update('User', changedId, { title: 'New' });
    books.onlyWrite(new Set([changedId]));
    expect(await run()).toEqual({ entities: PEOPLE, writes: 1 });
    expect(target.statistics().appliedByOperation).toEqual({ create: PEOPLE, replace: 1 });
    expect(contentOf(target).get(people[3]?.userName)).toMatchObject({ title: 'New' });
  });

  it('R1 finds out by itself what has changed, from what it has committed', async () => {
    const database = await createTestDatabase();
    closing.push(() => database.drop());
    const source = await simulator({ users: people });
    const target = await simulator();
    const books = await DurableBooks.open(database.url);
    closing.push(() => books.close());
    const run = loopOver(source, [target], books);
    expect(await run()).toEqual({ entities: PEOPLE, writes: PEOPLE });
    expect(await run()).toEqual({ entities: PEOPLE, writes: 0 });
    source.store.update('User', changedId, { title: 'New' });
    expect(await run()).toEqual({ entities: PEOPLE, writes: 1 });
    expect(contentOf(target).get(people[3]?.userName)).toMatchObject({ title: 'New' });
    expect(target.statistics().appliedByOperation).toEqual({ create: PEOPLE, replace: 1 });
  });
});
