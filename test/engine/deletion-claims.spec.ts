import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorError } from '../../connectors/errors.js';
import { DeletionScene } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import { person, userNames } from '../support/world.js';

describe('creates of unknown outcome and the claim on a leaver’s account', () => {
  let engine: TestEngine;
  let scene: DeletionScene;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterEach(() => scene.stop());
  afterAll(() => engine.stop());

  const claims = (): Promise<{ live: boolean }[]> =>
    engine.pool.query(`select until > clock_timestamp() as live from target_claim where target_id = $1`, [
      scene.cloud.system.no,
    ]);

  /** P leaves while nobody knows what became of the creates of three others; each look for one of them takes longer than a claim lasts. */
  async function leaveBesideCreates(afterLook: () => Promise<unknown>) {
    scene = await DeletionScene.start(engine, { people: ['P', 'W'] });
    await scene.job();
    const { simulator } = scene.cloud;
    for (const id of ['X', 'Y', 'Z']) scene.world.source.store.add('User', person(id));
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { methods: ['POST'] } });
    simulator.faults.arm({ effect: { kind: 'status', status: 500 }, match: { operations: ['list'], type: 'User' } });
    await scene.job();
    simulator.faults.clear();
    scene.leave('P');
    const seen: { looks: number; liveAtDelete: boolean[] } = { looks: 0, liveAtDelete: [] };
    const { runKey, jobId } = await engine.request(scene.world.hr);
    const process = engine.newProcess({
      decorateFactory: (factory) => ({
        ...factory,
        open: (context) => {
          const connector = factory.open(context);
          return {
            ...connector,
            resolveExisting: async (...given) => {
              // In their own turn, before anybody is deleted, they cannot be looked for.
              if ((await claims()).length === 0)
                throw new ConnectorError({
                  kind: 'transient',
                  scope: 'entity',
                  outcome: 'not-applied',
                  safeMessage: 'no answer',
                });
              const found = await connector.resolveExisting(...given);
              seen.looks += 1;
              await afterLook();
              return found;
            },
            delete: async (...given) => {
              seen.liveAtDelete.push(...(await claims()).map(({ live }) => live));
              return connector.delete(...given);
            },
          };
        },
      }),
    });
    await engine.workThrough(runKey, process);
    await process.activities.close();
    return { ...seen, result: await scene.world.result(jobId) };
  }

  it('DEL-20, engine invariant 8: with many of them the claim is prolonged while they are looked for', async () => {
    const expire = (): Promise<unknown> =>
      engine.pool.query(
        `update target_claim set until = clock_timestamp() - interval '1 second' where target_id = $1`,
        [scene.cloud.system.no],
      );
    const { looks, liveAtDelete, result } = await leaveBesideCreates(expire);
    expect([looks, liveAtDelete]).toEqual([3, [true]]);
    expect(result.outcome).toContain('Cloud, user: Deletion executed: 1');
    expect(userNames(scene.cloud.simulator)).not.toContain('P@example.com');
  });

  it('DEL-20, engine invariant 8: somebody who took the account meanwhile is waited for, and all is asked anew', async () => {
    let isTaken = false;
    const take = async (): Promise<void> => {
      if (isTaken) return;
      isTaken = true;
      await engine.pool.query(
        `update target_claim set until = clock_timestamp() + interval '1 second', token = token + 1000000 where target_id = $1`,
        [scene.cloud.system.no],
      );
    };
    const { looks, liveAtDelete, result } = await leaveBesideCreates(take);
    expect([looks, liveAtDelete]).toEqual([1 + 3, [true]]);
    expect(result.outcome).toContain('Cloud, user: Deletion executed: 1');
  });

  it('DEL-20, engine invariant 8: somebody who has adopted the account and is done, while the claim had run out, keeps it', async () => {
    let isAdopted = false;
    const adopt = async (): Promise<void> => {
      if (isAdopted) return;
      isAdopted = true;
      const { no } = scene.cloud.system;
      await engine.pool.query('delete from target_claim where target_id = $1', [no]);
      await engine.pool.query(
        `update link l set target_key = p.target_key from entity e, link p join entity pe on pe.entity_no = p.entity_no
          where l.target_id = $1 and e.entity_no = l.entity_no and e.source_key = 'W' and e.type = 1
            and p.target_id = $1 and pe.source_key = 'P' and pe.type = 1`,
        [no],
      );
    };
    const { liveAtDelete } = await leaveBesideCreates(adopt);
    expect(liveAtDelete).toEqual([]);
    expect(userNames(scene.cloud.simulator)).toContain('P@example.com');
    expect(await scene.links()).not.toHaveProperty('P');
  });
});
