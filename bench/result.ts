import type { BenchOptions, ScenarioName } from './options.js';

/** What one scenario measured. A number is null where the scenario has no such measure. */
export interface Measures {
  /** Source entities per second, from the request of the job to the end of its workflow. */
  readonly entitiesPerSecond: number | null;
  /** The same of the raw loop without state, and of the one with hashes, bodies and commits. */
  readonly r0: number | null;
  readonly r1: number | null;
  readonly ratioR0: number | null;
  readonly ratioR1: number | null;
  /** User and system time of the worker process. */
  readonly cpuMicrosPerEntity: number | null;
  /** Events in the workflow histories of the measured job. */
  readonly temporalEvents: number | null;
  /** Rows inserted, updated and deleted by the measured job. */
  readonly rowsWritten: number | null;
  readonly walBytesPerEntity: number | null;
  /** Highest resident size of the worker since its start. */
  readonly peakRssMb: number | null;
  /** Requests per second and the like that explain the numbers above; and the measures of single scenarios. */
  readonly [name: string]: number | null;
}

/** Measures of a scenario, and what speaks against them. */
export interface ScenarioOutcome {
  readonly measures: Measures;
  readonly invalidBecause: readonly string[];
}

/** Where it was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly node: string;
  readonly postgres: string;
  readonly temporal: string;
  /** One-minute load average before and after: others at work on the machine show here. */
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Everything that one call of the benchmark prints. */
export interface BenchResult extends ScenarioOutcome {
  readonly scenario: ScenarioName;
  readonly options: Pick<BenchOptions, 'entities' | 'latencyMs' | 'targets' | 'pageSizeEntities'>;
  readonly machine: Machine;
}

/** Measures that nothing was found out about. */
export const NO_MEASURES = {
  entitiesPerSecond: null,
  r0: null,
  r1: null,
  ratioR0: null,
  ratioR1: null,
  cpuMicrosPerEntity: null,
  temporalEvents: null,
  rowsWritten: null,
  walBytesPerEntity: null,
  peakRssMb: null,
} as const satisfies Measures;

/** One JSON object on one line, measures at the top level, rounded to what they are worth. */
export function jsonLine(result: BenchResult): string {
  const { scenario, options, machine, measures, invalidBecause } = result;
  const rounded = Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, roundedMeasure(value)]));
  const valid = invalidBecause.length === 0;
  return JSON.stringify({ scenario, ...options, ...rounded, valid, invalidBecause, machine });
}

/** A table for people. */
export function table(result: BenchResult): string {
  const { scenario, options, machine, measures, invalidBecause } = result;
  const shown = Object.entries(measures).filter(([, value]) => value !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  const head = `${scenario}: ${options.entities} entities, ${options.latencyMs} ms, ${options.targets} target(s)`;
  const place =
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryMb} MB, Node ${machine.node}, PostgreSQL ${machine.postgres}, ` +
    `${machine.temporal}; load ${machine.loadBefore.toFixed(1)} → ${machine.loadAfter.toFixed(1)}`;
  return [
    '',
    head,
    '─'.repeat(head.length),
    ...shown.map(([name, value]) => `${name.padEnd(width)}  ${String(roundedMeasure(value)).padStart(12)}`),
    '',
    place,
    ...(invalidBecause.length === 0 ? ['valid'] : invalidBecause.map((reason) => `VOID: ${reason}`)),
    '',
  ].join('\n');
}

/** Three digits behind the point below ten, one below a thousand, none above. */
function roundedMeasure(value: number | null): number | null {
  if (value === null) return null;
  const size = Math.abs(value);
  return Number(value.toFixed(size < 10 ? 3 : size < 1_000 ? 1 : 0));
}
