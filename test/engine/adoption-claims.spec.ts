import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { claimTargetKey } from '../../state/drain/claims.js';
import { DeletionScene } from '../support/deletion-scene.js';
import { TestEngine } from '../support/engine.js';
import { person } from '../support/world.js';

/** As short as a request may be, so that what is claimed for two of them would end long before the retry. */
const REQUEST_MS = 1_000;
/** Waited for 6.4 s at least, after the first renewal of the lease at 5 s. */
const RETRIES = { 'ips.failed.request.retry.attempts': '1', 'ips.failed.request.retry.attempts.interval': '8' };

describe('the claim on an account that is being adopted', () => {
  let engine: TestEngine;
  let scene: DeletionScene;
  beforeAll(async () => {
    engine = await TestEngine.start({ timing: { leaseMarginMs: 11_000 } });
  });
  afterEach(() => scene.stop());
  afterAll(() => engine.stop());

  it('DEL-20, engine invariant 8: lasts as long as the lease, however long a retry is waited for: whoever deletes does not get it', async () => {
    scene = await DeletionScene.start(engine, { people: ['W'], accounts: ['P'], cloud: { properties: RETRIES } });
    scene.world.source.store.add('User', person('P'));
    const { simulator, system } = scene.cloud;
    simulator.faults.arm({
      effect: { kind: 'status', status: 503 },
      match: { operations: ['replace', 'patch'] },
      times: 1,
    });
    const seen: { isFree: boolean; lastsAsLease: boolean }[] = [];
    const look = async (id: string): Promise<void> => {
      const key = { targetNo: system.no, type: 1, targetKey: id };
      const [claim] = await engine.pool.query<{ lasts: boolean }>(
        `select c.until >= b.lease_until - interval '2 seconds' as lasts
           from target_claim c join backlog b on b.target_id = c.target_id and b.lease_token = c.token where c.target_id = $1`,
        [system.no],
      );
      seen.push({ isFree: await claimTargetKey(engine.pool, key, -1, 1_000), lastsAsLease: claim?.lasts === true });
    };
    const { runKey, jobId } = await engine.request(scene.world.hr);
    const process = engine.newProcess({
      decorateFactory: (factory) => ({
        ...factory,
        capabilities: (properties, role) => ({
          ...factory.capabilities(properties, role),
          requestTimeoutMs: REQUEST_MS,
        }),
        open: (context) => {
          const connector = factory.open(context);
          return {
            ...connector,
            update: async (type, id, change, options) => {
              await look(id);
              return connector.update(type, id, change, options);
            },
          };
        },
      }),
    });
    await engine.workThrough(runKey, process);
    await process.activities.close();
    expect(seen).toEqual([
      { isFree: false, lastsAsLease: true },
      { isFree: false, lastsAsLease: true },
    ]);
    expect((await scene.world.result(jobId)).status).toBe('Success');
  }, 60_000);
});
