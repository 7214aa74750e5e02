import { jobTime } from '../../core/job-time.js';
import { readJobTimes } from '../../state/runs/run-views.js';
import { readStatistics } from '../../state/runs/statistics.js';
import type { RunInput } from '../contract.js';
import type { EngineServices } from '../support/services.js';

/** Times and counters of a run as a small Markdown table: names of systems and numbers, nothing personal. */
export async function describeProgress(
  services: EngineServices,
  input: RunInput,
): Promise<{ readonly markdown: string }> {
  const { startedAt, endedAt } = await readJobTimes(services.pool, input.runKey);
  const rows = await readStatistics(services.pool, input.runKey);
  const lines = rows.map(
    (row) =>
      `| ${row.systemName} | ${row.entity} | ${row.action} | ${row.read} | ${row.created} | ${row.updated} | ${row.deleted} | ${row.skipped} | ${row.failed} |`,
  );
  const times = [startedAt && `Start Time ${jobTime(startedAt)}`, endedAt && `End Time ${jobTime(endedAt)}`];
  const head = [
    times.filter((text) => text !== null).join(' · '),
    '',
    '| System | Entity | Action | Read | Created | Updated | Deleted | Skipped | Failed |',
    '|---|---|---|--:|--:|--:|--:|--:|--:|',
  ];
  return { markdown: [...head, ...lines].join('\n') };
}
