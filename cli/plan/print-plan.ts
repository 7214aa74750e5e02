import Table from 'cli-table3';
import { z } from 'zod';

const counts = z.record(z.string(), z.number());

/** A plan as the API shows it. */
export const remotePlan = z.object({
  id: z.string(),
  kind: z.string(),
  sourceName: z.string(),
  createdAt: z.string(),
  completedAt: z.string().nullable(),
  expiresAt: z.string(),
  hash: z.string().nullable(),
  counts: z.object({
    total: z.number(),
    byState: counts,
    byVerb: counts,
    byTarget: counts,
    byType: counts,
    byAttribute: counts,
    byFacet: counts,
  }),
});
export type RemotePlan = z.infer<typeof remotePlan>;

const remoteChange = z.object({
  id: z.string(),
  state: z.string(),
  verb: z.string(),
  type: z.string(),
  targetName: z.string(),
  sourceKey: z.string(),
  facet: z.string().nullable(),
  reason: z.string().nullable(),
  risks: z.array(z.string()),
  attributes: z
    .array(z.object({ name: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
    .optional(),
});
export type RemoteChange = z.infer<typeof remoteChange>;

/** A page of changes as the API shows it. */
export const remoteChanges = z.object({ items: z.array(remoteChange), next: z.string().nullable() });

/** Names of one dimension that are shown; the rest is summed up. */
const MOST = 6;
const MAX_VALUE = 40;
/** How tables of the commands look. */
export const STYLE = { head: [], border: [], compact: true };

/** Counts first (PLN-5): what, where, of what. */
export function printCounts(plan: RemotePlan): string {
  const { counts: all } = plan;
  const kind = plan.kind === 'held' ? 'Held for approval' : 'Plan';
  const table = new Table({ style: STYLE });
  const dimensions: [string, Record<string, number>][] = [
    ['states', all.byState],
    ['verbs', all.byVerb],
    ['targets', all.byTarget],
    ['types', all.byType],
    ['attributes', all.byAttribute],
    ['facets', all.byFacet],
  ];
  for (const [name, values] of dimensions) if (Object.keys(values).length > 0) table.push([name, listed(values)]);
  const head = `${kind} ${plan.id} of ${plan.sourceName}: ${number(all.total)} changes, made ${plan.createdAt}, expires ${plan.expiresAt}`;
  return all.total === 0 ? head : `${head}\n${table.toString()}`;
}

function listed(values: Record<string, number>): string {
  const sorted = Object.entries(values).sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, MOST).map(([name, count]) => `${name} ${number(count)}`);
  const rest = sorted.length - shown.length;
  return rest > 0 ? `${shown.join(', ')}, and ${rest} more` : shown.join(', ');
}

/** Changes grouped by verb, one line for each attribute: before → after. */
export function printChanges(changes: readonly RemoteChange[]): string {
  const verbs = [...new Set(changes.map((change) => change.verb))];
  return verbs
    .map((verb) =>
      groupOf(
        verb,
        changes.filter((change) => change.verb === verb),
      ),
    )
    .join('\n\n');
}

function groupOf(verb: string, changes: readonly RemoteChange[]): string {
  const table = new Table({
    head: ['id', 'entity', 'target', 'state', 'attribute', 'before → after', 'look twice'],
    style: STYLE,
  });
  for (const change of changes) {
    const about = [change.id, `${change.type} ${change.sourceKey}`, change.targetName, stateOf(change)];
    const lines = change.attributes ?? [];
    const first = lines[0];
    table.push([...about, first?.name ?? '', first === undefined ? '' : movement(first), change.risks.join(' ')]);
    for (const line of lines.slice(1)) table.push(['', '', '', '', line.name, movement(line), '']);
  }
  return `${verb} (${number(changes.length)})\n${table.toString()}`;
}

function stateOf({ state, reason }: RemoteChange): string {
  return reason === null ? state : `${state}: ${reason}`;
}

/** Before → after, safe to be shown on a terminal. */
export function movement({ before, after }: { readonly before?: unknown; readonly after?: unknown }): string {
  return `${value(before)} → ${value(after)}`;
}

function value(given: unknown): string {
  if (given === undefined || given === null) return '–';
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  // A terminal must not be steered by what a directory holds.
  const safe = text.replaceAll(/\p{Cc}/gu, ' ');
  return safe.length > MAX_VALUE ? `${safe.slice(0, MAX_VALUE - 1)}…` : safe;
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}
