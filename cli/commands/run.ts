import type { Command } from 'commander';
import { acceptanceOf, withAcceptance } from '../plan/accept.js';
import type { AcceptOptions } from '../plan/accept.js';
import { printJob } from '../plan/print-job.js';
import { remoteStatistics } from '../plan/print-simulation.js';
import { call, endOf, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

/** `muster run <system>`: one job, until it is over. */
export function runCommand(): Command {
  return withAcceptance(remoteCommand('run'))
    .description('run a Read job of a source and say what became of it')
    .argument('<system>', 'id or name of the source')
    .option('--resync', 'a Resync, which writes everybody')
    .action(async (system: string, options: RemoteOptions & AcceptOptions & { readonly resync?: true }) => {
      const type = options.resync === true ? 'RESYNC' : 'READ';
      const path = `/systems/${await systemId(options, system)}/jobs`;
      const job = await endOf(options, await call(options, 'POST', path, { type, ...acceptanceOf(options) }));
      const statistics = await call(options, 'GET', `/jobs/${job.id}/statistics`);
      console.log(printJob(job, remoteStatistics.parse(statistics)));
      if (job.status !== 'Success')
        throw new StackError(job.errorMessage ?? `all who failed: GET /api/v1/jobs/${job.id}/results?result=failed`);
    });
}
