import { openLatePass } from '../../state/drain/late-pass.js';
import { takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { ChunkResult, DrainChunkInput } from '../contract.js';
import { codeOf, targetOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices, Watch } from '../support/services.js';
import { drainBehind, passBreaker } from './breaker.js';
import type { DrainEnd } from './drain-end.js';
import { drainEnvironment } from './environment.js';
import { RunRows } from './run-rows.js';
import { endChain, targetIsOut, waitForGate } from './target-chain.js';
import { whileOpen } from './target-watch.js';

/** Brings one target up to date with the stored entities of one type, for about the time of a chunk (engine.md §6). */
export async function drainChunk(services: EngineServices, input: DrainChunkInput): Promise<ChunkResult> {
  return services.chunk(input.runKey, async (watch, scope, phase) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const { targetNo } = input;
    const sourceNo = context.source.snapshot.no;
    const fence = await takeChain(services.pool, input.runKey, scope.owner, `target/${targetNo}`);
    const out = await targetIsOut(services, context, fence, targetNo);
    if (out !== undefined) return out;
    const waiting = await waitForGate(services, context, fence, targetNo, watch);
    if (waiting !== undefined) return waiting;
    if (input.late) await openLatePass(services.pool, fence, { targetNo, sourceNo, ownerType: codeOf(input.type) });
    await phase.enter(targetOf(context, targetNo), input.type, 'write');
    const untilMs = Date.now() + services.timing.chunkMs;
    return whileOpen(services.pool, { sourceNo, targetNo }, watch, async (narrowed) => {
      const end = await drainUntil(services, context, input, fence, narrowed, untilMs);
      const isDone = !end.more && end.ended === undefined;
      return isDone && input.andLate === true ? drainLate(services, context, input, fence, narrowed, untilMs) : end;
    });
  });
}

/** The second pass in the time that the first one has left; what it does not get through is left to a chunk of its own. */
async function drainLate(
  services: EngineServices,
  context: RunContext,
  input: DrainChunkInput,
  fence: RunFence,
  watch: Watch,
  untilMs: number,
): Promise<ChunkResult> {
  const sourceNo = context.source.snapshot.no;
  const { targetNo, type } = input;
  await openLatePass(services.pool, fence, { targetNo, sourceNo, ownerType: codeOf(type) });
  const end = await drainUntil(services, context, { ...input, late: true }, fence, watch, untilMs);
  if (end.ended !== undefined) return end;
  return end.more ? { more: false } : { more: false, lateDone: true };
}

/** Drains a phase of a target until it is drained, the time (wall clock) is over, or something ends it. */
export async function drainUntil(
  services: EngineServices,
  context: RunContext,
  phase: DrainChunkInput,
  fence: RunFence,
  watch: Watch,
  untilMs: number,
): Promise<ChunkResult> {
  const { capabilities } = targetOf(context, phase.targetNo);
  const env = drainEnvironment(services, context, phase, watch);
  const rows = new RunRows(env, fence, capabilities.requestTimeoutMs + services.timing.leaseMarginMs);
  for (;;) {
    const entry = await passBreaker(env, untilMs, true);
    watch.throwIfStopped();
    if (entry.kind === 'busy') return { more: true };
    if (entry.kind === 'broken') return endChain(services, context, fence, phase.targetNo, entry.reason);
    const end = await drainBehind(entry, env, rows, untilMs);
    watch.throwIfStopped();
    if (entry.kind === 'trial' && end.kind === 'interrupted' && Date.now() < untilMs) continue;
    return toResult(services, context, fence, phase.targetNo, end);
  }
}

async function toResult(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  targetNo: number,
  end: DrainEnd,
): Promise<ChunkResult> {
  switch (end.kind) {
    case 'drained':
      return { more: false };
    case 'interrupted':
      return { more: true };
    case 'throttled':
      return end.waitMs > services.timing.longPauseMs ? { more: true, pauseMs: end.waitMs } : { more: true };
    case 'targetFailed':
      return endChain(services, context, fence, targetNo, end.message);
  }
}
