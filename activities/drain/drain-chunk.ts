import { openLatePass } from '../../state/drain/late-pass.js';
import { takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { ChunkResult, DrainChunkInput } from '../contract.js';
import { codeOf, targetOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';
import { Drain } from './drain.js';
import type { DrainEnd } from './drain.js';
import { drainEnvironment } from './environment.js';
import { endChain, targetIsOut, waitForGate } from './target-chain.js';

/** Brings one target up to date with the stored entities of one type, for about the time of a chunk (engine.md §6). */
export async function drainChunk(services: EngineServices, input: DrainChunkInput): Promise<ChunkResult> {
  return services.underWatch(input.runKey, async (watch, scope) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const { targetNo } = input;
    const sourceNo = context.source.snapshot.no;
    const fence = await takeChain(services.pool, input.runKey, scope.owner, `target/${targetNo}`);
    const out = await targetIsOut(services, context, fence, targetNo);
    if (out !== undefined) return out;
    const waiting = await waitForGate(services, context, fence, targetNo, watch);
    if (waiting !== undefined) return waiting;
    if (input.late) await openLatePass(services.pool, fence, { targetNo, sourceNo, ownerType: codeOf(input.type) });
    const env = drainEnvironment(services, context, input, watch);
    const target = targetOf(context, targetNo);
    const concurrency = Math.min(services.deps.concurrency, target.capabilities.maxConcurrentWrites);
    const leaseMs = target.capabilities.requestTimeoutMs + services.timing.leaseMarginMs;
    const end = await new Drain(env, fence, concurrency, leaseMs).run(Date.now() + services.timing.chunkMs);
    watch.throwIfStopped();
    return toResult(services, context, fence, targetNo, end);
  });
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
