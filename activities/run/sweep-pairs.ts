import { entityTypeOfCode } from '../../core/entity-type.js';
import { demandSwept } from '../../state/intake/demand.js';
import { takeChain, holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { isSimulation } from '../../state/runs/run.js';
import { advanceSweep, endSweep, lastEntityNo, listSweeps, lockSweep } from '../../state/runs/sweeps.js';
import type { Sweep } from '../../state/runs/sweeps.js';
import type { ChunkResult, RunInput } from '../contract.js';
import { targetOf, targetTypes } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/** Entity numbers that one statement looks at. */
const SWEEP_STEP = 10_000;

/** Adds the missing backlog rows of pairs that became wanted without an intake: connected, enabled, remapped (engine.md §6 Sweeps). */
export async function sweepPairs(services: EngineServices, input: RunInput): Promise<ChunkResult> {
  return services.underWatch(input.runKey, async (watch, scope) => {
    const context = await services.contexts.get(input.runKey, scope.owner);
    const fence = await takeChain(services.pool, input.runKey, scope.owner, 'sweep');
    if (context.kind === 'apply' || isSimulation(context.kind)) return { more: false };
    const sourceNo = context.source.snapshot.no;
    const untilMs = Date.now() + services.timing.chunkMs;
    const targets = context.targets.map(({ snapshot }) => ({ targetNo: snapshot.no, program: snapshot.programNumber }));
    for (;;) {
      watch.throwIfStopped();
      const [sweep] = await listSweeps(services.pool, sourceNo, targets);
      if (sweep === undefined) return { more: false };
      if (Date.now() > untilMs) return { more: true };
      await sweepOnce(services, context, fence, sweep);
    }
  });
}

async function sweepOnce(services: EngineServices, context: RunContext, fence: RunFence, sweep: Sweep): Promise<void> {
  const sourceNo = context.source.snapshot.no;
  const target = targetOf(context, sweep.targetNo);
  const taken = targetTypes(context, target).includes(entityTypeOfCode(sweep.type));
  const last = taken ? await lastEntityNo(services.pool, sourceNo, sweep.type) : 0;
  await services.pool.transaction(async (sql) => {
    await holdFence(sql, fence);
    if (!(await lockSweep(sql, sourceNo, sweep, target.snapshot.programNumber))) return undefined;
    if (sweep.afterNo >= last) return endSweep(sql, sourceNo, sweep);
    const upToNo = Math.min(sweep.afterNo + SWEEP_STEP, last);
    await advanceSweep(sql, sourceNo, sweep, upToNo);
    const program = { targetNo: sweep.targetNo, program: target.snapshot.programNumber };
    return demandSwept(sql, { sourceNo, type: sweep.type, targets: [program] }, { afterNo: sweep.afterNo, upToNo });
  });
}
