import type { Command } from 'commander';
import { collectFilter } from '../plan/filter.js';
import type { Filter } from '../plan/filter.js';
import { limitOption } from '../plan/limit.js';
import { printChanges, printCounts, VERB_ORDER } from '../plan/print-plan.js';
import type { ChangeGroup } from '../plan/print-plan.js';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { remoteChanges, remotePlan } from '../plan/remote-plan.js';
import type { RemoteChanges, RemotePlan } from '../plan/remote-plan.js';
import { StackError } from '../stack-error.js';

interface ShowOptions extends RemoteOptions {
  readonly filter: Filter;
  readonly limit: string;
  readonly after?: string;
}

/** `muster show <plan>`: counts, then changes by verb with before and after. */
export function showCommand(): Command {
  return remoteCommand('show')
    .description('show a plan: counts first, then changes grouped by verb, those that take something away first')
    .argument('<plan>', 'id of the plan')
    .option('--filter <name=value>', 'for example verb=delete or facet=Sales; may be repeated', collectFilter, {})
    .addOption(limitOption('changes shown of each verb', 10))
    .option('--after <id>', 'go on after this change; with --filter verb=…')
    .action(async (planId: string, options: ShowOptions) => {
      if (options.after !== undefined && options.filter.verb === undefined)
        throw new StackError('--after goes on within one verb: name it, for example --filter verb=update');
      const plan = remotePlan.parse(await call(options, 'GET', `/plans/${planId}`));
      const groups = await groupsOf(plan, options);
      if (options.after === undefined) console.log(`${printCounts(plan)}\n`);
      console.log(printChanges(groups, (group) => `  … more: ${command(plan, options.filter, group)}`));
    });
}

/** Some changes of each verb that the plan has, or of the one that is asked for. */
async function groupsOf(plan: RemotePlan, options: ShowOptions): Promise<ChangeGroup[]> {
  const wanted = options.filter.verb;
  const verbs = wanted === undefined ? VERB_ORDER.filter((verb) => (plan.counts.byVerb[verb] ?? 0) > 0) : [wanted];
  const isWhole = options.after === undefined && Object.keys(options.filter).every((name) => name === 'verb');
  const groups: ChangeGroup[] = [];
  for (const verb of verbs) {
    const page = await pageOf(plan.id, options, verb);
    groups.push({ ...page, verb, total: isWhole ? plan.counts.byVerb[verb] : undefined });
  }
  return groups;
}

async function pageOf(planId: string, options: ShowOptions, verb: string): Promise<RemoteChanges> {
  const query = new URLSearchParams({ ...options.filter, verb, values: 'true', limit: options.limit });
  if (options.after !== undefined) query.set('after', options.after);
  return remoteChanges.parse(await call(options, 'GET', `/plans/${planId}/changes?${query.toString()}`));
}

function command(plan: RemotePlan, filter: Filter, { verb, next }: ChangeGroup): string {
  const filters = Object.entries({ ...filter, verb }).map(([name, value]) => `--filter ${name}=${value}`);
  return `muster show ${plan.id} ${filters.join(' ')} --after ${next ?? ''}`;
}
