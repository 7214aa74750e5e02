import { isConnectorError } from '../../connectors/errors.js';
import type { ConnectorError } from '../../connectors/errors.js';
import { requestLimits } from '../../core/request-limits.js';
import { endProbe, leaveTrial, takeProbe, takeTrial } from '../../state/drain/breaker.js';
import type { BreakerCause } from '../../state/drain/breaker.js';
import { closeGate, readGate } from '../../state/drain/gate.js';
import { pause } from '../support/run-watch.js';
import { Drain } from './drain.js';
import type { DrainEnd } from './drain-end.js';
import type { RowSource } from './rows.js';
import type { DrainEnvironment } from './work.js';
import { errorClassOf } from './write-errors.js';

/** Pairs under way at most, however many entities a request takes: each of them holds a lease that has to be kept. */
const MAX_PAIRS_AT_A_TIME = 128;

/** What the circuit breaker of a target says to somebody who wants to send (HEA-6). */
export type BreakerEntry =
  /** No limit. */
  | { readonly kind: 'free' }
  /** So many requests; the trial has to be given back. */
  | { readonly kind: 'trial'; readonly requests: number }
  /** Somebody else makes the trial or the probe. */
  | { readonly kind: 'busy' }
  /** It is open. */
  | { readonly kind: 'broken'; readonly reason: string };

/**
 * Asks the breaker, until `untilMs` (wall clock) while others are at it. An open one is probed when that is due; `now`: at once,
 * because a job that finds out nothing would end the target for its whole length (HEA-7).
 */
export async function passBreaker(env: DrainEnvironment, untilMs: number, now: boolean): Promise<BreakerEntry> {
  if (!env.hasBreaker) return { kind: 'free' };
  const { pool, timing } = env.services;
  do {
    const { breaker, reason } = await readGate(pool, env.targetNo);
    if (breaker === 'closed') return { kind: 'free' };
    const requests = breaker === 'trial' ? await takeTrial(pool, env.targetNo) : undefined;
    if (requests !== undefined) return { kind: 'trial', requests };
    if (breaker === 'open') {
      if (await takeProbe(pool, env.targetNo, now)) {
        const failure = await probe(env);
        if (env.stop.aborted) return { kind: 'busy' };
        if (failure !== null) return { kind: 'broken', reason: failure.message };
        continue;
      }
      if (!now) return { kind: 'broken', reason: reason ?? 'the circuit breaker is open' };
    }
    await pause(timing.idlePollMs, env.stop);
  } while (Date.now() < untilMs && !env.stop.aborted);
  return { kind: 'busy' };
}

/** Drains as far as the breaker lets it. */
export function drainBehind(
  entry: Entered,
  env: DrainEnvironment,
  rows: RowSource,
  untilMs: number,
): Promise<DrainEnd> {
  return behindBreaker(entry, env, (limit) => {
    const concurrency = Math.min(pairsAtATime(env), limit);
    return new Drain(env, rows, { concurrency, rows: limit }).run(untilMs);
  });
}

/** Works on at most so many pairs, and gives a trial back. */
export async function behindBreaker<T>(
  entry: Entered,
  env: DrainEnvironment,
  work: (limit: number) => Promise<T>,
): Promise<T> {
  if (entry.kind === 'free') return work(Infinity);
  try {
    return await work(entry.requests);
  } finally {
    await leaveTrial(env.services.pool, env.targetNo);
  }
}

type Entered = Extract<BreakerEntry, { kind: 'free' | 'trial' }>;

/** Requests in flight that this process may have in a target. */
export function concurrencyOf(env: DrainEnvironment): number {
  const { capabilities, properties } = env.tools.target;
  const limits = requestLimits(properties);
  // What queues up behind a limit could not be overtaken by people who leave: at most two seconds of it.
  const byRate = limits?.perMinute === undefined ? Infinity : Math.max(1, Math.ceil(limits.perMinute / 30));
  return Math.min(
    env.services.deps.concurrency,
    capabilities.maxConcurrentWrites,
    limits?.concurrent ?? Infinity,
    byRate,
  );
}

/** A request that takes several entities needs several pairs under way to be full (WRT-3). */
function pairsAtATime(env: DrainEnvironment): number {
  const { entitiesPerWrite = 1 } = env.tools.target.capabilities;
  const requests = concurrencyOf(env);
  return Math.max(requests, Math.min(requests * entitiesPerWrite, MAX_PAIRS_AT_A_TIME));
}

/** The cheapest read there is: one entity of the first type. Null when the target answers, be it with a refusal of this request. */
async function probe(env: DrainEnvironment): Promise<BreakerCause | null> {
  const { pool } = env.services;
  const failure = await ask(env);
  // A stop says nothing about the target: the next one probes.
  if (env.stop.aborted) await leaveTrial(pool, env.targetNo);
  else await endProbe(pool, env.targetNo, failure);
  return failure;
}

async function ask(env: DrainEnvironment): Promise<BreakerCause | null> {
  const [type] = env.tools.target.capabilities.types;
  if (type === undefined) return null;
  try {
    await env.connector.readPage({ type, cursor: null, mode: 'full', pageSizeEntities: 1, signal: env.stop });
    return null;
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    if (error.kind === 'throttled')
      await closeGate(env.services.pool, env.targetNo, error.retryAfterMs ?? env.services.timing.longPauseMs);
    return isSilence(error) ? { errorClass: errorClassOf(error), message: error.adminMessage } : null;
  }
}

/** True unless the target has shown that it is there and knows us. */
function isSilence(error: ConnectorError): boolean {
  const errorClass = errorClassOf(error);
  if (error.kind === 'forbidden') return false;
  return ['unreachable', 'auth', 'targetFault', 'throttled'].includes(errorClass);
}
