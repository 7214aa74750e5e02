import { parseArgs } from 'node:util';

/** Names of the scenarios, in the order of the documentation. */
export const SCENARIO_NAMES = [
  'initial-load',
  'unchanged',
  'one-percent',
  'delta',
  'stop',
  'kill',
  'large-group',
  'memory',
  'isolation',
  'confirmations',
  'plan-apply',
  'transform',
  'ldap-read',
] as const;

/** One of {@link SCENARIO_NAMES}. */
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What a benchmark run was asked for. */
export interface BenchOptions {
  readonly scenario: ScenarioName;
  /** People in the source; for `large-group` also the members of the group. */
  readonly entities: number;
  /** What each server waits before it answers. */
  readonly latencyMs: number;
  readonly targets: number;
  /** Entities in one page of the source. */
  readonly pageSizeEntities: number;
  /** Leave out the four rounds more that measure `governorCost`. */
  readonly isShort: boolean;
  /** Print one JSON object as the last line of standard output. */
  readonly json: boolean;
  /** Folder for CPU profiles of the worker during the measured job; undefined for none. */
  readonly profileFolder: string | undefined;
}

/** The command line is wrong; the message says what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Defaults {
  readonly entities: number;
  readonly latencyMs: number;
}

const DEFAULTS: Record<ScenarioName, Defaults> = {
  'initial-load': { entities: 5_000, latencyMs: 50 },
  unchanged: { entities: 20_000, latencyMs: 10 },
  'one-percent': { entities: 20_000, latencyMs: 10 },
  delta: { entities: 100_000, latencyMs: 50 },
  stop: { entities: 5_000, latencyMs: 50 },
  kill: { entities: 5_000, latencyMs: 20 },
  'large-group': { entities: 100_000, latencyMs: 0 },
  memory: { entities: 100_000, latencyMs: 0 },
  isolation: { entities: 2_000, latencyMs: 50 },
  confirmations: { entities: 5_000, latencyMs: 10 },
  'plan-apply': { entities: 100_000, latencyMs: 0 },
  transform: { entities: 500, latencyMs: 0 },
  'ldap-read': { entities: 20_000, latencyMs: 0 },
};

/** Concurrent writes per target of the raw loops and of the engine. */
export const CONCURRENT_WRITES = 32;

/** Usage, one line for each option. */
export const USAGE = [
  'npm run bench -- --scenario <name> [--entities N] [--latency MS] [--targets N] [--page N] [--short] [--json] [--profile FOLDER]',
  `  scenarios: ${SCENARIO_NAMES.join(', ')}`,
].join('\n');

/**
 * Parses the command line.
 * @throws UsageError naming the option that is wrong and what it may be.
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  const scenario = SCENARIO_NAMES.find((name) => name === values.scenario);
  if (scenario === undefined) {
    const given = values.scenario === undefined ? 'is missing' : `"${values.scenario}" is unknown`;
    throw new UsageError(`--scenario ${given}; known are ${SCENARIO_NAMES.join(', ')}`);
  }
  const defaults = DEFAULTS[scenario];
  const targets = numberOf('targets', values.targets, { fallback: 1, min: 1, max: 8 });
  const latencyMs = numberOf('latency', values.latency, { fallback: defaults.latencyMs, min: 0, max: 10_000 });
  if (scenario === 'isolation' && (latencyMs === 0 || values.targets !== undefined)) {
    throw new UsageError('isolation has two targets, one 20 times slower: it needs --latency above 0 and no --targets');
  }
  if (scenario === 'plan-apply' && values.targets !== undefined)
    throw new UsageError('plan-apply has one target: leave --targets out');
  return {
    scenario,
    entities: numberOf('entities', values.entities, { fallback: defaults.entities, min: 100, max: 10_000_000 }),
    latencyMs,
    targets: scenario === 'isolation' ? 2 : targets,
    pageSizeEntities: numberOf('page', values.page, { fallback: 100, min: 1, max: 1_000 }),
    isShort: values.short ?? false,
    json: values.json ?? false,
    profileFolder: values.profile,
  };
}

function parse(args: readonly string[]): {
  scenario?: string | undefined;
  entities?: string | undefined;
  latency?: string | undefined;
  targets?: string | undefined;
  page?: string | undefined;
  short?: boolean | undefined;
  json?: boolean | undefined;
  profile?: string | undefined;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string' },
        entities: { type: 'string' },
        latency: { type: 'string' },
        targets: { type: 'string' },
        page: { type: 'string' },
        short: { type: 'boolean' },
        json: { type: 'boolean' },
        profile: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(
  name: string,
  text: string | undefined,
  range: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  if (text === undefined) return range.fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < range.min || value > range.max) {
    throw new UsageError(`--${name} must be a whole number from ${range.min} to ${range.max}, not "${text}"`);
  }
  return value;
}
