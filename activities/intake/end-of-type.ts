import type { ConnectorError } from '../../connectors/errors.js';
import type { EntityType } from '../../core/entity-type.js';
import type { SqlPool } from '../../state/database.js';
import { endType, loadType, readProof, restartType } from '../../state/intake/type-state.js';
import type { ReadProof, TypeRead } from '../../state/intake/type-state.js';
import { demandForgotten } from '../../state/intake/demand.js';
import { holdFence } from '../../state/runs/fence.js';
import type { RunFence } from '../../state/runs/fence.js';
import { isSimulation } from '../../state/runs/run.js';
import type { ChunkResult } from '../contract.js';
import { codeOf, takers } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';

/** Entity numbers that one look for forgotten pairs goes through. */
const FORGOTTEN_STEP = 100_000;

/**
 * After the last page: was everything delivered? Signs of a list that moved under the read send the read back to its start once; a
 * second time the type stays *incomplete*, and nobody is taken for absent (CONN-CORE-24). No sign is no proof: DEL-23 confirms.
 */
export async function finishType(
  pool: SqlPool,
  fence: RunFence,
  context: RunContext,
  type: EntityType,
  signal: AbortSignal,
): Promise<ChunkResult> {
  const read = await loadType(pool, fence.runKey, codeOf(type));
  const proof = await readProof(pool, fence.runKey, codeOf(type), read.epoch);
  const drift = findDrift(read, proof, context.source.capabilities.repeatsEntities === true);
  if (drift === undefined) {
    if (read.mode === 'full' && !isSimulation(context.kind))
      await demandAllForgotten(pool, fence, context, type, { epoch: read.epoch, ...proof }, signal);
    await endType(pool, fence, codeOf(type), 'complete', null);
    return { more: false };
  }
  if (read.rereads === 0) {
    await restartType(pool, fence, context.source.snapshot.no, codeOf(type), 'drift');
    return { more: true };
  }
  const runError = `${context.source.snapshot.name}: the list of ${type}s moved while it was read, twice: ${drift}`;
  await endType(pool, fence, codeOf(type), 'incomplete', { cause: drift, runError });
  return { more: false };
}

/** One target and some of the entities at a time: stop, and whatever else wants the row of the run, waits for one step at most. */
async function demandAllForgotten(
  pool: SqlPool,
  fence: RunFence,
  context: RunContext,
  type: EntityType,
  { epoch, firstNo, lastNo }: Pick<TypeRead, 'epoch'> & ReadProof,
  signal: AbortSignal,
): Promise<void> {
  if (firstNo === null || lastNo === null) return;
  const read = { runKey: fence.runKey, sourceNo: context.source.snapshot.no, type: codeOf(type), epoch };
  for (const target of takers(context, type)) {
    for (let afterNo = firstNo - 1; afterNo < lastNo; afterNo += FORGOTTEN_STEP) {
      signal.throwIfAborted();
      await pool.transaction(async (sql) => {
        await holdFence(sql, fence);
        await demandForgotten(sql, { ...read, afterNo, upToNo: Math.min(afterNo + FORGOTTEN_STEP, lastNo) }, target);
      });
    }
  }
}

/** What gives a moved list away, or undefined. */
function findDrift(read: TypeRead, proof: ReadProof, mayRepeat: boolean): string | undefined {
  if (read.drift !== null) return 'the total shrank between two pages';
  if (proof.delivered > proof.distinct && !mayRepeat)
    return `${proof.delivered - proof.distinct} entities were delivered more than once`;
  const missing = (read.total ?? 0) - proof.distinct - proof.failed;
  return missing > 0 ? `${missing} of ${read.total ?? 0} announced entities were not delivered` : undefined;
}

/** The source cannot be read any further in this run (ORD-8): what was read stays, nothing is taken for absent. */
export async function failType(
  pool: SqlPool,
  fence: RunFence,
  context: RunContext,
  type: EntityType,
  failure: ConnectorError,
): Promise<void> {
  const runError = `${context.source.snapshot.name}: ${failure.adminMessage}`;
  await endType(pool, fence, codeOf(type), 'failed', { cause: failure.adminMessage, runError });
}
