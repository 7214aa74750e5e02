import { loadRunConfiguration } from '../../state/config/index.js';
import { HEALING } from '../../state/healing/guard.js';
import { buildRunContext } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices } from '../support/services.js';

/**
 * What healing of a source works with: the configuration as it is now, with the newest programs (engine.md §6), and all targets, because what
 * is read anew is due in each of them. Throws SystemConfigurationError like a run. The caller closes it.
 */
export async function openHealContext(services: EngineServices, sourceNo: number): Promise<RunContext> {
  const { dataSource, clock } = services.deps;
  const configuration = await loadRunConfiguration(dataSource, sourceNo);
  return buildRunContext(services.deps, {
    runKey: HEALING,
    sourceNo,
    kind: 'read',
    planNo: null,
    planFirst: false,
    match: null,
    isScheduled: false,
    accepts: null,
    // What it creates the source has just been asked for, one by one.
    mode: 'delta',
    frozen: { ...configuration, now: clock().toISOString(), watermarks: {} },
  });
}
