import { ApplicationFailure } from '@temporalio/common';
import type { JsonObject } from '../../core/json.js';
import type { EntityType } from '../../core/entity-type.js';
import { ensureProgram, fingerprintHash, loadRunConfiguration } from '../../state/config/index.js';
import type { RunConfiguration, SystemSnapshot } from '../../state/config/index.js';
import { ensureLogPartitions } from '../../state/drain/entity-log.js';
import { closeRunAs } from '../../state/runs/reconcile.js';
import { freezeRun, takeRun } from '../../state/runs/open-run.js';
import type { FrozenRun, OpenedRunRow } from '../../state/runs/open-run.js';
import { loadSourceState } from '../../state/runs/source-state.js';
import { isRunTakenOverError } from '../../state/runs/fence.js';
import { RUN_CLOSED } from '../contract.js';
import type { OpenedRun, RunInput } from '../contract.js';
import { buildRunContext, closeRunContext, isSystemConfigurationError, targetTypes } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/** Takes the run over and, the first time, freezes what it works with (JOB-15). */
export async function openRun(services: EngineServices, input: RunInput): Promise<OpenedRun> {
  const owner = services.scope().owner;
  const run = await takeRun(services.pool, input.runKey, owner);
  if (run === undefined) return { closed: true, mode: 'full', types: [], targets: [] };
  try {
    if (run.frozen === null) await freeze(services, run, owner);
    const context = await services.contexts.get(input.runKey, owner);
    return {
      closed: false,
      mode: context.mode,
      types: context.types,
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

/** Numbers of the programs are made sure of with the very programs that will run, also after an upgrade that changed their meaning. */
async function freeze(services: EngineServices, run: OpenedRunRow, owner: string): Promise<void> {
  const { dataSource, keys, clock } = services.deps;
  const loaded = await loadRunConfiguration(dataSource, run.sourceNo);
  const frozen: FrozenRun = { ...loaded, now: clock().toISOString(), watermarks: {} };
  const context = await buildRunContext(services.deps, { ...run, mode: 'full', frozen });
  try {
    const key = keys.deriveKey('fingerprint');
    const numbers = new Map<number, number>();
    for (const system of [context.source, ...context.targets]) {
      const hash = fingerprintHash(system.program, key);
      const program = await dataSource.transaction((manager) => ensureProgram(manager, system.snapshot.no, hash));
      numbers.set(system.snapshot.no, program.number);
    }
    const watermarks = await deltaMarks(services, run, context, numbers.get(run.sourceNo) ?? 0);
    const mode = Object.keys(watermarks).length > 0 ? 'delta' : 'full';
    await freezeRun(services.pool, run.runKey, owner, mode, {
      ...numbered(loaded, numbers),
      now: frozen.now,
      watermarks,
    });
    await ensureLogPartitions(services.pool);
  } finally {
    await closeRunContext(context);
  }
}

function numbered(configuration: RunConfiguration, numbers: ReadonlyMap<number, number>): RunConfiguration {
  const withNumber = (system: SystemSnapshot): SystemSnapshot => ({
    ...system,
    programNumber: numbers.get(system.no) ?? system.programNumber,
  });
  return { source: withNumber(configuration.source), targets: configuration.targets.map(withNumber) };
}

const DELTA_ON = new Set(['enabled', 'true']);

/**
 * RDM-2: marks to read from, or none for a full read. A Read may be delta when the property says so, the connector can, and a full read
 * under this very read program has succeeded; a program that depends on the date has to see everybody.
 */
async function deltaMarks(
  services: EngineServices,
  run: OpenedRunRow,
  context: RunContext,
  programNumber: number,
): Promise<Record<string, JsonObject>> {
  const { source } = context;
  const wanted = DELTA_ON.has((source.snapshot.properties['ips.delta.read'] ?? '').trim().toLowerCase());
  if (run.kind !== 'read' || !wanted || source.capabilities.delta === 'none') return {};
  const state = await loadSourceState(services.pool, run.sourceNo);
  if (!state.fullReadDone || state.readProgram !== programNumber) return {};
  if ([...source.program.types.values()].some((program) => program.timeDependent)) return {};
  const usable = (type: EntityType): boolean =>
    source.capabilities.deltaTypes.includes(type) && state.deltaMarks[type] !== undefined;
  return Object.fromEntries(context.types.filter(usable).map((type) => [type, state.deltaMarks[type] ?? {}]));
}
