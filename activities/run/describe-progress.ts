import { readStatistics } from '../../state/runs/run-views.js';
import type { RunInput } from '../contract.js';
import type { EngineServices } from '../support/services.js';

/** Counters of a run as a small Markdown table: names of systems and numbers, nothing personal. */
export async function describeProgress(
  services: EngineServices,
  input: RunInput,
): Promise<{ readonly markdown: string }> {
  const rows = await readStatistics(services.pool, input.runKey);
  const lines = rows.map(
    (row) =>
      `| ${row.systemName} | ${row.entity} | ${row.action} | ${row.read} | ${row.created} | ${row.updated} | ${row.deleted} | ${row.skipped} | ${row.failed} |`,
  );
  const head = [
    '| System | Entity | Action | Read | Created | Updated | Deleted | Skipped | Failed |',
    '|---|---|---|--:|--:|--:|--:|--:|--:|',
  ];
  return { markdown: [...head, ...lines].join('\n') };
}
