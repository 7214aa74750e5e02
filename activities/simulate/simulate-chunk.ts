import { takeChain } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import type { ChunkResult, SimulateChunkInput } from '../contract.js';
import { endChain } from '../drain/target-chain.js';
import { drainEnvironment } from '../drain/environment.js';
import type { DrainEnvironment } from '../drain/work.js';
import { targetOf } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';
import { compareCreates } from './compare-creates.js';
import { simulateDeletions } from './simulate-deletions.js';
import { simulateWrites } from './simulate-writes.js';

/** Does a step of a simulation for about the time of a chunk. What was committed is never done again, whoever goes on. */
export async function simulateChunk(services: EngineServices, input: SimulateChunkInput): Promise<ChunkResult> {
  return services.chunk(input.runKey, async (watch, scope, phase) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const fence = await takeChain(services.pool, input.runKey, scope.owner, `target/${input.targetNo}`);
    await phase.enter(targetOf(context, input.targetNo), input.type, input.step === 'delete' ? 'delete' : 'write');
    const env = drainEnvironment(services, context, { ...input, late: false }, watch);
    const untilMs = Date.now() + services.timing.chunkMs;
    while (Date.now() < untilMs) {
      watch.throwIfStopped();
      const result = await once(services, env, fence, input);
      if (result !== 'more') return result;
    }
    return { more: true };
  });
}

async function once(
  services: EngineServices,
  env: DrainEnvironment,
  fence: RunFence,
  { step, targetNo }: SimulateChunkInput,
): Promise<ChunkResult | 'more'> {
  if (step !== 'compare') {
    const more = await (step === 'write' ? simulateWrites(env, fence) : simulateDeletions(env, fence));
    return more ? 'more' : { more: false };
  }
  const end = await compareCreates(env, fence);
  switch (end.kind) {
    case 'more':
      return 'more';
    case 'over':
      return { more: false };
    case 'wait':
      return { more: true, pauseMs: end.waitMs };
    case 'broken':
      // Only this target is not asked any more (ORD-7); what a Resync would do was found before.
      return endChain(services, env.tools.context, fence, targetNo, `compare with target: ${end.message}`);
  }
}
