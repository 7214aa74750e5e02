import { deletionLines } from '../../core/run/deletion-lines.js';
import { countOutcomes } from '../../state/absence/outcomes.js';
import { hasLinks } from '../../state/absence/mark-absent.js';
import { forgetAdopted } from '../../state/absence/released.js';
import type { ReadVerdict, TypeVerdict } from '../../state/absence/verdict.js';
import type { Sql } from '../../state/database.js';
import { useUpOrigins } from '../../state/drain/kept-origin.js';
import { forgetOldUse } from '../../state/governor/budget.js';
import { countHeld } from '../../state/plans/held.js';
import { closeChanges } from '../../state/plans/close-changes.js';
import { countUnresolved, demandResolvable } from '../../state/drain/references.js';
import { isRunTakenOverError, RunTakenOverError } from '../../state/runs/fence.js';
import {
  closeRun,
  countExactly,
  countFailed,
  countReportedDeletions,
  dropForce,
  hasLiveLeases,
  lockRun,
  removeForgotten,
  storeSkips,
} from '../../state/runs/finish-run.js';
import type { ConditionReason } from '../../state/runs/finish-run.js';
import { countMatches } from '../../state/plans/matches.js';
import { countStates, endUntried } from '../../state/plans/approved.js';
import { ensurePlan } from '../../state/plans/store-changes.js';
import { isResyncKind, isSimulation } from '../../state/runs/run.js';
import type { JobStatus } from '../../state/runs/run.js';
import { moveForcedFullCounter } from '../../state/runs/read-mode.js';
import { cleanMarks, noteCleanRead } from '../../state/runs/source-state.js';
import { endedTargets } from '../../state/runs/target-end.js';
import { reportWorker } from '../../state/runs/worker-report.js';
import type { FinishedRun, FinishRunInput } from '../contract.js';
import { ApplicationFailure } from '@temporalio/common';
import { RUN_CLOSED } from '../contract.js';
import { isMissingUnknown, noteAllPostponed, thresholdOf, thresholdText } from '../absence/plan-absence.js';
import { guardOf, verdictOf } from '../absence/read-guards.js';
import { traceTargetSkips } from '../logs/target-skips.js';
import { approveByRules } from '../plan/approve-by-rules.js';
import { plansFirst, plansOnly } from '../plan/sink-of.js';
import { codeOf, targetTypes } from '../support/run-context.js';
import type { OpenSystem, RunContext } from '../support/run-context.js';
import { pause } from '../support/run-watch.js';
import type { ActivityScope } from '../support/scope.js';
import type { EngineServices } from '../support/services.js';
import { describeProgress } from './describe-progress.js';
import { concludeSimulation } from '../simulate/conclude-simulation.js';
import { noteUnknown } from './note-unknown.js';
import { apiVersion, readFingerprint } from './read-mode.js';
import {
  appliedLines,
  countsOf,
  guardLine,
  heldLines,
  matchLines,
  reportedDeletionLines,
  unresolvedLines,
} from './outcome-lines.js';

/** Reports of a worker that waits for answers. */
const REPORT_INTERVAL_MS = 5_000;

/** Counts, says what influenced deletion, sets the final status and lets the next queued run start. Once; repeating it is refused. */
export async function finishRun(services: EngineServices, input: FinishRunInput): Promise<FinishedRun> {
  const scope = services.scope();
  try {
    const context = await services.contexts.get(input.runKey, scope.owner);
    if (!isSimulation(context.kind)) await waitForLeases(services, context, scope);
    await traceTargetSkips(services, context, scope);
    const close = isSimulation(context.kind) ? concludeSimulation : conclude;
    const status = await services.pool.transaction((sql) => close(services, sql, context, input, scope.owner));
    services.deps.reached?.('finished');
    await services.contexts.release(input.runKey);
    return { status, ...(await lastPicture(services, input)) };
  } catch (error) {
    if (isRunTakenOverError(error)) throw ApplicationFailure.nonRetryable(error.message, RUN_CLOSED);
    throw error;
  }
}

/** For operators, in the same step; the run is over, so a picture that cannot be made hurts nobody. */
async function lastPicture(services: EngineServices, input: FinishRunInput): Promise<{ readonly markdown?: string }> {
  return describeProgress(services, input).catch(() => ({}));
}

/** Requests of this run that are still in flight somewhere may end and count; longer than the grace of a stop nobody waits. */
async function waitForLeases(services: EngineServices, context: RunContext, scope: ActivityScope): Promise<void> {
  const untilMs = Date.now() + services.timing.stopGraceMs;
  const never = new AbortController().signal;
  let reportAtMs = 0;
  do {
    scope.heartbeat();
    // Nobody may take this worker for dead and close a stopped run before its last answers are counted.
    if (Date.now() >= reportAtMs) {
      await reportWorker(services.pool, context.runKey, scope.owner);
      reportAtMs = Date.now() + REPORT_INTERVAL_MS;
    }
    if (!(await hasLiveLeases(services.pool, context.source.snapshot.no))) return;
    await pause(services.timing.idlePollMs, never);
  } while (Date.now() < untilMs);
}

async function conclude(
  services: EngineServices,
  sql: Sql,
  context: RunContext,
  input: FinishRunInput,
  owner: string,
): Promise<JobStatus> {
  const run = await lockRun(sql, input.runKey, owner);
  if (run === undefined) throw new RunTakenOverError(`run ${input.runKey} is closed or owned by another attempt`);
  const sourceNo = context.source.snapshot.no;
  const targets = context.targets.map((target) => ({
    targetNo: target.snapshot.no,
    program: target.snapshot.programNumber,
  }));
  if (context.planNo !== null) await endUntried(sql, input.runKey, context.planNo);
  const stopped = input.end === 'stopped' || run.cancelRequested;
  const verdict = await guardedVerdict(services, sql, context, stopped);
  if (plansOnly(context)) await ensurePlan(sql, input.runKey, 'plan');
  await closeChanges(sql, input.runKey, sourceNo);
  await storeSkips(sql, input.runKey, conditionReasons(context));
  await countExactly(sql, input.runKey, sourceNo);
  if (isResyncKind(context.kind)) await dropForce(sql, input.runKey, sourceNo, targets);
  for (const target of context.targets) {
    for (const type of targetTypes(context, target)) {
      await demandResolvable(sql, { targetNo: target.snapshot.no, sourceNo, ownerType: codeOf(type) }, null);
    }
  }
  const report =
    context.planNo === null
      ? await reportDeletion(sql, context, verdict)
      : {
          lines: appliedLines(await countStates(sql, context.planNo)),
          isDefective: await hasFailedTarget(sql, context),
        };
  const defective = input.end === 'failed';
  if (!stopped && !defective && context.mode === 'delta') await notePutOff(sql, context);
  const clean = !stopped && !defective && isClean(verdict, context.types.length);
  if (clean) await noteMarks(services, sql, context);
  await noteUnknown(sql, context, verdict);
  await removeForgotten(sql, sourceNo);
  await forgetOldUse(
    sql,
    targets.map((target) => target.targetNo),
  );
  await useUpOrigins(
    sql,
    targets.map((target) => target.targetNo),
  );
  await forgetAdopted(
    sql,
    targets.map((target) => target.targetNo),
  );
  const failed =
    defective || (await countFailed(sql, input.runKey)) > 0 || run.errorMessage !== null || report.isDefective;
  const status: JobStatus = stopped ? 'Manually Terminated' : failed ? 'Finished with Error' : 'Success';
  await moveForcedFullCounter(sql, input.runKey, status, clean);
  const held = heldLines(context, await countHeld(sql, sourceNo));
  const unresolved = unresolvedLines(context, await countUnresolved(sql, sourceNo));
  const byRules = plansFirst(context)
    ? await approveByRules(sql, context, { partial: await whyPartial(sql, context, verdict, stopped || defective) })
    : [];
  const matched = matchLines(context, plansOnly(context) ? await countMatches(sql, input.runKey) : []);
  const reported = reportedDeletionLines(context, await countReportedDeletions(sql, input.runKey));
  const lines = [
    ...report.lines,
    ...reported,
    ...matched,
    ...unresolved,
    ...held,
    ...byRules,
    ...referenceLines(context),
  ];
  await closeRun(sql, input.runKey, status, lines);
  services.deps.reached?.('finishing');
  return status;
}

/** SKP-9, by the programs that the run has frozen. */
function conditionReasons(context: RunContext): ConditionReason[] {
  return context.targets.flatMap((target) =>
    targetTypes(context, target).map((type) => ({
      targetNo: target.snapshot.no,
      type: codeOf(type),
      reason: target.program.types.get(type)?.skipReason ?? '',
    })),
  );
}

/** GOV-10: a job without the platform's own safety says so. */
export function referenceLines(context: RunContext): string[] {
  if (!context.safety.followsReference) return [];
  return [
    'Behavior of the reference: no governor, no confirmation of deletions by the source, no guard against empty reads',
  ];
}

/** Why a plan is not all that the run would have done (PLN-13); null: it is. */
async function whyPartial(
  sql: Sql,
  context: RunContext,
  { types }: ReadVerdict,
  brokenOff: boolean,
): Promise<string | null> {
  if (brokenOff) return 'the job did not come to its end';
  if (types.length < context.types.length || types.some((type) => type.state !== 'complete'))
    return 'the source was not read to its end';
  const ended = await endedTargets(sql, context.runKey);
  const names = context.targets.flatMap(({ snapshot }) => (ended.has(snapshot.no) ? [snapshot.name] : []));
  return names.length === 0 ? null : `nothing more could be planned for ${names.join(', ')}`;
}

/** The source side was read to its end without a failed entity, in whatever mode (RDM-12, CONN-CORE-43). */
function isClean({ types }: ReadVerdict, typeCount: number): boolean {
  return types.length === typeCount && types.every((type) => type.state === 'complete' && type.failed === 0);
}

async function noteMarks(services: EngineServices, sql: Sql, context: RunContext): Promise<void> {
  await noteCleanRead(sql, context.source.snapshot.no, {
    full: context.mode === 'full',
    program: context.source.snapshot.programNumber,
    deltaMarks: await cleanMarks(sql, context.runKey),
    readFingerprint: readFingerprint(services, context.source),
    apiVersion: apiVersion(context.source),
  });
}

/** Nobody plans deletions in a delta run: its end remembers whose it puts off (DEL-4). A target that is out of the run learns nothing. */
async function notePutOff(sql: Sql, context: RunContext): Promise<void> {
  const ended = await endedTargets(sql, context.runKey);
  for (const target of context.targets)
    if (!ended.has(target.snapshot.no)) await noteAllPostponed(sql, context, target);
}

/** What the run may conclude, with the word of the guards also where no target came to ask them. */
export async function guardedVerdict(
  services: EngineServices,
  sql: Sql,
  context: RunContext,
  stopped: boolean,
): Promise<ReadVerdict> {
  const verdict = await verdictOf(sql, context);
  if (stopped || context.planNo !== null || verdict.blockedBy !== null) return verdict;
  const types: ReadVerdict['types'][number][] = [];
  for (const type of verdict.types) types.push({ ...type, ...(await guardOf(services, sql, context, type)) });
  return { ...verdict, types };
}

/** What influenced deletion, and whether that is a defect of the job. */
export async function reportDeletion(
  sql: Sql,
  context: RunContext,
  verdict: ReadVerdict,
): Promise<{ lines: string[]; isDefective: boolean }> {
  const counts = await countOutcomes(sql, context.runKey);
  const ended = await endedTargets(sql, context.runKey);
  const lines: string[] = [];
  let emptyRead = false;
  for (const target of context.targets) {
    for (const type of targetTypes(context, target)) {
      const read = verdict.types.find((one) => one.type === type);
      emptyRead ||= read?.guard === 'emptyRead';
      const reason = verdict.blockedBy ?? guardReason(target, read);
      const blockedBy = ended.has(target.snapshot.no) ? 'target system not available' : reason;
      // With nothing provisioned nothing could have been deleted, and a line would only worry somebody.
      if (blockedBy !== null && !(await hasLinks(sql, context.source.snapshot.no, codeOf(type), [target.snapshot.no])))
        continue;
      const facts = { targetName: target.snapshot.name, type, blockedBy, threshold: thresholdText(target, type) };
      lines.push(...deletionLines({ ...facts, counts: countsOf(counts, target.snapshot.no, type) }));
    }
  }
  return { lines, isDefective: emptyRead || (await hasFailedTarget(sql, context)) };
}

/** A target took no further part, and nobody has paused it. */
async function hasFailedTarget(sql: Sql, context: RunContext): Promise<boolean> {
  return [...(await endedTargets(sql, context.runKey)).values()].some((end) => !end.byPause);
}

/** A guard says nothing of a target whose threshold decides (GOV-9). */
function guardReason(target: OpenSystem, read: TypeVerdict | undefined): string | null {
  if (read === undefined || read.guard === null || read.guard === 'none') return null;
  const isDecided = !isMissingUnknown(read.guard, thresholdOf(target, read.type) !== undefined);
  return read.guard !== 'emptyRead' && isDecided ? null : guardLine(read);
}
