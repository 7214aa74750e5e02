import Table from 'cli-table3';
import { movements, safe, wasLine } from './print-values.js';
import type { RemoteChange, RemoteChanges, RemotePlan } from './remote-plan.js';

/** Verbs in the order of what is looked at first: what takes something away. */
export const VERB_ORDER = ['delete', 'disable', 'removeMember', 'create', 'update', 'addMember'] as const;

/** Names of one dimension that are shown; the rest is summed up. */
const MOST = 6;
/** Columns between their edges, none around them: a table that can be read and copied. */
const QUIET = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
const OPEN = { 'bottom-left': '', 'bottom-right': '', left: '', right: '', 'left-mid': '', 'right-mid': '' };
const CHARS = { ...QUIET, ...OPEN, mid: '', 'mid-mid': '', middle: '  ' };
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };

/** Counts first (PLN-5): how many of what, where, and what somebody should look at twice. */
export function printCounts(plan: RemotePlan): string {
  const { counts: all } = plan;
  const kind = plan.kind === 'held' ? 'Held for approval' : 'Plan';
  const made = plan.author === null ? time(plan.createdAt) : `${time(plan.createdAt)} by ${safe(plan.author)}`;
  const until = plan.completedAt === null ? 'its job still runs' : `to be decided until ${time(plan.expiresAt)}`;
  const head = [`${kind} ${plan.id} of ${safe(plan.sourceName)}: ${changesOf(all.total)}`, `made ${made}, ${until}`];
  const dimensions: [string, Record<string, number>][] = [
    ['verbs', inOrder(all.byVerb)],
    ['look twice', all.byRisk],
    ['accounts', all.byMatch],
    ['states', all.byState],
    ['targets', all.byTarget],
    ['types', all.byType],
    ['attributes', all.byAttribute],
    ['facets', all.byFacet],
  ];
  const table = new Table({ style: STYLE, chars: CHARS });
  for (const [name, values] of dimensions)
    if (Object.keys(values).length > 0) table.push([name, listed(values, name === 'verbs')]);
  for (const decision of plan.decisions) table.push(['decided', decided(decision)]);
  return table.length === 0 ? head.join('\n') : `${head.join('\n')}\n\n${trimmed(table)}`;
}

function decided({ decision, by, rule, comment, changes }: RemotePlan['decisions'][number]): string {
  const who = rule === null ? safe(by ?? '–') : `rule ${safe(rule.name)} (version ${rule.version})`;
  const what = decision === 'approve' ? 'approved' : 'rejected';
  return `${who} ${what} ${number(changes)}${comment === '' ? '' : `: ${safe(comment)}`}`;
}

function inOrder(byVerb: Record<string, number>): Record<string, number> {
  return Object.fromEntries(VERB_ORDER.flatMap((verb) => (byVerb[verb] === undefined ? [] : [[verb, byVerb[verb]]])));
}

function listed(values: Record<string, number>, asGiven: boolean): string {
  const entries = Object.entries(values);
  const sorted = asGiven ? entries : entries.sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, MOST).map(([name, count]) => `${safe(name)} ${number(count)}`);
  const rest = sorted.length - shown.length;
  return rest > 0 ? `${shown.join(', ')}, and ${rest} more` : shown.join(', ');
}

/** Some changes of one verb. */
export interface ChangeGroup extends RemoteChanges {
  readonly verb: string;
  /** All changes of the verb in the plan; undefined where a filter leaves some out. */
  readonly total: number | undefined;
}

/** Changes grouped by verb: who, what changes from what to what, and what to look at twice. */
export function printChanges(groups: readonly ChangeGroup[], hint: (group: ChangeGroup) => string): string {
  const shown = groups.filter((group) => group.items.length > 0);
  if (shown.length === 0) return 'No change fits.';
  return shown
    .map((group) => [headOf(group), tableOf(group.items), ...(group.next === null ? [] : [hint(group)])].join('\n'))
    .join('\n\n');
}

function headOf({ verb, items, next, total }: ChangeGroup): string {
  if (total !== undefined && total > items.length) return `${verb}: ${number(items.length)} of ${number(total)}`;
  return `${verb}: ${number(items.length)}${next === null ? '' : ' and more'}`;
}

/** Columns that say the same in every line are left out. */
function tableOf(changes: readonly RemoteChange[]): string {
  const targets = new Set(changes.map((change) => change.targetName));
  const isPlain = changes.every(({ state, reason }) => (state === 'planned' || state === 'held') && reason === null);
  const hasFlags = changes.some((change) => flagsOf(change) !== '');
  const table = new Table({ style: STYLE, chars: CHARS });
  for (const change of changes) {
    const [first = '', ...rest] = linesOf(change);
    const own = [
      `  ${change.id}`,
      `${change.type} ${safe(change.sourceKey)}`,
      ...(targets.size > 1 ? [safe(change.targetName)] : []),
      ...(isPlain ? [] : [stateOf(change)]),
    ];
    table.push([...own, first, ...(hasFlags ? [flagsOf(change)] : [])]);
    for (const line of rest) table.push([...own.map(() => ''), line, ...(hasFlags ? [''] : [])]);
  }
  return trimmed(table);
}

function linesOf(change: RemoteChange): string[] {
  const { attributes = [], match, verb } = change;
  const lines = verb === 'delete' ? [wasLine(attributes)] : attributes.flatMap(movements);
  if (match === null || match.outcome === 'create') return lines;
  if (match.outcome !== 'adopt') return [`${match.outcome}: ${safe(match.note ?? '')}`];
  return [`takes over ${safe(change.targetKey ?? '')}, found by ${match.by.map(safe).join(', ')}`, ...lines];
}

function flagsOf({ risks }: RemoteChange): string {
  return risks.length === 0 ? '' : `! ${risks.join(', ')}`;
}

function stateOf({ state, reason, decidedBy, decidedByRule }: RemoteChange): string {
  if (reason !== null) return `${state}: ${safe(reason)}`;
  if (decidedByRule !== null) return `${state} (rule ${safe(decidedByRule.name)})`;
  return decidedBy === null ? state : `${state} (${safe(decidedBy)})`;
}

/** Without the blanks that fill the last column. */
function trimmed(table: { toString(): string }): string {
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function time(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}

function changesOf(count: number): string {
  return count === 1 ? '1 change' : `${number(count)} changes`;
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}
