import Table from 'cli-table3';
import { z } from 'zod';
import { movement } from './print-values.js';

const STYLE = { head: [], border: [], compact: true };

const statisticsRow = z.object({
  entity: z.string(),
  systemName: z.string(),
  action: z.string(),
  read: z.number(),
  created: z.number(),
  updated: z.number(),
  deleted: z.number(),
  skipped: z.number(),
  failed: z.number(),
  held: z.number(),
});

/** Statistics of a job as the API shows them. */
export const remoteStatistics = z.object({ items: z.array(statisticsRow) });

const result = z.object({
  entity: z.string(),
  sourceKey: z.string(),
  targetName: z.string(),
  result: z.string(),
  reason: z.string().nullable(),
  attributes: z
    .array(z.object({ name: z.string(), before: z.json().optional(), after: z.json().optional() }))
    .optional(),
});

/** A page of what a simulation has found as the API shows it. */
export const remoteResults = z.object({ items: z.array(result), next: z.string().nullable() });

const COLUMNS = ['read', 'created', 'updated', 'deleted', 'skipped', 'failed', 'held'] as const;

/** One line for each type and system. */
export function printStatistics(rows: readonly z.infer<typeof statisticsRow>[]): string {
  const table = new Table({ head: ['system', 'entity', ...COLUMNS], style: STYLE });
  for (const row of rows) table.push([row.systemName, row.entity, ...COLUMNS.map((name) => String(row[name]))]);
  return table.toString();
}

/** One line for each attribute of each entity. */
export function printResults(results: readonly z.infer<typeof result>[]): string {
  if (results.length === 0) return 'No entities.';
  const table = new Table({ head: ['entity', 'target', 'result', 'attribute', 'before → after'], style: STYLE });
  for (const one of results) {
    const what = one.reason === null ? one.result : `${one.result}: ${one.reason}`;
    const [first, ...rest] = one.attributes ?? [];
    const moved = first === undefined ? ['', ''] : [first.name, movement(first)];
    table.push([`${one.entity} ${one.sourceKey}`, one.targetName, what, ...moved]);
    for (const line of rest) table.push(['', '', '', line.name, movement(line)]);
  }
  return table.toString();
}
