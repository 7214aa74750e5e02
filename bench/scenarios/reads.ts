import type { BenchOptions } from '../options.js';
import type { ScenarioOutcome } from '../result.js';
import { personId } from '../../simulators/population.js';
import { SEED } from '../servers.js';
import type { BenchServers } from '../servers.js';
import { contest } from './contest.js';
import type { ScenarioTools } from './tools.js';

/** Everybody is new in every target. */
export function initialLoad(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  return contest(tools, options, { loadsFirst: false, writes: options.entities, governorCost: true });
}

/** Nothing has changed since the last full read; R0 is a raw paged read. */
export function unchanged(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  return contest(tools, options, {
    loadsFirst: true,
    writes: 0,
    change: () => Promise.resolve([]),
    governorCost: true,
  });
}

/** A full read in which one person of a hundred has another title; R0 is told which. */
export function onePercent(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const ids = Array.from({ length: Math.ceil(options.entities / 100) }, (_, place) => personId(place * 100, SEED));
  const change = async ({ source }: BenchServers, round: number): Promise<readonly string[]> => {
    for (const id of ids) await source.control.update('User', id, { title: `Title of round ${round}` });
    return ids;
  };
  return contest(tools, options, { loadsFirst: true, writes: ids.length, change });
}
