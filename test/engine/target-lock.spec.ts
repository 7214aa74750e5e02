import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withTargetLock } from '../../activities/drain/group-lock.js';
import { LeaseClock } from '../../activities/drain/lease-clock.js';
import { NotSentError } from '../../activities/drain/work.js';
import type { DrainEnvironment, Work } from '../../activities/drain/work.js';
import { claimTargetKey } from '../../state/drain/claims.js';
import { TestEngine } from '../support/engine.js';

const HOUR_MS = 60 * 60_000;
const ENTITY = { type: 1, targetKey: 'shared' };

describe('the lock on a target entity', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.start();
  });
  afterAll(() => engine.stop());

  /** A pair whose lease is prolonged for ever; only what a lock looks at. */
  function pairOf(token: number): readonly [DrainEnvironment, Work] {
    const clock = new LeaseClock();
    clock.extend(LeaseClock.mark(), 24 * HOUR_MS);
    const env = {
      targetNo: 1,
      stop: new AbortController().signal,
      services: { pool: engine.pool, timing: { claimPollMs: 5, leaseMarginMs: 100 } },
      tools: { target: { capabilities: { requestTimeoutMs: 1_000 } } },
    };
    return [env as unknown as DrainEnvironment, { token, clock } as unknown as Work];
  }

  it('SYS-12, CNF-11: is not waited for without end, although the lease is prolonged: two batches may each have what the other one waits for', async () => {
    const key = { targetNo: 1, ...ENTITY };
    await claimTargetKey(engine.pool, key, 1, HOUR_MS);
    let isReached = false;
    const act = async (): Promise<void> => {
      isReached = true;
    };
    await expect(withTargetLock(...pairOf(2), ENTITY, act)).rejects.toThrow(NotSentError);
    expect(isReached).toBe(false);
    await withTargetLock(...pairOf(1), ENTITY, act);
    expect(isReached).toBe(true);
  });
});
