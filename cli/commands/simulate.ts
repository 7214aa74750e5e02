import { Option } from 'commander';
import type { Command } from 'commander';
import { ENTITY_RESULTS } from '../../state/runs/index.js';
import { limitOption } from '../plan/limit.js';
import { printResults, printStatistics, remoteResults, remoteStatistics } from '../plan/print-simulation.js';
import { call, endOf, remoteCommand, systemId } from '../plan/remote.js';
import type { RemoteOptions } from '../plan/remote.js';
import { StackError } from '../stack-error.js';

interface SimulateOptions extends RemoteOptions {
  readonly compare?: true;
  readonly result?: string;
  readonly limit: string;
}

/** `muster simulate <system>`: what a Resync would do; nothing is touched. */
export function simulateCommand(): Command {
  return remoteCommand('simulate')
    .description(
      'read a source and find out what a Resync would do; neither a target nor what the platform knows is touched',
    )
    .argument('<system>', 'id or name of the source')
    .option('--compare', 'ask the targets whom of those to be created they have already')
    .addOption(new Option('--result <result>', 'of the entities show only these').choices(ENTITY_RESULTS))
    .addOption(limitOption('entities shown', 20))
    .action(async (system: string, options: SimulateOptions) => {
      const started = await call(options, 'POST', `/systems/${await systemId(options, system)}/jobs`, {
        type: 'SIMULATE',
        compare: options.compare === true,
      });
      const job = await endOf(options, started);
      const statistics = await call(options, 'GET', `/jobs/${job.id}/statistics`);
      console.log(`Simulation ${job.id}`);
      console.log(printStatistics(remoteStatistics.parse(statistics).items));
      for (const line of job.outcome) console.log(line);
      console.log(await firstResults(options, job.id));
      if (job.status !== 'Success')
        throw new StackError(`${job.status}: ${job.errorMessage ?? 'see the results of the job'}`);
    });
}

async function firstResults(options: SimulateOptions, jobId: string): Promise<string> {
  const query = new URLSearchParams({ values: 'true', limit: options.limit });
  if (options.result !== undefined) query.set('result', options.result);
  const answer = await call(options, 'GET', `/jobs/${jobId}/simulation?${query.toString()}`);
  const { items, next } = remoteResults.parse(answer);
  const more = next === null ? '' : `\nAll of them: GET /api/v1/jobs/${jobId}/simulation/export`;
  return printResults(items) + more;
}
