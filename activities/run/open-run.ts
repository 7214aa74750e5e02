import { ApplicationFailure } from '@temporalio/common';
import { CONTENT_PROPERTIES, contentProperty } from '../../core/logs/trace.js';
import { ensurePrograms, fingerprintHash, loadRunConfiguration, previewPrograms } from '../../state/config/index.js';
import type { RunConfiguration, SystemSnapshot } from '../../state/config/index.js';
import { ensureLogPartitions } from '../../state/drain/entity-log.js';
import { closeRunAs } from '../../state/runs/reconcile.js';
import { freezeRun, takeRun } from '../../state/runs/open-run.js';
import type { FrozenRun, OpenedRunRow } from '../../state/runs/open-run.js';
import { isFirstRun } from '../../state/plans/matches.js';
import { isPlanKind, isSimulation } from '../../state/runs/run.js';
import { isRunTakenOverError } from '../../state/runs/fence.js';
import { listSweeps } from '../../state/runs/sweeps.js';
import { RUN_CLOSED } from '../contract.js';
import type { OpenedRun, RunInput } from '../contract.js';
import {
  buildRunContext,
  closeRunContext,
  isSystemConfigurationError,
  SystemConfigurationError,
  targetTypes,
} from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';
import { plansOnly } from '../plan/sink-of.js';
import { planRead } from './read-mode.js';

/** Takes the run over and, the first time, freezes what it works with (JOB-15). */
export async function openRun(services: EngineServices, input: RunInput): Promise<OpenedRun> {
  const owner = services.scope().owner;
  const run = await takeRun(services.pool, input.runKey, owner);
  if (run === undefined) return { closed: true, mode: 'full', types: [], targets: [] };
  try {
    while (run.frozen === null && !(await freeze(services, run, owner)));
    const context = await services.contexts.get(input.runKey, owner);
    return {
      closed: false,
      mode: context.mode,
      types: context.kind === 'apply' ? [] : context.types,
      ...(context.source.capabilities.cursorResume === 'connection' && { readsInOneGo: true }),
      hasSweeps: context.kind !== 'apply' && !isSimulation(context.kind) && (await hasSweeps(services, context)),
      ...(context.kind === 'simulateCompare' && { asksTargets: true }),
      targets: context.targets.map((target) => ({
        targetNo: target.snapshot.no,
        name: target.snapshot.name,
        types: targetTypes(context, target),
      })),
    };
  } catch (error) {
    // Repeating it would take the run back from whoever has it now.
    if (isRunTakenOverError(error)) throw ApplicationFailure.nonRetryable(error.message, RUN_CLOSED);
    if (!isSystemConfigurationError(error)) throw error;
    // Nothing can be read or written with this configuration: the run ends at once, with the reason, and deletes nobody.
    await closeRunAs(services.pool, input.runKey, 'failed', error.message);
    return { closed: true, mode: 'full', types: [], targets: [] };
  }
}

async function hasSweeps(services: EngineServices, context: RunContext): Promise<boolean> {
  const targets = context.targets.map(({ snapshot }) => ({ targetNo: snapshot.no, program: snapshot.programNumber }));
  return (await listSweeps(services.pool, context.source.snapshot.no, targets)).length > 0;
}

/**
 * Numbers of the programs are made sure of with the very programs that will run, also after an upgrade that changed their meaning. False when
 * the configuration has moved meanwhile: it is to be loaded again.
 */
async function freeze(services: EngineServices, run: OpenedRunRow, owner: string): Promise<boolean> {
  const { dataSource, keys, clock } = services.deps;
  const loaded = await loadRunConfiguration(dataSource, run.sourceNo);
  const frozen: FrozenRun = { ...loaded, now: clock().toISOString(), watermarks: {} };
  const context = await buildRunContext(services.deps, { ...run, mode: 'full', frozen });
  try {
    const key = keys.deriveKey('fingerprint');
    const systems = [context.source, ...context.targets];
    const hashes = new Map(systems.map((system) => [system.snapshot.no, fingerprintHash(system.program, key)]));
    const simulates = isSimulation(run.kind);
    const numbers = simulates
      ? await previewPrograms(dataSource, hashes)
      : await dataSource.transaction((manager) => ensurePrograms(manager, loaded, hashes));
    if (numbers === undefined) return false;
    const { mode, ...plan } = await planRead(services, run, context, numbers.get(run.sourceNo) ?? 0);
    if (!simulates) await ensureLogPartitions(services.pool);
    return await freezeRun(
      services.pool,
      run.runKey,
      owner,
      mode,
      {
        ...numbered(loaded, numbers),
        now: frozen.now,
        ...plan,
        ...(isPlanKind(run.kind) && { matches: await matchedTargets(services, run, context) }),
      },
      usedContents(context),
    );
  } finally {
    await closeRunContext(context);
  }
}

/** A simulation neither uses nor resets them (TRC-2). A plan creates and updates nobody: what is asked for of those waits for the job that does. */
function usedContents(context: RunContext): readonly string[] {
  if (isSimulation(context.kind)) return [];
  return plansOnly(context) ? [contentProperty('skipped'), contentProperty('failed')] : CONTENT_PROPERTIES;
}

/** Targets in which accounts that exist are looked for: as somebody has asked, else where the source has provisioned nobody (PLN-14). */
async function matchedTargets(services: EngineServices, run: OpenedRunRow, context: RunContext): Promise<number[]> {
  if (run.match === false) return [];
  const matched: number[] = [];
  for (const { snapshot, capabilities } of context.targets) {
    const { no, name } = snapshot;
    if (capabilities.splitsUsers === undefined) {
      if (run.match === true || (await isFirstRun(services.pool, run.sourceNo, no))) matched.push(no);
    } else if (run.match === true) {
      // A change takes over one account at most: with several for each user half of it would be done (LNK-3).
      const why = `${capabilities.splitsUsers.property} names several, so that each user has several accounts`;
      throw new SystemConfigurationError(
        `${name}: ${why}; accounts that exist cannot be looked for, ask for a plan without a match`,
      );
    }
  }
  return matched;
}

function numbered(configuration: RunConfiguration, numbers: ReadonlyMap<number, number>): RunConfiguration {
  const withNumber = (system: SystemSnapshot): SystemSnapshot => ({
    ...system,
    programNumber: numbers.get(system.no) ?? system.programNumber,
  });
  return { source: withNumber(configuration.source), targets: configuration.targets.map(withNumber) };
}
