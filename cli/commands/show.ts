import type { Command } from 'commander';
import { collectFilter } from '../plan/filter.js';
import type { Filter } from '../plan/filter.js';
import { printChanges, printCounts, remoteChanges, remotePlan } from '../plan/print-plan.js';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';

/** `muster show <plan>`: counts, then changes with before and after. */
export function showCommand(): Command {
  return remoteCommand('show')
    .description('show a plan: counts first, then changes grouped by verb')
    .argument('<plan>', 'id of the plan')
    .option('--filter <name=value>', 'for example verb=delete or facet=Sales; may be repeated', collectFilter, {})
    .option('--limit <n>', 'changes shown', '20')
    .option('--after <id>', 'go on after this change')
    .action(
      async (
        plan: string,
        options: RemoteOptions & { readonly filter: Filter; readonly limit: string; readonly after?: string },
      ) => {
        console.log(printCounts(remotePlan.parse(await call(options, 'GET', `/plans/${plan}`))));
        const query = new URLSearchParams({ ...options.filter, values: 'true', limit: options.limit });
        if (options.after !== undefined) query.set('after', options.after);
        const page = remoteChanges.parse(await call(options, 'GET', `/plans/${plan}/changes?${query.toString()}`));
        console.log(`\n${printChanges(page.items)}`);
        if (page.next !== null) console.log(`\nMore: --after ${page.next}`);
      },
    );
}
