import { readGate } from '../../state/drain/gate.js';
import { demandReferenced, listHealable } from '../../state/healing/healable.js';
import { HEALING, isHealingAllowed } from '../../state/healing/guard.js';
import { beginRound } from '../../state/healing/heal-rows.js';
import type { HealablePairs, HealPairInput } from '../contract.js';
import { hasDueCertificates } from '../certificates/tend-certificates.js';
import { hasLeftovers } from '../logs/remove-old-logs.js';
import { hasMails } from '../notify/send-mails.js';
import { drainBehind, passBreaker } from '../drain/breaker.js';
import { drainEnvironment } from '../drain/environment.js';
import type { DrainEnvironment } from '../drain/work.js';
import { closeRunContext, isSystemConfigurationError, targetTypes } from '../support/run-context.js';
import type { RunContext } from '../support/run-context.js';
import type { EngineServices, Watch } from '../support/services.js';
import { openHealContext } from './heal-context.js';
import { HealRows } from './heal-rows.js';
import { underHealWatch } from './heal-watch.js';

/** Pairs of systems in one round; the rest has its turn a minute later. */
const MAX_PAIRS = 500;

/**
 * Which pairs of systems have something to heal, after everything that waited for a reference has been made due; and whether there are mails,
 * or logs to be removed.
 */
export async function findHealable(services: EngineServices): Promise<HealablePairs> {
  await demandReferenced(services.pool);
  const pairs = await listHealable(services.pool, MAX_PAIRS);
  return {
    pairs,
    ...((await hasMails(services)) && { hasMails: true }),
    ...((await hasDueCertificates(services)) && { hasCertificates: true }),
    ...((await hasLeftovers(services)) && { hasOldLogs: true }),
  };
}

/**
 * One round of healing between a source and a target (HEA-4): what failed or was never tried, at its time, under the leases, limits and
 * governor of a run, with the source asked first. Ends by itself after a while, and at once when a job of the source comes.
 */
export async function healPair(services: EngineServices, input: HealPairInput): Promise<void> {
  const { sourceNo, targetNo } = input;
  // The list may be older than a job, a stop, or a change of the configuration.
  if (!(await isHealingAllowed(services.pool, sourceNo, targetNo))) return;
  if ((await readGate(services.pool, targetNo)).closedForMs > 0) return;
  const context = await openContext(services, sourceNo);
  if (context === undefined) return;
  try {
    const target = context.targets.find((one) => one.snapshot.no === targetNo);
    if (target === undefined) return;
    await underHealWatch(services, input, async (watch) => {
      const untilMs = Date.now() + services.timing.healMs;
      for (const type of targetTypes(context, target)) {
        for (const late of [false, true]) {
          const env = healEnvironment(services, context, { targetNo, type, late }, watch);
          if (!(await healType(env, untilMs))) return;
        }
      }
    });
  } finally {
    await closeRunContext(context);
  }
}

function healEnvironment(
  services: EngineServices,
  context: RunContext,
  phase: { readonly targetNo: number; readonly type: DrainEnvironment['type']; readonly late: boolean },
  watch: Watch,
): DrainEnvironment {
  const env = drainEnvironment(services, context, { ...phase, runKey: HEALING }, watch);
  // The next round is the retry.
  return { ...env, heals: true, retries: { ...env.retries, retries: 0 } };
}

/** A configuration that cannot be used heals nothing; the next job says why. */
async function openContext(services: EngineServices, sourceNo: number): Promise<RunContext | undefined> {
  try {
    return await openHealContext(services, sourceNo);
  } catch (error) {
    if (!isSystemConfigurationError(error) && !(error instanceof RangeError)) throw error;
    services.deps.log.warn({ sourceNo, reason: error.message }, 'nothing can be healed with this configuration');
    return undefined;
  }
}

/** One pass over the rows of a type; false when the round is over. */
async function healType(env: DrainEnvironment, untilMs: number): Promise<boolean> {
  const rows = new HealRows(env, await beginRound(env.services.pool));
  while (Date.now() < untilMs && !env.stop.aborted) {
    const entry = await passBreaker(env, untilMs, false);
    if (entry.kind === 'busy' || entry.kind === 'broken') return false;
    const end = await drainBehind(entry, env, rows, untilMs);
    if (end.kind === 'drained') return true;
    if (end.kind !== 'interrupted') return false;
  }
  return false;
}
