import type { Command } from 'commander';
import { acceptanceOf, withAcceptance } from '../plan/accept.js';
import type { AcceptOptions } from '../plan/accept.js';
import { printCounts } from '../plan/print-plan.js';
import { remotePlan } from '../plan/remote-plan.js';
import { call, endOf, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface PlanOptions extends RemoteOptions, AcceptOptions {
  readonly resync?: true;
  readonly match?: boolean;
}

/** `muster plan <system>`: what the next job would do. */
export function planCommand(): Command {
  return withAcceptance(remoteCommand('plan'))
    .description('read a source and store what its job would change; nothing is sent to any target')
    .argument('<system>', 'id or name of the source')
    .option('--resync', 'plan a Resync, which writes everybody')
    .option('--match', 'look for accounts that exist before anybody is planned to be created (match report)')
    .option('--no-match', 'do not; without either, in targets where this source has provisioned nobody yet')
    .action(async (system: string, options: PlanOptions) => {
      const type = options.resync === true ? 'RESYNC' : 'READ';
      const started = await call(options, 'POST', `/systems/${await systemId(options, system)}/jobs`, {
        type,
        plan: true,
        ...acceptanceOf(options),
        ...(options.match !== undefined && { match: options.match }),
      });
      const job = await endOf(options, started);
      if (job.planId === null) throw new StackError(`the job ended without a plan: ${job.errorMessage ?? job.status}`);
      console.log(printCounts(remotePlan.parse(await call(options, 'GET', `/plans/${job.planId}`))));
      for (const line of job.outcome) console.log(line);
      if (job.status !== 'Success')
        throw new StackError(`${job.status}: ${job.errorMessage ?? 'see the results of the job'}`);
    });
}
