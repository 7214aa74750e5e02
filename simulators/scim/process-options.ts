import { isJsonObject } from '../../core/json.js';
import { dialectOf } from './dialects.js';
import type { ScimSimulatorOptions } from './simulator.js';

/** Options of a simulator process: those of the simulator, and a population to begin with. */
export interface SimulatorProcessOptions extends ScimSimulatorOptions {
  readonly populate?: { readonly people: number; readonly groups: number; readonly seed: number };
}

const KNOWN: Record<keyof SimulatorProcessOptions, string> = {
  port: 'number',
  basePath: 'string',
  dialect: 'string',
  dialectChanges: 'object',
  auth: 'object',
  latency: 'object',
  journal: 'object',
  seed: 'number',
  idPrefix: 'string',
  clockSkewMs: 'number',
  users: 'object',
  groups: 'object',
  populate: 'object',
};

/** Parses the argument of the process. Throws RangeError that names an unknown or wrong option. */
export function parseProcessOptions(text: string): SimulatorProcessOptions {
  const parsed: unknown = JSON.parse(text);
  if (!isJsonObject(parsed)) throw new RangeError('the options must be a JSON object');
  for (const [name, value] of Object.entries(parsed)) {
    const wanted = Object.entries(KNOWN).find(([known]) => known === name)?.[1];
    if (wanted === undefined)
      throw new RangeError(`unknown option "${name}"; known are ${Object.keys(KNOWN).join(', ')}`);
    if (typeof value !== wanted || value === null) throw new RangeError(`option "${name}" must be of type ${wanted}`);
  }
  if (typeof parsed['dialect'] === 'string') dialectOf(parsed['dialect']);
  return parsed;
}
