import { readGate } from '../../state/drain/gate.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { endTarget, pairState, targetEndReason } from '../../state/runs/target-end.js';
import type { TargetEnd } from '../../state/runs/target-end.js';
import type { ChunkResult } from '../contract.js';
import type { RunContext } from '../support/run-context.js';
import { pause } from '../support/run-watch.js';
import type { EngineServices, Watch } from '../support/services.js';

const PAUSED = 'the target is paused for maintenance: what is to be written waits until it is resumed';

/** The result for a target that takes no further part in this run; undefined while it does. */
export async function targetIsOut(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  targetNo: number,
): Promise<ChunkResult | undefined> {
  if ((await targetEndReason(services.pool, context.runKey, targetNo)) !== undefined)
    return { more: false, ended: 'targetFailed' };
  const state = await pairState(services.pool, context.source.snapshot.no, targetNo);
  if (state === 'open') return undefined;
  if (state === 'paused') return endFor(services, context, fence, targetNo, { reason: PAUSED, byPause: true });
  return endChain(services, context, fence, targetNo, 'the target was disabled or disconnected while the job ran');
}

/** A gate that is closed for a moment is waited for here, a longer one by the workflow; one that never opens ends the target. */
export async function waitForGate(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  targetNo: number,
  watch: Watch,
): Promise<ChunkResult | undefined> {
  const gate = await readGate(services.pool, targetNo);
  if (gate.refusedForMs > services.timing.throttleBudgetMs) {
    return endChain(services, context, fence, targetNo, 'the target refused all requests (429) for 15 minutes');
  }
  if (gate.closedForMs > services.timing.longPauseMs) return { more: true, pauseMs: gate.closedForMs };
  await pause(gate.closedForMs, watch.signal);
  return undefined;
}

/**
 * ORD-7: this target only; the others go on. The reason stands with the target and not in the job's *Error Message*, which is the source's
 * (ORD-11). An attempt that was overtaken ends nothing: what it met is not what the newer one meets.
 */
export async function endChain(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  targetNo: number,
  reason: string,
): Promise<ChunkResult> {
  return endFor(services, context, fence, targetNo, { reason, byPause: false });
}

async function endFor(
  services: EngineServices,
  context: RunContext,
  fence: RunFence,
  targetNo: number,
  end: TargetEnd,
): Promise<ChunkResult> {
  await services.pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    await endTarget(sql, context.runKey, targetNo, end);
  });
  return { more: false, ended: 'targetFailed' };
}
