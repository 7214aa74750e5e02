import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../connectors/contract.js';
import { TestEngine } from '../support/engine.js';
import { UnreliableSource } from '../support/unreliable-source.js';
import { person, userNames, World } from '../support/world.js';
import type { WorldTarget } from '../support/world.js';

const TOGETHER = { 'scim.profile': JSON.stringify({ confirmations: 'together' }) };
const ids = Array.from({ length: 60 }, (_, n) => `p${String(n).padStart(2, '0')}`);

describe('confirmations of several entities with one request', () => {
  let engine: TestEngine;
  let world: World;
  let source: UnreliableSource;
  let cloud: WorldTarget;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());
  afterEach(async () => {
    await source.close();
    await world.stop();
  });

  async function begin(): Promise<void> {
    world = await World.join(engine, {
      source: { users: ids.map((id) => person(id)) },
      hr: { properties: { ...TOGETHER, 'ips.failed.request.retry.attempts': '0' } },
    });
    cloud = await world.addTarget('Cloud', {}, { properties: { 'ips.governor.delete': 'off' } });
    source = new UnreliableSource(world);
    await source.job();
  }

  /** Questions for one entity, and searches. */
  async function questions(): Promise<{ single: number; searches: number }> {
    const mark = world.source.journal.mark();
    await source.job();
    const asked = world.source.journal.since(mark).filter(({ path }) => path.includes('/Users'));
    const single = asked.filter(({ operation }) => operation === 'get').length;
    return { single, searches: asked.filter(({ operation }) => operation === 'list').length - 1 };
  }

  it('DEL-23: who is gone is confirmed by a few searches, the first of which is the proof; who is found is asked for alone', async () => {
    await begin();
    for (const id of ids.slice(0, 10)) world.source.store.remove('User', id);
    source.faults.hidden = ids.slice(10, 12);
    // One proof, one question for twelve; two were found and asked for once more.
    expect(await questions()).toEqual({ single: 2, searches: 2 });
    expect(userNames(cloud.simulator)).toEqual(ids.slice(10).map((id) => `${id}@example.com`));
  });

  type Answer = (asked: readonly string[], honest: ReadonlySet<string>) => ReadonlySet<string> | null;
  const only = (pick: (asked: readonly string[]) => readonly string[]): Answer => {
    return (asked, honest) => new Set(pick(asked).filter((id) => honest.has(id)));
  };
  const LIARS: readonly [string, Answer][] = [
    ['finds nobody', () => new Set()],
    ['looks at the first alternative only', only((asked) => asked.slice(0, 1))],
    ['looks at the last alternative only', only((asked) => asked.slice(-1))],
    ['looks at the first ten', only((asked) => asked.slice(0, 10))],
    ['gives two at most', (_asked, honest) => new Set([...honest].slice(0, 2))],
    ['gives ten at most', (_asked, honest) => new Set([...honest].slice(0, 10))],
    ['does not take the question', () => null],
  ];
  it('DEL-23: a source that answers such a question wrongly deletes nobody whom it has, and whoever has left leaves all the same', async () => {
    await begin();
    for (const [name, lie] of LIARS) {
      source.faults.hidden = ids.slice(20, 36);
      source.faults.readPresent = liar(lie);
      await source.job();
      expect([name, userNames(cloud.simulator).length]).toEqual([name, ids.length]);
    }
    source.faults.hidden = [];
    for (const id of ids.slice(0, 5)) world.source.store.remove('User', id);
    await source.job();
    expect(userNames(cloud.simulator)).toHaveLength(ids.length - 5);
  });

  it('DEL-23: a source that stops finding its witnesses after the proof is not believed from then on', async () => {
    await begin();
    source.faults.hidden = ids.slice(20, 36);
    let asked = 0;
    source.faults.readPresent = liar((_ids, honest) => {
      asked += 1;
      return asked === 1 ? honest : new Set([...honest].slice(1));
    });
    await source.job();
    expect(asked).toBeGreaterThan(1);
    expect(userNames(cloud.simulator)).toHaveLength(ids.length);
  });

  /** Answers with a lie about what the source of the world really has. */
  function liar(lie: Answer): NonNullable<Connector['readPresent']> {
    return (_type, asked) => {
      const there = new Set(world.source.store.snapshot().users.map((user) => String(user['id'])));
      return Promise.resolve(lie(asked, new Set(asked.filter((id) => there.has(id)))));
    };
  }
});
