import type { EntityType } from '../../core/entity-type.js';
import type { TransformationIssue } from '../../core/transform/index.js';
import { resultCsv } from '../../core/validate/result-table.js';
import { oneLine, traceLine } from '../../core/validate/validate.js';
import type { TargetResult, TraceEntry } from '../../core/validate/validate.js';
import type { ZipEntry } from '../common/zip.js';

/** All that a Validate run has found. */
export interface Findings {
  /** About the files. */
  readonly notes: readonly string[];
  /** The source and the targets, for what the compiler warns of. */
  readonly systems: readonly { readonly name: string; readonly warnings: readonly TransformationIssue[] }[];
  readonly types: readonly EntityType[];
  /** Of the read transformation. */
  readonly trace: readonly TraceEntry[];
  /** By the name of the target. */
  readonly results: ReadonlyMap<string, TargetResult>;
}

/** The files of the ZIP: a CSV for each target and type (VAL-7, VAL-8), and `trace.log` if there is anything to tell (VAL-9). */
export function resultFiles(findings: Findings): ZipEntry[] {
  const csvs = [...findings.results].flatMap(([target, { rows }]) =>
    findings.types.map((type): ZipEntry => ({
      // Names of systems are file names, too (SYS-3), and no two differ in case only.
      name: `${target}_${type}s.csv`,
      text: [resultCsv(rows.filter((row) => row.type === type))],
    })),
  );
  const lines = traceLines(findings);
  if (lines.length === 0) return csvs;
  return [...csvs, { name: 'trace.log', text: lines.map((line) => `${line}\n`) }];
}

/** PHL-2: a property that is not set turns into the text `null`, which looks like a value. */
function isOfProperty({ code }: TransformationIssue): boolean {
  return code === 'placeholderUnset' || code === 'placeholderEmpty';
}

function traceLines({ notes, systems, trace, results }: Findings): string[] {
  const warnings = systems.flatMap(({ name, warnings: issues }) =>
    issues
      .filter(isOfProperty)
      .map(({ pointer, message }) => oneLine(`warning, system ${name}: ${pointer}: ${message}`)),
  );
  const entries = [...trace, ...[...results.values()].flatMap((result) => result.trace)];
  return [...notes, ...warnings, ...entries.map(traceLine)];
}
