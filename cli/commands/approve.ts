import type { Command } from 'commander';
import { z } from 'zod';
import { collectFilter } from '../plan/filter.js';
import type { Filter } from '../plan/filter.js';
import { call, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface DecisionOptions {
  readonly all?: true;
  readonly filter: Filter;
  readonly id: readonly string[];
  readonly comment: string;
}

/** `muster approve <plan>` and `muster reject <plan>`. */
export function approveCommand(): Command {
  return decisionCommand('approve', 'approve changes of a plan; apply executes them');
}

/** See {@link approveCommand}. */
export function rejectCommand(): Command {
  return decisionCommand('reject', 'reject changes of a plan: they are left alone until the data changes');
}

function decisionCommand(decision: 'approve' | 'reject', description: string): Command {
  return remoteCommand(decision)
    .description(description)
    .argument('<plan>', 'id of the plan')
    .option('--all', 'every change')
    .option('--filter <name=value>', 'for example verb=delete or facet=Sales; may be repeated', collectFilter, {})
    .option('--id <change>', 'this change; may be repeated', (id: string, ids: readonly string[]) => [...ids, id], [])
    .option('--comment <text>', 'why', '')
    .action(async (plan: string, options: RemoteOptions & DecisionOptions) => {
      const answer = await call(options, 'POST', `/plans/${plan}/${decision}`, bodyOf(options));
      console.log(told(decision, result.parse(answer)));
    });
}

/** What was chosen, as the API wants it. Throws StackError unless exactly one way to choose is used. */
export function bodyOf({ all, filter, id, comment }: DecisionOptions): object {
  const ways = [
    ...(all === true ? [{ all }] : []),
    ...(Object.keys(filter).length > 0 ? [{ filter }] : []),
    ...(id.length > 0 ? [{ ids: id }] : []),
  ];
  const [way] = ways;
  if (way === undefined || ways.length > 1)
    throw new StackError('say which changes: exactly one of --all, --filter and --id');
  return { ...way, comment };
}

const result = z.object({
  decided: z.number(),
  waitingForSecond: z.number(),
  ownApproval: z.number(),
  refused: z.record(z.string(), z.number()),
});

function told(decision: string, answer: z.infer<typeof result>): string {
  const parts = [`${answer.decided} ${decision === 'approve' ? 'approved' : 'rejected'}`];
  if (answer.waitingForSecond > 0) parts.push(`${answer.waitingForSecond} wait for a second person`);
  for (const [state, count] of Object.entries(answer.refused)) parts.push(`${count} left: ${state}`);
  return parts.join(', ');
}
