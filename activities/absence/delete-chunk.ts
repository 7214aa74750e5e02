import {
  endCandidates,
  leasePairs,
  nextCandidates,
  noteConfirmed,
  recentlyConfirmed,
} from '../../state/absence/candidates.js';
import type { Candidate } from '../../state/absence/candidates.js';
import { restorePresence } from '../../state/absence/mark-absent.js';
import { releaseClaims } from '../../state/drain/claims.js';
import { closeGate } from '../../state/drain/gate.js';
import { readPairs } from '../../state/drain/pair-facts.js';
import { settle } from '../../state/drain/settle.js';
import { holdFence, takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { ChunkResult, DeleteChunkInput } from '../contract.js';
import { behindBreaker, concurrencyOf, passBreaker } from '../drain/breaker.js';
import { drainUntil } from '../drain/drain-chunk.js';
import { drainEnvironment } from '../drain/environment.js';
import { LeaseClock } from '../drain/lease-clock.js';
import { TargetResults } from '../drain/results.js';
import { endChain, targetIsOut, waitForGate } from '../drain/target-chain.js';
import { whileOpen } from '../drain/target-watch.js';
import { newWork, NotSentError, settleContext, settlement, TargetThrottledError, UNDECIDED } from '../drain/work.js';
import type { DrainEnvironment, Work } from '../drain/work.js';
import { TargetFailedError } from '../drain/write-errors.js';
import { patiently } from '../support/patiently.js';
import { pause } from '../support/run-watch.js';
import { targetOf, targetTypes } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices, Watch } from '../support/services.js';
import { approvedAmong, withApprovedEnd } from '../plan/approved-end.js';
import { confirmAbsence } from './confirm.js';
import { asksTogether, confirmTogether } from './confirm-together.js';
import { afterEnds } from './after-ends.js';
import { tracedEnd, untouched } from './candidate-end.js';
import type { CandidateEnd } from './candidate-end.js';
import { deletePair } from './delete-pair.js';
import { deleteParts, markedOutOfScope, partsOf } from './delete-parts.js';
import { judgeCandidate } from './judge-candidate.js';
import type { PlannedDeletion } from './judge-candidate.js';

/** Candidates in one lease: each costs up to two requests, and a confirmation must be young when the delete is sent. */
const BATCH_CANDIDATES = 64;
/** Target entities of one entity, beside the first, for which a lease is made (LNK-3); more of them are deleted under another one. */
const MORE_PARTS = 4;

/** Confirms and deletes candidates of one type in one target (engine.md §7). */
export async function deleteChunk(services: EngineServices, input: DeleteChunkInput): Promise<ChunkResult> {
  return services.chunk(input.runKey, async (watch, scope, phase) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const fence = await takeChain(services.pool, input.runKey, scope.owner, `target/${input.targetNo}`);
    const out = await targetIsOut(services, context, fence, input.targetNo);
    if (out !== undefined) return out;
    const waiting = await waitForGate(services, context, fence, input.targetNo, watch);
    if (waiting !== undefined) return waiting;
    await phase.enter(targetOf(context, input.targetNo), input.type, 'delete');
    const pair = { sourceNo: context.source.snapshot.no, targetNo: input.targetNo };
    return whileOpen(services.pool, pair, watch, (open) => deleteUntil(services, context, input, fence, open));
  });
}

/** Deletes until nothing is left, the time of a chunk is over, or something ends it. */
async function deleteUntil(
  services: EngineServices,
  context: RunContext,
  input: DeleteChunkInput,
  fence: RunFence,
  watch: Watch,
): Promise<ChunkResult> {
  const env = drainEnvironment(services, context, { ...input, late: false }, watch);
  const startedMs = Date.now();
  const untilMs = startedMs + services.timing.chunkMs;
  while (Date.now() < untilMs) {
    watch.throwIfStopped();
    const pair = { targetNo: input.targetNo, type: env.typeCode };
    const candidates = await nextCandidates(services.pool, input.runKey, pair, BATCH_CANDIDATES);
    if (candidates.length === 0) return rewriteReferrers(services, context, input, fence, watch, untilMs);
    const entry = await passBreaker(env, untilMs, true);
    if (entry.kind === 'busy') continue;
    if (entry.kind === 'broken') return endChain(services, context, fence, input.targetNo, entry.reason);
    const batch = new DeletionBatch(env, fence, startedMs);
    const end = await behindBreaker(entry, env, (limit) => batch.run(candidates.slice(0, limit)));
    if (end instanceof TargetFailedError) return endChain(services, context, fence, input.targetNo, end.message);
    if (end instanceof TargetThrottledError) {
      await closeGate(services.pool, input.targetNo, end.waitMs);
      return end.waitMs > services.timing.longPauseMs ? { more: true, pauseMs: end.waitMs } : { more: true };
    }
    if (end === 'done') continue;
    // Pairs and target entities that somebody else holds come free in time; a target that was disabled meanwhile does not.
    await holdFence(services.pool, fence);
    const left = await targetIsOut(services, context, fence, input.targetNo);
    if (left !== undefined) return left;
    await pause(services.timing.idlePollMs, watch.signal);
  }
  return { more: true };
}

/**
 * Whoever referred to a deleted entity is written again in the same job: groups of people who are not wanted any more come to their end
 * after their own phase, because users are deleted last (ORD-3).
 */
async function rewriteReferrers(
  services: EngineServices,
  context: RunContext,
  input: DeleteChunkInput,
  fence: RunFence,
  watch: Watch,
  untilMs: number,
): Promise<ChunkResult> {
  const target = targetOf(context, input.targetNo);
  for (const type of targetTypes(context, target)) {
    if (target.program.types.get(type)?.linkDependent !== true) continue;
    const result = await drainUntil(services, context, { ...input, type, late: true }, fence, watch, untilMs);
    if (result.more || result.ended !== undefined) return result;
  }
  return { more: false };
}

type BatchEnd = 'done' | 'nothingDone' | TargetFailedError | TargetThrottledError;

/** Candidates under one lease, worked on side by side. */
class DeletionBatch {
  private interruption: TargetFailedError | TargetThrottledError | undefined;
  private readonly results: TargetResults;
  private defect: { readonly error: unknown } | undefined;

  constructor(
    private readonly env: DrainEnvironment,
    private readonly fence: RunFence,
    private readonly chunkStartedMs: number,
  ) {
    this.results = new TargetResults(env);
  }

  async run(candidates: readonly Candidate[]): Promise<BatchEnd> {
    const works = await this.lease(candidates);
    if (works.length === 0) return 'nothingDone';
    const ends: { end: CandidateEnd; candidate: PlannedDeletion }[] = [];
    const queue = await this.confirmTogether(works);
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const end = await this.one(next.work, next.candidate);
        ends.push({ end: tracedEnd(this.env, next.work, end), candidate: next.candidate });
      }
    };
    await Promise.all(Array.from({ length: concurrencyOf(this.env) }, lane));
    await this.settle(works[0]?.work.token ?? 0, ends);
    await this.results.tell();
    if (this.defect !== undefined) throw this.defect.error;
    return this.interruption ?? (ends.some(({ end }) => end.outcome !== null) ? 'done' : 'nothingDone');
  }

  private async lease(candidates: readonly Candidate[]): Promise<{ work: Work; candidate: PlannedDeletion }[]> {
    const { env } = this;
    const { pool, timing } = env.services;
    const { requestTimeoutMs } = env.tools.target.capabilities;
    // Confirmation and deletion, one after the other, have to fit; and where several are asked for at once, that and its proof.
    const questions = asksTogether(env) ? 5 : 3;
    const more = env.split === undefined ? 0 : 2 * MORE_PARTS;
    const leaseMs = (questions + more) * requestTimeoutMs + timing.leaseMarginMs;
    const mark = LeaseClock.mark();
    const pair = { sourceNo: env.sourceNo, targetNo: env.targetNo, type: env.typeCode };
    const nos = candidates.map((candidate) => candidate.entityNo);
    const lease = await leasePairs(pool, pair, this.fence, nos, leaseMs, requestTimeoutMs);
    const clock = new LeaseClock();
    clock.extend(mark, leaseMs);
    const pairs = await readPairs(
      pool,
      env.targetNo,
      lease.rows.map((row) => row.entityNo),
    );
    // Looked up under the lease, which bounds how old a confirmation can get; one from before a longer pause of the run does not count.
    const maxAgeMs = Math.min(timing.confirmationMs - leaseMs, Date.now() - this.chunkStartedMs + timing.pagingPauseMs);
    const confirmed = await recentlyConfirmed(pool, env.runKey, [...pairs.keys()], maxAgeMs);
    const approved = await approvedAmong(env, [...pairs.keys()]);
    return lease.rows.flatMap((row) => {
      const stored = pairs.get(row.entityNo);
      const candidate = candidates.find((one) => one.entityNo === row.entityNo);
      if (stored === undefined || candidate === undefined) return [];
      const planned = approved.get(row.entityNo) ?? null;
      // Of whom a plan has found to be out of scope nothing is marked; what it was found from is compared when it is applied.
      const isNoted = candidate.cause === 'outOfScope' && (env.sink.changesNoLink || planned !== null);
      const leased = { ...row, prio: 0, forced: false, takenOver: false, seen: false, heldClass: null };
      const work = newWork({
        row: leased,
        pair: isNoted ? markedOutOfScope(stored) : stored,
        evaluation: UNDECIDED,
        references: new Map(),
        token: lease.token,
        clock,
      });
      work.approved = planned;
      work.parts = partsOf(env, work);
      const pending = row.pending && !isNoted;
      return [{ work, candidate: { ...candidate, pending, confirmed: confirmed.has(row.entityNo) } }];
    });
  }

  private async one(work: Work, candidate: PlannedDeletion): Promise<CandidateEnd> {
    if (this.interruption !== undefined || this.defect !== undefined || this.env.stop.aborted) return untouched(work);
    try {
      const doubt = await this.confirm(work, candidate);
      if (doubt !== undefined) return withApprovedEnd(work, doubt);
      if (work.parts.length > 0) return await this.eachPart(work, candidate);
      const judgement = await judgeCandidate(this.env, work, candidate);
      const refusal = await this.env.sink.admitDeletion(this.env, work, { cause: candidate.cause, judgement });
      if (refusal !== undefined) return withApprovedEnd(work, refusal);
      const end = withApprovedEnd(work, await deletePair(this.env, work, judgement));
      this.results.settled(end.settlement);
      return end;
    } catch (error) {
      this.interrupted(error);
      return untouched(work);
    }
  }

  private async eachPart(work: Work, candidate: PlannedDeletion): Promise<CandidateEnd> {
    const { end, error } = await deleteParts(this.env, work, candidate);
    if (error !== undefined) this.interrupted(error);
    else this.results.settled(end.settlement);
    return withApprovedEnd(work, end);
  }

  private interrupted(error: unknown): void {
    this.results.interrupted(error);
    if (error instanceof TargetFailedError || error instanceof TargetThrottledError) this.interruption ??= error;
    else if (!(error instanceof NotSentError)) this.defect ??= { error };
  }

  /** Those who are to be asked for, as many with one request as the source takes; whom it declares absent is confirmed. */
  private async confirmTogether(
    works: readonly { readonly work: Work; readonly candidate: PlannedDeletion }[],
  ): Promise<{ work: Work; candidate: PlannedDeletion }[]> {
    const doubtful = works.filter(({ work, candidate }) => this.isDoubtful(work, candidate));
    const absent = await confirmTogether(
      this.env,
      doubtful.map(({ work }) => work.pair),
    );
    await noteConfirmed(this.env.services.pool, this.env.runKey, this.env.targetNo, [...absent]);
    return works.map(({ work, candidate }) =>
      absent.has(work.row.entityNo) ? { work, candidate: { ...candidate, confirmed: true } } : { work, candidate },
    );
  }

  /** DEL-23: only who was not delivered is asked for, and where the source is not asked nobody is. */
  private isDoubtful(work: Work, candidate: PlannedDeletion): boolean {
    if (candidate.cause !== 'notSeen' || candidate.confirmed || work.pair.presence === 'present') return false;
    return this.env.tools.context.safety.confirmsAbsence;
  }

  /** Undefined: go on with DEL-6. */
  private async confirm(work: Work, candidate: PlannedDeletion): Promise<CandidateEnd | undefined> {
    if (!this.isDoubtful(work, candidate)) return undefined;
    const id = work.pair.nativeId ?? work.pair.sourceKey;
    const answer = await confirmAbsence(this.env.tools.context, this.env.type, id, this.env.stop);
    if (this.env.stop.aborted) return untouched(work);
    if (answer === 'absent') {
      await noteConfirmed(this.env.services.pool, this.env.runKey, this.env.targetNo, [work.row.entityNo]);
      return undefined;
    }
    return {
      settlement: settlement(work, { kind: 'settled' }),
      outcome: answer === 'found' ? 'unknownFound' : 'unknownFailed',
    };
  }

  private async settle(
    token: number,
    ends: readonly { end: CandidateEnd; candidate: PlannedDeletion }[],
  ): Promise<void> {
    const { env } = this;
    const context = settleContext(env, token);
    const outcomes = ends.flatMap(({ end, candidate }) =>
      end.outcome === null ? [] : [{ entityNo: candidate.entityNo, outcome: end.outcome }],
    );
    await patiently(() =>
      settle(
        env.services.pool,
        context,
        ends.map(({ end }) => end.settlement),
        async (sql, held) => {
          const heldOutcomes = outcomes.filter((one) => held.has(one.entityNo));
          await endCandidates(sql, env.runKey, env.targetNo, heldOutcomes);
          await afterEnds(sql, { targetNo: env.targetNo, type: env.typeCode }, held, ends);
          const unknown = heldOutcomes.filter(
            (one) => one.outcome === 'unknownFound' || one.outcome === 'unknownFailed',
          );
          await restorePresence(
            sql,
            unknown.map((one) => one.entityNo),
          );
        },
      ),
    );
    env.services.deps.reached?.('settled');
    await releaseClaims(env.services.pool, env.targetNo, token);
  }
}
