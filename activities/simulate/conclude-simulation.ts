import { allowance } from '../../core/plan/limits.js';
import type { Sql } from '../../state/database.js';
import { RunTakenOverError } from '../../state/runs/fence.js';
import { closeRun, countExactly, countFailed, lockRun } from '../../state/runs/finish-run.js';
import type { JobStatus } from '../../state/runs/run.js';
import { countClasses } from '../../state/simulation/results.js';
import type { SimulatedClassCount } from '../../state/simulation/results.js';
import { forgetStaged } from '../../state/simulation/staging.js';
import type { FinishRunInput } from '../contract.js';
import { rulesOf } from '../plan/sink-of.js';
import { guardedVerdict, referenceLines, reportDeletion } from '../run/finish-run.js';
import { targetOf } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/**
 * The end of a simulation: results counted, outcome, status. No mark, counter, backlog row or stored change moves (JOB-8); what was read is
 * forgotten, what was found stays.
 */
export async function concludeSimulation(
  services: EngineServices,
  sql: Sql,
  context: RunContext,
  { runKey, end }: FinishRunInput,
  owner: string,
): Promise<JobStatus> {
  const run = await lockRun(sql, runKey, owner);
  if (run === undefined) throw new RunTakenOverError(`run ${runKey} is closed or owned by another attempt`);
  const isStopped = end === 'stopped' || run.cancelRequested;
  const verdict = await guardedVerdict(services, sql, context, isStopped);
  await countExactly(sql, runKey, context.source.snapshot.no);
  const report = await reportDeletion(sql, context, verdict);
  const isFailed =
    end === 'failed' || report.isDefective || run.errorMessage !== null || (await countFailed(sql, runKey)) > 0;
  const status = isStopped ? 'Manually Terminated' : isFailed ? 'Finished with Error' : 'Success';
  const held = wouldBeHeld(context, await countClasses(sql, runKey));
  await forgetStaged(sql, runKey);
  await closeRun(sql, runKey, status, [...report.lines, ...held, ...referenceLines(context)]);
  services.deps.reached?.('finishing');
  return status;
}

/**
 * What the governor would keep back of such a Resync now: all deletions of a type, of other classes what is beyond the limit (GOV-5). Told beside
 * the counts, which say what is to be done and not when.
 */
function wouldBeHeld(context: RunContext, counts: readonly SimulatedClassCount[]): string[] {
  return counts.flatMap(({ targetNo, class: name, count, links, used }) => {
    const target = targetOf(context, targetNo);
    const limit = rulesOf(context, target).limits.get(name);
    if (limit === undefined) return [];
    const left = Math.max(0, allowance(limit, links) - used);
    if (count <= left) return [];
    const held = name === 'delete' ? count : count - left;
    return [`Would be held for approval: ${held} ${name} in ${target.snapshot.name}`];
  });
}
