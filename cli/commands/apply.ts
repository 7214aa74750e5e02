import type { Command } from 'commander';
import { remotePlan } from '../plan/remote-plan.js';
import { call, endOf, remoteCommand } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

/** `muster apply <plan>`: executes what is approved, and says what became of it. */
export function applyCommand(): Command {
  return remoteCommand('apply')
    .description('execute the approved changes of a plan and nothing else')
    .argument('<plan>', 'id of the plan')
    .option('--hash <hash>', 'hash of the plan as it was reviewed; without it, as it is now')
    .action(async (planId: string, options: RemoteOptions & { readonly hash?: string }) => {
      const plan = remotePlan.parse(await call(options, 'GET', `/plans/${planId}`));
      const started = await call(options, 'POST', `/plans/${planId}/apply`, { hash: options.hash ?? plan.hash ?? '' });
      const job = await endOf(options, started);
      for (const line of job.outcome) console.log(line);
      if (job.status !== 'Success')
        throw new StackError(`${job.status}: ${job.errorMessage ?? 'see the results of the job'}`);
    });
}
