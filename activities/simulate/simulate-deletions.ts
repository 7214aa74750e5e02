import type { SqlPool, Sql } from '../../state/database.js';
import {
  blockByThreshold,
  endCandidates,
  nextCandidates,
  noteConfirmed,
  recentlyConfirmed,
} from '../../state/absence/candidates.js';
import type { AbsenceOutcome, Candidate } from '../../state/absence/candidates.js';
import { keepStanding, listHeld } from '../../state/absence/governed.js';
import { unreadableNos } from '../../state/absence/verdict.js';
import { readPairs } from '../../state/drain/pair-facts.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { listUntouched, planSimulatedCandidates, readKeys } from '../../state/simulation/candidates.js';
import { readPosition, storeResults, writePosition } from '../../state/simulation/results.js';
import type { NewResult } from '../../state/simulation/results.js';
import { stagedPresence } from '../../state/simulation/staged-pairs.js';
import { isMissingUnknown, thresholdOf, thresholdRule } from '../absence/plan-absence.js';
import { guardOf, verdictOf } from '../absence/read-guards.js';
import { OUTCOME_OF } from '../plan/planning-sink.js';
import type { DrainEnvironment } from '../drain/work.js';
import { judgeSimulated } from './judge-simulated.js';
import type { SimulatedEnd } from './judge-simulated.js';
import { placeOf } from './simulate-writes.js';
import { plainResult } from './to-result.js';

/** Candidates in one commit: the source may have to be asked for each. */
const BATCH_CANDIDATES = 64;
/** Questions to the source at once. */
const LANES = 8;
/** Position of a step that may delete nobody. */
const BLOCKED = 'blocked';

/** Finds out whom a Resync would delete; the last step of a type. False: there is nothing more to find. */
export async function simulateDeletions(env: DrainEnvironment, fence: RunFence): Promise<boolean> {
  const { pool } = env.services;
  const place = placeOf(env);
  const position = await readPosition(pool, place, 'delete');
  if (position?.isOver === true) return false;
  if (position === undefined) await begin(env, fence);
  else {
    const isBlocked = position.afterKey === BLOCKED;
    const candidates = isBlocked ? [] : await nextCandidates(pool, env.runKey, place, BATCH_CANDIDATES);
    if (candidates.length > 0) await judge(env, fence, candidates);
    else return skipUntouched(env, fence, position.afterKey);
  }
  env.services.deps.reached?.('settled');
  return true;
}

/** The same proof, guards, thresholds and decisions that stand before every deletion (DEL-1, DEL-8, DEL-21, GOV-8, UNK-4). */
async function begin(env: DrainEnvironment, fence: RunFence): Promise<void> {
  const { context, target } = env.tools;
  const place = placeOf(env);
  const verdict = await verdictOf(env.services.pool, context);
  const read = verdict.blockedBy === null ? verdict.types.find((one) => one.type === env.type) : undefined;
  await env.services.pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    const guard = read && (await guardOf(env.services, sql, context, read)).guard;
    const mayDelete = read !== undefined && guard !== undefined && guard !== 'emptyRead';
    if (mayDelete) {
      const threshold = thresholdOf(target, env.type);
      await planSimulatedCandidates(sql, place, {
        unreadableNos: await unreadableNos(sql, place, read),
        missing: isMissingUnknown(guard, threshold !== undefined),
      });
      if (threshold !== undefined && !env.program.skipOperations.has('delete')) await block(sql, env, threshold);
      const overdue = await keepStanding(sql, place);
      const ends = overdue.map((entityNo) => ({ entityNo, outcome: 'held' as const }));
      await endCandidates(sql, env.runKey, env.targetNo, ends);
      const held = await listHeld(sql, place);
      await storeFor(sql, env, held, { result: 'held', reason: 'its deletion waits for an approval' });
    }
    await writePosition(sql, place, 'delete', { afterKey: mayDelete ? '' : BLOCKED, isOver: false });
  });
}

/** JOB-8: what a threshold would block is counted as Failed. */
async function block(sql: Sql, env: DrainEnvironment, threshold: number): Promise<void> {
  const rule = thresholdRule(env.sourceNo, env.tools.target, env.type, threshold);
  const { entityNos, message } = await blockByThreshold(sql, env.runKey, placeOf(env), rule);
  await storeFor(sql, env, entityNos, { result: 'failed', code: 'threshold', reason: message });
}

async function storeFor(
  sql: Sql,
  env: DrainEnvironment,
  entityNos: readonly number[],
  what: Pick<NewResult, 'result' | 'reason'> & { readonly code?: string },
): Promise<void> {
  const keys = await readKeys(sql, env.targetNo, entityNos);
  const results = entityNos.flatMap((placeNo) => {
    // What is held or skipped is the person; what fails are the accounts (LNK-3).
    const found = (keys.get(placeNo) ?? []).slice(0, what.result === 'failed' ? undefined : 1);
    return found.map((one) => plainResult({ placeNo, ...one }, { operation: 'delete', ...what }));
  });
  await storeResults(sql, placeOf(env), results);
}

async function judge(env: DrainEnvironment, fence: RunFence, candidates: readonly Candidate[]): Promise<void> {
  const { pool, timing } = env.services;
  const place = placeOf(env);
  const nos = candidates.map((candidate) => candidate.entityNo);
  const pairs = await readPairs(pool, env.targetNo, nos);
  const read = await stagedPresence(pool, place, nos);
  const confirmed = await recentlyConfirmed(pool, env.runKey, nos, timing.confirmationMs);
  const ends: (SimulatedEnd & { readonly entityNo: number })[] = [];
  const gone: number[] = [];
  const queue = [...candidates];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      env.stop.throwIfAborted();
      const { entityNo } = next;
      const pair = pairs.get(entityNo);
      const isKnown = confirmed.has(entityNo);
      const end = pair && (await judgeSimulated(env, { candidate: next, pair, read: read.get(entityNo), isKnown }));
      ends.push({ entityNo, ...(end ?? { outcome: OUTCOME_OF.unlinked }) });
      if (end?.isConfirmed === true) gone.push(entityNo);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await noteConfirmed(pool, env.runKey, env.targetNo, gone);
  await commit(pool, env, fence, ends);
}

async function commit(
  pool: SqlPool,
  env: DrainEnvironment,
  fence: RunFence,
  ends: readonly (SimulatedEnd & { readonly entityNo: number })[],
): Promise<void> {
  const outcomes = ends.map(({ entityNo, outcome }): { entityNo: number; outcome: AbsenceOutcome } => ({
    entityNo,
    outcome: outcome ?? 'kept',
  }));
  await pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await storeResults(
      sql,
      placeOf(env),
      ends.flatMap(({ results = [] }) => results),
    );
    await endCandidates(sql, env.runKey, env.targetNo, outcomes);
  });
}

/** Who is linked, present and not wanted counts as Skipped where nothing becomes of it, as at the end of every job. */
async function skipUntouched(env: DrainEnvironment, fence: RunFence, afterKey: string): Promise<boolean> {
  const place = placeOf(env);
  const limit = 1_000;
  return env.services.pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    const untouched = await listUntouched(sql, place, limit);
    await storeFor(sql, env, untouched, { result: 'skipped', reason: env.program.skipReason });
    const isOver = untouched.length < limit;
    await writePosition(sql, place, 'delete', { afterKey, isOver });
    return !isOver;
  });
}
