import { performance } from 'node:perf_hooks';
import { holdTargetKey, releaseTargetKey } from '../../state/drain/claims.js';
import { codeOf } from '../support/run-context.js';
import { pause } from '../support/run-watch.js';
import { NotSentError } from './work.js';
import type { DrainEnvironment, Work } from './work.js';

/** Requests that one turn may need: read, write, and both again after somebody else was faster. */
const REQUESTS_OF_A_TURN = 4;

/** The lock on a group, or another entity of the target, in the hands of one pair. */
export interface GroupLock {
  /** Makes sure that the lock outlives another turn. Throws {@link NotSentError} when somebody else has it by now. */
  hold(): Promise<void>;
}

/** Does something while nobody else of ours writes the group (SYS-12): its own pair, users who join or leave it in other drains, its deletion. */
export async function withGroupLock<T>(
  env: DrainEnvironment,
  work: Work,
  groupId: string,
  action: (lock: GroupLock) => Promise<T>,
): Promise<T> {
  return withTargetLock(env, work, { type: codeOf('group'), targetKey: groupId }, action);
}

/**
 * Does something while nobody else of ours writes the target entity (SYS-12), be it for another source (CNF-11). Waits as long as a
 * lease is longer than a request, though it may be prolonged, and then throws {@link NotSentError}: whoever has the entity may wait, until his
 * batch is closed, for one that this batch has.
 */
export async function withTargetLock<T>(
  env: DrainEnvironment,
  work: Work,
  entity: { readonly type: number; readonly targetKey: string },
  action: (lock: GroupLock) => Promise<T>,
): Promise<T> {
  const { pool, timing } = env.services;
  const { requestTimeoutMs } = env.tools.target.capabilities;
  const key = { targetNo: env.targetNo, ...entity };
  const tryIt = (): Promise<boolean> =>
    holdTargetKey(pool, key, work.token, work.clock.claimMs(REQUESTS_OF_A_TURN * requestTimeoutMs));
  const giveUpAtMs = performance.now() + timing.leaseMarginMs;
  while (!(await tryIt())) {
    await pause(timing.claimPollMs, env.stop);
    if (env.stop.aborted) throw new NotSentError('the run was stopped');
    if (performance.now() > giveUpAtMs) throw new NotSentError('somebody else has the target entity for long');
    if (!work.clock.allows(requestTimeoutMs)) throw new NotSentError('the lease ends before the target entity is free');
  }
  const hold = async (): Promise<void> => {
    if (!(await tryIt())) throw new NotSentError('the lock on the target entity was lost');
  };
  try {
    return await action({ hold });
  } finally {
    await releaseTargetKey(pool, key, work.token);
  }
}
